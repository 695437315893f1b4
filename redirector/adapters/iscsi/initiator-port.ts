import type { IscsiTarget } from './targets.js';

/** An initiator port at a target: what SCSI calls one side of a nexus, and what servers know a client by. */
export interface InitiatorPort {
  readonly initiator: string;
  /** The initiator's own part of the session's name. */
  readonly isid: Buffer;
  readonly target: IscsiTarget;
  /** Names initiator, ISID, target and resource: there is one session of each. */
  readonly name: string;
  /** Where what it holds is kept for another redirector; undefined: nowhere. */
  readonly scope: string | undefined;
}

export function initiatorPort(of: Omit<InitiatorPort, 'name'>): InitiatorPort {
  const { initiator, isid, target } = of;
  return { ...of, name: `${initiator} ${isid.toString('hex')} ${target.name} ${target.resource}` };
}

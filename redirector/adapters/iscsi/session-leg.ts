import type { Block } from '../../../core/net/block.js';
import type { Pdu } from '../../../core/iscsi/pdu.js';
import type { ClientLeg } from './client-leg.js';
import type { RejectReason } from './reject.js';
import type { SharedManagements } from './shared-managements.js';

/** What a session has several nexuses in common with. */
export interface RoutedSession {
  readonly client: ClientLeg;
  readonly managements: SharedManagements;
  /** The servers of this one take what the client sends, or no more. */
  nexusTakes(nexus: ClientLeg, isOpen: boolean): void;
  /** Nothing is under way any more in one of them. */
  nexusIdle(): void;
}

/** The client as one nexus of several sees it. Answers to parts of task management functions go no further. */
export abstract class SessionLeg implements ClientLeg {
  protected readonly session: RoutedSession;

  constructor(session: RoutedSession) {
    this.session = session;
  }

  send(head: Buffer, data: readonly Uint8Array[] = [], block?: Block): void {
    if (!this.session.managements.isAnswer(head)) this.answer(head, data, block);
  }

  reject(pdu: Pdu, reason: RejectReason): void {
    if (!this.session.managements.isRejected(pdu)) this.refuse(pdu, reason);
  }

  reinstated(): void {
    this.session.client.reinstated();
  }

  takes(isOpen: boolean): void {
    this.session.nexusTakes(this, isOpen);
  }

  idle(): void {
    this.session.nexusIdle();
  }

  abstract ask(head: Buffer): void;
  abstract breach(): void;
  /** What is made of the data later must not leave their block. */
  protected abstract answer(head: Buffer, data: readonly Uint8Array[], block?: Block): void;
  protected abstract refuse(pdu: Pdu, reason: RejectReason): void;
}

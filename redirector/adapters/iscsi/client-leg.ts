import type { ResourceId } from '../../../core/domain.js';
import type { Block } from '../../../core/net/block.js';
import type { Pdu } from '../../../core/iscsi/pdu.js';
import type { BackSession } from './back-session.js';
import type { LoggedIn } from './logged-in.js';
import type { RejectReason } from './reject.js';
import type { Reserving } from './reserving.js';

/** The client's connection, as what is under way sees it. */
export interface ClientLeg {
  /** The header gets the session's numbers. `block`: in which the data lie; whoever is sent them has it from then on. */
  send(head: Buffer, data?: readonly Uint8Array[], block?: Block): void;
  /** What asks the client for something has no status, and takes no number. */
  ask(head: Buffer): void;
  reject(pdu: Pdu, reason: RejectReason): void;
  /** It does what the protocol forbids: nothing that it says is understood any more. */
  breach(): void;
  /** The same initiator port has logged in anew. */
  reinstated(): void;
  /** It is read while its server takes what it sends. */
  takes(isOpen: boolean): void;
  /** Nothing is under way any more. */
  idle(): void;
}

/** What a client's commands go to: the units of its target. */
export interface ClientUnits {
  /** Commands in the window that have no status. */
  readonly windowed: number;
  readonly isIdle: boolean;
  command(pdu: Pdu): void;
  /** What comes late, for a command that has its status already, is nobody's. */
  dataOut(pdu: Pdu): void;
  manage(pdu: Pdu): void;
  /** The client takes what is sent to it, or no more: then its servers are not read. */
  clientTakes(isOpen: boolean): void;
  /** The client has gone. What a server has not been told it need not do; the rest ends with our sessions there. */
  end(): void;
}

/** The session of which a command is. */
export interface TaskOwner {
  readonly resource: ResourceId;
  readonly who: LoggedIn;
  readonly client: ClientLeg;
  readonly reserving: Reserving;
  /** Undefined: its address is not known. */
  back(server: number): BackSession | undefined;
  /** Whether so much more that is written may be kept until its status. */
  keep(bytes: number): boolean;
  unkeep(bytes: number): void;
}

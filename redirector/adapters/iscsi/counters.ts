import type { EntryRefusal } from '../entry.js';
import type { TurnedAway } from '../fronts.js';
import type { ProofFaultReason } from './server-proof.js';

/** Why a login was refused. */
export type LoginRefusal =
  | 'protocol'
  | 'version'
  | 'missingKey'
  | 'authentication'
  | 'tooManyTries'
  | 'notAllowed'
  | 'noTarget'
  | 'noSession'
  | 'stopping';

/** What became of commands that no server has answered, or of PDUs that no server was told of. */
export type IscsiRefusal =
  | EntryRefusal
  | 'outOfWindow'
  | 'rejected'
  | 'lostAmbiguous'
  | 'serverRejected'
  | 'otherUnit'
  | 'partsDiffer'
  | 'reservation';

/** Why a client's connection was not taken, or ended by us. */
export type IscsiCut =
  TurnedAway | 'loginLate' | 'loginRefused' | 'protocol' | 'idle' | 'reinstated' | 'stopping';

/** What happened at an iSCSI adapter since it started; numbers only grow, but for the first four. */
export class IscsiCounters {
  connections = 0;
  /** Without a status yet: waiting, or at a server. */
  commands = 0;
  /** Written, and kept until their status. */
  keptBytes = 0;
  /** Of commands for composites, under way. */
  compositeBytes = 0;
  /** Connections ever taken. */
  accepted = 0;
  openingsFailed = 0;
  /** Logins that came to their end. */
  sessions = 0;
  /** The same of our own at servers. */
  serverSessions = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Commands that a server has answered. */
  answered = 0;
  /** Commands that were sent again, since the answer of the first was lost. */
  repeated = 0;
  /** Servers that asked us to log out. */
  logoutsAsked = 0;
  readonly logins = new Map<LoginRefusal, number>();
  /** Logins of our own that came to nothing since server and we did not believe each other. */
  readonly serverLogins = new Map<ProofFaultReason, number>();
  readonly refused = new Map<IscsiRefusal, number>();
  readonly cut = new Map<IscsiCut, number>();

  loginRefusedFor(name: LoginRefusal): void {
    this.logins.set(name, (this.logins.get(name) ?? 0) + 1);
  }

  serverLoginRefusedFor(name: ProofFaultReason): void {
    this.serverLogins.set(name, (this.serverLogins.get(name) ?? 0) + 1);
  }

  refusedFor(name: IscsiRefusal): void {
    this.refused.set(name, (this.refused.get(name) ?? 0) + 1);
  }

  cutFor(name: IscsiCut): void {
    this.cut.set(name, (this.cut.get(name) ?? 0) + 1);
  }
}

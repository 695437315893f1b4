import type { TurnedAway } from '../fronts.js';

/** What became of calls that no server has answered. */
export type NfsRefusal =
  | 'badHandle'
  | 'staleHandle'
  | 'access'
  | 'readOnly'
  | 'crossResource'
  | 'program'
  | 'garbage'
  | 'authentication'
  | 'storeAway'
  | 'serverGarbage'
  | 'unassigned'
  | 'holdFull'
  | 'holdTooLong'
  | 'unreachable'
  | 'leaseOver'
  | 'stopping';

/** Why a client's connection was not taken, or reset. */
export type NfsCut = TurnedAway | 'records' | 'idle' | 'stopping';

/** What happened at an NFS adapter since it started; numbers only grow, but for `connections` and `calls`. */
export class NfsCounters {
  connections = 0;
  /** Ever taken. */
  accepted = 0;
  openingsFailed = 0;
  /** Under way: waiting, or at a server. */
  calls = 0;
  /** Bytes of these. */
  callBytes = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** By the procedure's name: answered by a server. */
  readonly answered = new Map<string, number>();
  readonly refused = new Map<NfsRefusal, number>();
  readonly cut = new Map<NfsCut, number>();
  /** Sent again, since the answer of the first was lost. */
  repeated = 0;
  /** Asked again by a client that had not heard the answer, and told it. */
  answeredAgain = 0;
  /** Of those that were repeated: the server said that it was done already, and it was. */
  confirmed = 0;

  answeredTo(name: string): void {
    this.answered.set(name, (this.answered.get(name) ?? 0) + 1);
  }

  refusedFor(name: NfsRefusal): void {
    this.refused.set(name, (this.refused.get(name) ?? 0) + 1);
  }

  cutFor(name: NfsCut): void {
    this.cut.set(name, (this.cut.get(name) ?? 0) + 1);
  }
}

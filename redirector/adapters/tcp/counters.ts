import type { TurnedAway } from '../fronts.js';

/** Why a client's connection was reset before a byte of it went to a server. */
export type TcpRefusal =
  | TurnedAway
  | 'noResource'
  | 'helloInvalid'
  | 'helloLate'
  | 'unassigned'
  | 'holdFull'
  | 'holdTooLong'
  | 'unreachable'
  | 'leaseOver'
  | 'serverFull'
  | 'stopping';

/** Why a connection was reset after it had led to a server. */
export type TcpCut = 'serverLost' | 'move' | 'leaseOver' | 'idle' | 'life' | 'stopping';

/** What happened at a TCP adapter since it started; numbers only grow, but for `connections`. */
export class TcpCounters {
  connections = 0;
  /** Came, and got no further than a TLS handshake or a proxy's header. */
  openingsFailed = 0;
  /** Ever taken. */
  accepted = 0;
  /** From clients to servers, and back. */
  bytesIn = 0;
  bytesOut = 0;
  readonly refused = new Map<TcpRefusal, number>();
  readonly cut = new Map<TcpCut, number>();
  /** Left at the former server of a resource that moved. */
  pinned = 0;
  clientsGone = 0;

  refusedFor(name: TcpRefusal): void {
    this.refused.set(name, (this.refused.get(name) ?? 0) + 1);
  }

  cutFor(name: TcpCut): void {
    this.cut.set(name, (this.cut.get(name) ?? 0) + 1);
  }
}

/** What was counted, by one adapter or several. */
export type TcpCounts = Omit<TcpCounters, 'refusedFor' | 'cutFor'>;

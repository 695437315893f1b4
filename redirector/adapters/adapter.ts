import type { Address, ResourceId } from '../../core/domain.js';
import type { Generation } from '../../core/generation.js';
import type { Startable } from '../../core/lifecycle.js';
import type { SharedListener } from '../../core/net/shared-listeners.js';
import type { SwitchMove } from '../data-plane.js';
import type { KeptSession } from '../sessions/session-book.js';
import type { Obstacle } from '../../core/table-store/records/switch.js';

/**
 * What serves one protocol: it listens, asks the gate for each piece of work, and carries work over when a
 * resource moves. The gate holds; the adapter transfers.
 */
export interface ProtocolAdapter extends Startable {
  readonly protocol: string;
  /** Where it really listens, in the order of its listeners. */
  readonly addresses: readonly Address[];
  /** What other threads need to listen there too; undefined: they cannot. */
  readonly shared?: readonly SharedListener[];
  /** It will stop: takes everything as before, and tells its clients to look elsewhere as soon as that costs them nothing. */
  leave(): void;
  /** Takes nothing more, and ends what is under way; what is left after `graceMs` is cut. */
  stop(graceMs?: number): Promise<void>;
  /** True: work for the resource reaches its server past the fence `request`, which compares what HTTP carries. */
  bypassesFence?(resource: ResourceId): boolean;
  /** One move of an open switch, seen by this protocol. */
  transfer(move: SwitchMove): Transfer;
  /**
   * The connections of clients to this IP end, since it goes to another redirector. `finish`: the next answer on each
   * is its last; new ones too. `close`: and those between two requests are closed. Resolves when there are none, at the
   * latest when the signal aborts: then what `close` left is cut.
   */
  vacate(ip: string, how: VacateHow, signal: AbortSignal): Promise<void>;
  /**
   * Goes on with sessions that another redirector, or a former life of this one, kept in this scope; its clients come
   * next. A protocol without sessions has no such method.
   */
  adopt?(scope: string, sessions: readonly KeptSession[]): Promise<void>;
  /** Another redirector goes on with the sessions of this scope: nothing of them stays here. */
  relinquish?(scope: string): void;
}

export type VacateHow = 'finish' | 'close';

/** The way of one resource from server to server. Calls come in this order; `undo` at any time before `finish`. */
export interface Transfer {
  /** What is under way and will not end by itself soon. */
  obstacles(): Obstacle[];
  /**
   * The gate holds. Resolves when no work of this protocol runs for the resource. When the signal aborts
   * (the deadline) the resource's drain policy decides: what could not be ended is returned.
   */
  drain(signal: AbortSignal): Promise<readonly Obstacle[]>;
  /** The source is lost: ends what is under way there, each piece with a truthful answer. Instead of `drain`. */
  abandon(): void;
  /** Opens what is needed at the target, which owns the resource since then. Undefined, or why it cannot. */
  attach(since: Generation, signal: AbortSignal): Promise<string | undefined>;
  /** Committed: forget the source. */
  finish(): void;
  /** The resource stays at its source: forget the target. */
  undo(): void;
}

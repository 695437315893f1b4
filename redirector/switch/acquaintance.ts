import type { Clock } from '../../core/clock/port.js';
import type { ServerId } from '../../core/domain.js';
import { compareGenerations } from '../../core/generation.js';
import type { Log } from '../../core/log.js';
import { SERVER } from '../../core/table-store/records/server.js';
import { COPY } from '../../core/table-store/records/table.js';
import { SWITCH } from '../../core/table-store/records/switch.js';
import type { TableView } from '../../core/table-store/view.js';
import type { Agents, Members } from './peers.js';
import type { Reconciler } from './reconciler.js';

export interface AcquaintanceParts {
  readonly view: TableView;
  readonly clock: Clock;
  readonly log: Log;
  readonly membership: Members;
  readonly agents: Agents;
  readonly reconciler: Reconciler;
  /** When a server's agent last answered this process (monotonic). */
  readonly answeredAtMs: (server: ServerId) => number;
  readonly isStillLost: (server: ServerId) => boolean;
}

/** A store and an incarnation, as this process sees them. */
interface Era {
  readonly storeId: string;
  readonly incarnation: number;
  /** Monotonic, as the other. */
  readonly beganAtMs: number;
  /** Leases that the store forgot may last until then. */
  readonly quietUntilMs: number;
}

/**
 * Asks before the coordinator acts. Where a process begins, the store is another, or the incarnation grew, the
 * table may be older than what the agents own, and the members fewer than those who believe in their leases:
 * agents are heard first, what they own counts, and old leases run out.
 */
export class Acquaintance {
  readonly #parts: AcquaintanceParts;
  #era: Era | undefined;
  /** Since when somebody offers to put back more than the store has (monotonic). */
  #offeredAtMs: number | undefined;
  #isMade = false;
  /** When this process first saw the store (monotonic). */
  #startedAtMs: number | undefined;
  #hasVouched = false;
  #isContestSaid = false;

  constructor(parts: AcquaintanceParts) {
    this.#parts = parts;
  }

  /** To be called with each look at the store, also by those who do not coordinate. */
  note(): void {
    const { view, clock, membership } = this.#parts;
    const { storeId } = view;
    const { incarnation } = view.reserved;
    if (this.#era?.storeId === storeId && this.#era.incarnation === incarnation) return;
    const beganAtMs = clock.monotonicMs();
    this.#startedAtMs ??= beganAtMs;
    const isFirst = this.#era === undefined;
    const quietUntilMs = isFirst ? beganAtMs : beganAtMs + membership.leaseMaxMs;
    this.#era = { storeId, incarnation, beganAtMs, quietUntilMs };
    this.#isMade = false;
  }

  /** Every server's agent has answered in this era, or is lost as of now. */
  hasHeardAll(): boolean {
    const { view, agents, answeredAtMs, isStillLost } = this.#parts;
    const beganAtMs = this.#era?.beganAtMs ?? Infinity;
    return [...view.all(SERVER).keys()].every(
      (server) =>
        !agents.hasAgent(server) || answeredAtMs(server) >= beganAtMs || isStillLost(server),
    );
  }

  /**
   * The table may be vouched for before agents: their leases renewed, and what they own confirmed. A process that has just
   * begun knows it from the store alone, which may be older than what it was: others that began anew from the same store would
   * agree, and so would a server that comes back and has not heard what it lost meanwhile. So all agents are heard first, no
   * longer than a lease, and none of those that were heard says otherwise.
   */
  mayVouch(): boolean {
    if (this.#isOffered()) return false;
    if (this.#hasVouched) return true;
    if (this.#startedAtMs === undefined) return false;
    const { clock, membership, reconciler, log } = this.#parts;
    const isLong = clock.monotonicMs() >= this.#startedAtMs + membership.leaseMaxMs;
    const isUncontested = reconciler.isUncontested();
    this.#hasVouched = (isLong || this.hasHeardAll()) && isUncontested;
    if (isLong && !isUncontested && !this.#isContestSaid) {
      this.#isContestSaid = true;
      log.error({}, 'agents own other than the table says: no serving lease is renewed from here');
    }
    return this.#hasVouched;
  }

  /** Members may live whom the store has forgotten, or whose latest renewal it has: no majority is known. Ends within a lease. */
  mayMissMembers(): boolean {
    return this.#isOffered() || this.#isQuiet();
  }

  /** True: the coordinator may act. An open switch of this incarnation goes on as it is. */
  async isMade(): Promise<boolean> {
    const { view, reconciler } = this.#parts;
    if (this.#isOffered()) return false;
    if (!this.#isMade && !this.hasHeardAll()) return false;
    // Also later: a server that was lost may know more than everybody else.
    if (await reconciler.catchUp()) return false;
    if (this.#isMade) return true;
    const { beganAtMs = 0 } = this.#era ?? {};
    const isOpen = view.get(SWITCH, 'open') !== undefined;
    if (!isOpen && !(await reconciler.isAgreed(beganAtMs))) return false;
    this.#isMade = !this.#isQuiet();
    return this.#isMade;
  }

  /** Leases that the store forgot may still last. */
  #isQuiet(): boolean {
    return this.#parts.clock.monotonicMs() < (this.#era?.quietUntilMs ?? 0);
  }

  /**
   * Somebody knows of generations that the store forgot: they must not be handed out again, and what was done under them is
   * about to be put back. Whoever has not done it after so long is gone, and its word alone counts (`catchUp`).
   */
  #isOffered(): boolean {
    const { view, clock, membership } = this.#parts;
    const nowMs = clock.monotonicMs();
    const isNewer = [...view.all(COPY).values()].some(({ value: { reserved, generation } }) => {
      // A commit reserves nothing: that it was forgotten shows in the generation alone.
      const isCommitForgotten =
        generation !== undefined && compareGenerations(generation, view.table.generation) > 0;
      return isCommitForgotten || compareGenerations(reserved, view.reserved) > 0;
    });
    if (isNewer) this.#offeredAtMs ??= nowMs;
    else this.#offeredAtMs = undefined;
    return this.#offeredAtMs !== undefined && nowMs < this.#offeredAtMs + membership.leaseMaxMs;
  }

  /** Made, and nothing new since. */
  get wasMade(): boolean {
    return this.#isMade;
  }
}

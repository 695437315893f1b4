import type { LeaseAnswer } from '../../core/agent-protocol.js';
import type { Clock } from '../../core/clock/port.js';
import type { MemberId } from '../../core/domain.js';
import { memberId } from '../../core/domain.js';
import { fail } from '../../core/errors.js';
import { NO_GENERATION } from '../../core/generation.js';
import type { Rng } from '../../core/rng.js';
import { gaussian } from '../../core/rng.js';
import type { Obstacle } from '../../core/table-store/records/switch.js';
import type { ParticipantParts } from '../../redirector/switch/participant.js';
import type { Agents, Members } from '../../redirector/switch/peers.js';

/* Who takes part in a replayed switch beside its real coordinator and participant: nothing but their times. */

type DataPlane = ParticipantParts['dataPlane'];

/** Work under way ends after a time that is log-normal about the median; one in six takes 1.8 times as long or more. */
const DRAIN_SPREAD = 0.6;

/** The one redirector there is: always alive, in its only life. */
export class LoneMember implements Members {
  readonly self: MemberId = memberId('replay');
  readonly boot = 'replay';
  readonly isUsurped = false;
  /** Nobody else's lease is ever waited for. */
  readonly leaseMaxMs = 0;

  isLive(): boolean {
    return true;
  }

  isOver(member: MemberId, boot: string): boolean {
    return member !== this.self || boot !== this.boot;
  }

  isLongOver(member: MemberId, boot: string): boolean {
    return this.isOver(member, boot);
  }

  liveMembers(): MemberId[] {
    return [this.self];
  }

  deadMembers(): MemberId[] {
    return [];
  }

  report(): void {
    // There is nobody to tell.
  }
}

/** An agent beside every server that releases and takes whatever it is asked to, after a time. */
export class PromptAgents implements Agents {
  readonly #clock: Clock;
  readonly #takeMs: number;

  constructor(clock: Clock, { takeMs }: { readonly takeMs: number }) {
    this.#clock = clock;
    this.#takeMs = takeMs;
  }

  hasAgent(): boolean {
    return true;
  }

  async release(): Promise<{ readonly kind: 'done' }> {
    await this.#clock.sleep(this.#takeMs);
    return { kind: 'done' };
  }

  async take(): Promise<{ readonly kind: 'done' }> {
    await this.#clock.sleep(this.#takeMs);
    return { kind: 'done' };
  }

  /** To a health check; what it owns is always what the table gives it. */
  answer(digest: number): LeaseAnswer {
    const stamp = this.#clock.monotonicMs();
    return { boot: 'replay', serving: true, highest: NO_GENERATION, digest, stamp };
  }

  /** Asked only where an agent's answer differs from the table, and none ever does. */
  owned: Agents['owned'] = (server) => fail('ERR_AGENT_ABSENT', { server });

  moved(): Promise<void> {
    return Promise.resolve();
  }
}

export interface SwitchTimes {
  readonly drainMs: number;
  readonly takeMs: number;
  /** A batch that has not drained by then is left out, as by a real redirector. */
  readonly drainTimeoutMs: number;
}

/** A data plane in which requests of some length are always under way, and are held from hold to resume. */
export class BusyDataPlane implements DataPlane {
  readonly outlivesUs = false;
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #times: SwitchTimes;
  #heldAtMs: number | undefined;

  constructor(parts: { readonly clock: Clock; readonly rng: Rng }, times: SwitchTimes) {
    this.#clock = parts.clock;
    this.#rng = parts.rng;
    this.#times = times;
  }

  prepare: DataPlane['prepare'] = () => Promise.resolve([]);

  hold: DataPlane['hold'] = () => {
    this.#heldAtMs ??= this.#clock.monotonicMs();
    return Promise.resolve();
  };

  drain: DataPlane['drain'] = async ({ moves }, signal) => {
    const { drainTimeoutMs } = this.#times;
    const drained = moves.map(({ resource }) => ({ resource, ms: this.#drainMs() }));
    const lastMs = Math.max(...drained.map(({ ms }) => ms));
    await this.#clock.sleep(Math.min(lastMs, drainTimeoutMs), signal).catch(() => undefined);
    return drained.flatMap(({ resource, ms }): Obstacle[] =>
      ms > drainTimeoutMs
        ? [{ resource, what: 'work that does not end', ageMs: drainTimeoutMs }]
        : [],
    );
  };

  attach: DataPlane['attach'] = async (_batch, signal) => {
    await this.#clock.sleep(this.#times.takeMs, signal).catch(() => undefined);
    return [];
  };

  apply(): void {
    // Who serves what is read from the table.
  }

  resume: DataPlane['resume'] = () => {
    const sinceMs = this.#heldAtMs;
    this.#heldAtMs = undefined;
    const holdMs = sinceMs === undefined ? 0 : this.#clock.monotonicMs() - sinceMs;
    return { holdMs, heldRequests: 0, failedRequests: 0 };
  };

  counters(): [] {
    return [];
  }

  #drainMs(): number {
    return Math.round(this.#times.drainMs * Math.exp(DRAIN_SPREAD * gaussian(this.#rng)));
  }
}

import type { SimulatedClock } from '../../core/clock/simulated.js';
import { fail } from '../../core/errors.js';
import { SILENT_LOG } from '../../core/log.js';
import { SeededRng, seedFor } from '../../core/rng.js';
import type { TableStore } from '../../core/table-store/port.js';
import { PLAN } from '../../core/table-store/records/plan.js';
import { SWITCH } from '../../core/table-store/records/switch.js';
import type { TableView } from '../../core/table-store/view.js';
import type { CoordinatorOptions } from '../../redirector/switch/coordinator.js';
import { Coordinator } from '../../redirector/switch/coordinator.js';
import { Participant } from '../../redirector/switch/participant.js';
import { PLAN_QUEUE_DEFAULTS } from '../../redirector/switch/plan-queue.js';
import { SWITCH_LIMITS } from '../../redirector/switch/protocol.js';
import { BusyDataPlane, LoneMember, PromptAgents } from './stand-ins.js';

export interface SwitchingParts {
  readonly store: TableStore;
  readonly view: TableView;
  readonly clock: SimulatedClock;
}

export interface SwitchingOptions {
  readonly seed: number;
  readonly drainMs: number;
  readonly takeMs: number;
}

const COORDINATOR_OPTIONS: CoordinatorOptions = {
  tickMs: 200,
  standbyAfterMs: 200,
  placeAfterMs: 0,
  limits: SWITCH_LIMITS,
  queue: PLAN_QUEUE_DEFAULTS,
  failover: { batchMovesMax: 8, planLifeMs: 60_000 },
  lostServers: {
    servingLeaseMs: 3000,
    servingMarginMs: 1000,
    fenceHook: undefined,
    fenceHookTimeoutMs: 1000,
  },
};

/**
 * Carries approved plans out in simulated time: the real coordinator and participant, with stand-ins for what
 * they speak to. They run only while a plan is open, so that the months between cost nothing.
 */
export class Switching {
  readonly #parts: SwitchingParts;
  readonly #coordinator: Coordinator;
  readonly #participant: Participant;
  #run: { readonly over: AbortController; readonly ended: Promise<unknown> } | undefined;

  constructor(parts: SwitchingParts, { seed, drainMs, takeMs }: SwitchingOptions) {
    this.#parts = parts;
    const { clock } = parts;
    const membership = new LoneMember();
    const agents = new PromptAgents(clock, { takeMs });
    const rng = new SeededRng(seedFor(seed, 'drain'));
    const { drainTimeoutMs } = SWITCH_LIMITS;
    const dataPlane = new BusyDataPlane({ clock, rng }, { drainMs, takeMs, drainTimeoutMs });
    const common = { ...parts, log: SILENT_LOG, membership };
    this.#participant = new Participant({ ...common, dataPlane });
    const coordinator: Coordinator = new Coordinator(
      {
        ...common,
        agents,
        net: { call: ({ url }) => fail('ERR_CALL_REFUSED', { url }) },
        lastAnswer: (server) => agents.answer(coordinator.expectedDigest(server)),
        answeredAtMs: () => clock.monotonicMs(),
        policyOf: () => 'availability',
      },
      COORDINATOR_OPTIONS,
    );
    this.#coordinator = coordinator;
  }

  /** Moves time on to `untilMs` (wall clock), switching what is approved. A switch may last beyond. */
  async advance(untilMs: number): Promise<void> {
    const { clock, view } = this.#parts;
    await view.sync();
    while (this.#hasWork() && clock.realtimeMs() < untilMs) {
      this.#run ??= this.#begin();
      const limitMs = clock.monotonicMs() + untilMs - clock.realtimeMs();
      if (!(await clock.step(limitMs))) break;
    }
    if (!this.#hasWork()) await this.#end();
    await clock.advance(Math.max(0, untilMs - clock.realtimeMs()));
  }

  #hasWork(): boolean {
    const { view } = this.#parts;
    if (view.get(SWITCH, 'open') !== undefined) return true;
    const plans = [...view.all(PLAN).values()];
    return plans.some(({ value: { status } }) => status === 'approved' || status === 'applying');
  }

  #begin() {
    const over = new AbortController();
    const { signal } = over;
    const ended = Promise.all([this.#participant.run(signal), this.#coordinator.run(signal)]);
    return { over, ended };
  }

  async #end(): Promise<void> {
    this.#run?.over.abort(new Error('no plan is open'));
    await this.#run?.ended;
    this.#run = undefined;
  }
}

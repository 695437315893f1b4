import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Bus, Job } from '../core/bus/port.js';
import type { Cancel, Clock } from '../core/clock/port.js';
import type { PlanId, ResourceId } from '../core/domain.js';
import { codeOf } from '../core/errors.js';
import { every } from '../core/every.js';
import type { Json } from '../core/json.js';
import type { Startable } from '../core/lifecycle.js';
import type { Log } from '../core/log.js';
import { TRIGGER_KINDS } from '../core/plan.js';
import type { Eligibility } from '../core/table-store/eligibility.js';
import type { PlanRecord } from '../core/table-store/records/plan.js';
import { PLAN } from '../core/table-store/records/plan.js';
import { ELIGIBLE, PIN, SERVER } from '../core/table-store/records/server.js';
import { stateOf } from '../core/table-store/server-state.js';
import type { TableView } from '../core/table-store/view.js';
import type { Rebalance } from './rebalance.js';
import { rebalanceTrigger } from './rebalance.js';
import type { Round } from './round.js';
import type { FleetFacts, Trigger } from './triggers.js';
import { eventTrigger } from './triggers.js';

export interface ForecasterParts {
  readonly round: Round;
  readonly bus: Bus;
  readonly view: TableView;
  readonly eligibility: Eligibility;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ForecasterOptions {
  /** Between two rounds by schedule. */
  readonly everyMs: number;
  /** Measured loads are looked at this often for the threshold. */
  readonly watchMs: number;
  /** After a server joined others are waited for so long, so that the first one does not get everything. */
  readonly joinPauseMs: number;
  /** When rounds are to make the servers even; undefined: never. */
  readonly rebalance: Rebalance | undefined;
}

const jobSchema = z.object({ kind: z.enum(TRIGGER_KINDS), detail: z.string().max(400) });

/** News of the table store that come close together are looked at once. */
const NEWS_PAUSE_MS = 50;
/** After a round that failed. */
const RETRY_MS = 2000;

/**
 * Begins rounds: by schedule, at the times that an operator named for making the servers even, when the measured loads differ too much, when something happens to the fleet, and
 * when an operator asks. Rounds are jobs, one at a time; a job is a nudge, and one too many does no harm.
 */
export class Forecaster implements Startable {
  readonly #parts: ForecasterParts;
  #options: ForecasterOptions;
  readonly #stopping = new AbortController();
  /** As it was when the last round began. */
  #answered: FleetFacts | undefined;
  /** How many servers there were at the last look, and when they last became more (monotonic). */
  #servers = 0;
  #joinedAtMs = -Infinity;
  #isOverThreshold = false;
  /** The bus knows the schedule as it is wanted. */
  #isScheduled = false;
  #watching = new AbortController();
  #cancelNews: Cancel | undefined;
  #end: () => void = () => undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: ForecasterParts, options: ForecasterOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** @throws ERR_STORE_UNAVAILABLE, ERR_SCHEDULE_INVALID */
  async start(): Promise<void> {
    const { bus, view } = this.#parts;
    await bus.work('round', (job) => this.#handle(job));
    await this.#schedule();
    // After its schedule: a run that was due while nobody was there is not made up for at another time of the day.
    await bus.work('rebalance', (job) => this.#rebalance(job));
    this.#end = view.onChange(() => {
      this.#soon();
    });
    this.#soon();
    this.#watchAnew();
  }

  /** From now on; a bus that cannot be told is told later. */
  reconfigure(options: Omit<ForecasterOptions, 'joinPauseMs'>): void {
    const before = this.#options;
    this.#options = { ...before, ...options };
    this.#isScheduled &&=
      options.everyMs === before.everyMs && isDeepStrictEqual(options.rebalance, before.rebalance);
    if (options.watchMs !== before.watchMs) this.#watchAnew();
  }

  async stop(): Promise<void> {
    this.#end();
    this.#cancelNews?.();
    this.#stopping.abort(new Error('stopping'));
    await this.#running;
  }

  async #schedule(): Promise<void> {
    const { bus } = this.#parts;
    const options = this.#options;
    const { everyMs, rebalance } = options;
    const detail = `every ${everyMs} ms`;
    const data = jobOf({ kind: 'schedule', detail });
    await bus.schedule('round', { everyMs }, 'round', data);
    if (rebalance === undefined) await bus.unschedule('rebalance');
    else {
      const { cron, timeZone } = rebalance;
      const trigger = rebalanceTrigger(rebalance);
      await bus.schedule('rebalance', { cron, timeZone }, 'rebalance', jobOf(trigger));
    }
    this.#isScheduled = options === this.#options;
  }

  /** Rounds go one at a time: its round waits for the one that is under way. */
  async #rebalance({ data }: Job): Promise<Json> {
    const trigger = jobSchema.parse(data);
    const round = await this.#parts.bus.enqueue('round', jobOf(trigger), { id: trigger.kind });
    return { round };
  }

  /** By the period as it is now. */
  #watchAnew(): void {
    const { clock } = this.#parts;
    const { watchMs: everyMs } = this.#options;
    this.#watching.abort(new Error('another period'));
    this.#watching = new AbortController();
    const signal = AbortSignal.any([this.#stopping.signal, this.#watching.signal]);
    this.#running = this.#running.then(() =>
      every(clock, { everyMs, signal }, () => this.#watch()),
    );
  }

  async #handle(job: Job): Promise<Json> {
    const { round, log } = this.#parts;
    const trigger = jobSchema.parse(job.data);
    const facts = this.#facts();
    // While a fleet starts, the round that its event begins will come soon enough.
    if (trigger.kind === 'schedule' && this.#joinWaitMs(facts) > 0)
      return { plan: null, none: null };
    this.#answered = facts;
    try {
      const { plan, none } = await round.run(trigger, {
        isQuick: trigger.kind === 'event',
        progress: (report) => {
          job.progress(report);
        },
      });
      this.#soon();
      return { plan, none: none?.why ?? null };
    } catch (err) {
      // The facts are as they were: whatever began this round is looked at again with the next news.
      this.#answered = undefined;
      if (codeOf(err) === 'ERR_CONFLICT') log.info({ err }, 'round met another change');
      this.#soon(RETRY_MS);
      throw err;
    }
  }

  /** What happened meanwhile is looked at when the pause, or the round under way, is over. */
  #soon(pauseMs = NEWS_PAUSE_MS): void {
    const { clock } = this.#parts;
    if (this.#stopping.signal.aborted) return;
    this.#cancelNews ??= clock.after(pauseMs, () => {
      this.#cancelNews = undefined;
      this.#look();
    });
  }

  #look(): void {
    const facts = this.#facts();
    const trigger = eventTrigger(this.#answered ?? NO_FACTS, facts);
    if (trigger === undefined) return;
    const waitMs = [...facts.servers.values()].includes('lost') ? 0 : this.#joinWaitMs(facts);
    if (waitMs > 0) this.#soon(waitMs);
    else void this.#enqueue(trigger);
  }

  /** Servers come one after the other when a fleet starts. */
  #joinWaitMs({ servers }: FleetFacts): number {
    const nowMs = this.#parts.clock.monotonicMs();
    if (servers.size > this.#servers) this.#joinedAtMs = nowMs;
    this.#servers = servers.size;
    return this.#joinedAtMs + this.#options.joinPauseMs - nowMs;
  }

  async #watch(): Promise<void> {
    const { round, log } = this.#parts;
    try {
      if (!this.#isScheduled) await this.#schedule();
      const trigger = await round.threshold();
      const isNew = trigger !== undefined && !this.#isOverThreshold;
      this.#isOverThreshold = trigger !== undefined;
      if (isNew) await this.#enqueue(trigger);
    } catch (err) {
      if (codeOf(err) === undefined) throw err;
      log.warn({ err }, 'loads not looked at');
    }
  }

  /** One of a kind waits at most. */
  async #enqueue(trigger: Trigger): Promise<void> {
    const { bus, log } = this.#parts;
    try {
      await bus.enqueue('round', jobOf(trigger), { id: trigger.kind, attemptsMax: 1 });
    } catch (err) {
      if (codeOf(err) === undefined) throw err;
      log.warn({ err }, 'round not queued');
    }
  }

  #facts(): FleetFacts {
    const { view, eligibility } = this.#parts;
    const servers = [...view.all(SERVER).keys()].map((id) => [id, stateOf(view, id)] as const);
    const unassigned = eligibility
      .owned()
      .filter((resource) => view.table.placementOf(resource) === undefined);
    const offPin = [...view.all(PIN)].flatMap(([resource, { value }]) => {
      const server = view.table.placementOf(resource)?.server;
      return server === undefined || server === value.server ? [] : [resource];
    });
    const misplaced = this.#misplaced();
    return { servers: new Map(servers), unassigned, misplaced, offPin, rescues: this.#rescues() };
  }

  #rescues(): PlanId[] {
    return [...this.#parts.view.all(PLAN)].flatMap(([id, { value }]) =>
      value.finishedAtMs !== null && isRescue(value) ? [id] : [],
    );
  }

  #misplaced(): ResourceId[] {
    const { view } = this.#parts;
    const listed = new Map(
      [...view.all(ELIGIBLE)].map(([id, { value }]) => [id, new Set(value.resources)] as const),
    );
    return [...view.table.entries()].flatMap(([resource, { server }]) =>
      listed.get(server)?.has(resource) === true ? [] : [resource],
    );
  }
}

const NO_FACTS: FleetFacts = {
  servers: new Map(),
  unassigned: [],
  misplaced: [],
  offPin: [],
  rescues: [],
};

/** It moved something off a lost server. */
function isRescue({ plan: { batches }, outcomes }: PlanRecord): boolean {
  return outcomes.some(
    ({ batch, result }) =>
      result === 'applied' && batches[batch]?.moves.some(({ reason }) => reason.kind === 'lost'),
  );
}

function jobOf({ kind, detail }: Trigger): Json {
  return { kind, detail };
}

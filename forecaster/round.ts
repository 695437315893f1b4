import type { Progress } from '../core/bus/port.js';
import type { Clock } from '../core/clock/port.js';
import type { Config } from '../core/config/schema.js';
import type { Dimension, Mode, ResourceId, ServerId } from '../core/domain.js';
import { DIMENSIONS } from '../core/domain.js';
import { codeOf } from '../core/errors.js';
import type { ForecastBlock } from '../core/forecast.js';
import { resourcesOnly } from '../core/forecast.js';
import type { ForecastScore } from '../core/forecast-score.js';
import type { Log } from '../core/log.js';
import type { ForecastRun, MetricStore } from '../core/metric-store/port.js';
import { readWholePanel } from '../core/metric-store/whole-panel.js';
import type { Grid } from '../core/panel.js';
import { endMsOf, gridBefore } from '../core/panel.js';
import type { Disproved, NoPlan, RoundResult } from '../core/plan.js';
import type { SeriesKey } from '../core/sample.js';
import { Draft } from '../core/table-store/draft.js';
import type { Eligibility } from '../core/table-store/eligibility.js';
import type { TableStore } from '../core/table-store/port.js';
import type { PlanRecord } from '../core/table-store/records/plan.js';
import { MODE, PAUSE, ROUND } from '../core/table-store/records/plan.js';
import { HEADROOM } from '../core/table-store/records/headroom.js';
import { SERVER } from '../core/table-store/records/server.js';
import { plannerOptions } from '../core/table-store/policy.js';
import { stateOf } from '../core/table-store/server-state.js';
import { tenuresOf } from '../core/table-store/tenures.js';
import type { TableView } from '../core/table-store/view.js';
import { atOnce } from '../core/threads/slices.js';
import type { Analysis, Outlook } from './analysis.js';
import type { Attributor } from './attributor.js';
import { expireProposals, recordRescue, recordResult } from './plan-record.js';
import type { Believed } from './planner/disproof.js';
import { disprovedWords } from './planner/explain-words.js';
import { believedSlices, inputsFromRecords } from './planner/from-records.js';
import type { PlanningInputs, PlanningResult, Restraint } from './planner/inputs.js';
import { hasLost } from './planner/rescue.js';
import { isPlanUnderWay } from './planner/under-way.js';
import type { RecentLoads } from '../core/metric-store/recent.js';
import { overallOf, readRecent, sharesInUse } from '../core/metric-store/recent.js';
import { headroomFrom } from './headroom.js';
import { withServers } from './server-forecast.js';
import { answeredOverloads } from './answered.js';
import { BreachTally, STEPS_KEPT_MAX } from './breach-tally.js';
import { fallBack } from './fall-back.js';
import { plannerOf, proposalLifeMsOf } from './rebalance.js';
import { ScoreTally } from './score-tally.js';
import { recallWhatWasSaid, scoreWhatWasSaid } from './scoring.js';
import type { PredictedBreach, Trigger } from './triggers.js';
import { forecastTrigger, thresholdTrigger } from './triggers.js';

export interface RoundParts {
  readonly store: TableStore;
  readonly view: TableView;
  readonly metricStore: MetricStore;
  readonly eligibility: Eligibility;
  readonly clock: Clock;
  readonly log: Log;
  readonly analysis: Analysis;
  readonly attributor: Attributor;
}

export interface RoundOptions {
  /** Unless an operator set another one. */
  readonly mode: Mode;
  readonly forecast: Config['forecast'];
  readonly planner: Config['planner'];
  readonly triggers: Config['triggers'];
  readonly fallBack: Config['fallBack'];
  readonly seed: number;
}

/** What a round plans by. */
interface Known {
  readonly outlook: Outlook;
  /** When it was forecast. */
  readonly madeAtMs: number;
  readonly recent: RecentLoads;
  readonly believed: Believed;
}

/** What a round does, in this order. */
const PHASES = ['reading', 'forecasting', 'planning', 'recording'] as const;

export interface RoundRunOptions {
  /** Nothing is read or forecast anew if there is a forecast no older than a round: a server was lost, and its resources wait. */
  readonly isQuick?: boolean;
  /** Told what it is about to do. */
  readonly progress?: (report: Progress) => void;
}

/** How far ahead what was said is kept for scoring, as shares of the horizon. */
const LEADS = [1 / 12, 1 / 2, 1] as const;
/** Of the recent loads: what the last value and the base are taken from. */
const RECENT_STEPS = 12;

/**
 * One round: reads what is new, forecasts, plans, and records what is to be done. It keeps only what it has
 * observed; everything that it decides on is read anew, so a round may be repeated, or missed, without harm.
 */
export class Round {
  /** How good its forecasts turned out. */
  readonly tally = new ScoreTally();
  readonly #breaches: BreachTally;
  readonly #parts: RoundParts;
  #options: RoundOptions;
  /** End of the last step that was observed. */
  #observedUntilMs = -Infinity;
  /** What the last round planned by. */
  #known: Known | undefined;
  #lastForecast: ForecastRun | undefined;
  #lastMs: number | undefined;
  /** The metrics whose forecast the last round did not believe. */
  #disproved = '';
  /** The last time, cpu could not be attributed. */
  #isUnattributed = false;

  constructor(parts: RoundParts, options: RoundOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#breaches = new BreachTally(options.fallBack);
  }

  /** Undefined: this process has made none. */
  get lastForecast(): ForecastRun | undefined {
    return this.#lastForecast;
  }

  /** How long the last round took that ended well. */
  get lastMs(): number | undefined {
    return this.#lastMs;
  }

  /** How good its forecasts of the servers turned out within the last time. @param sinceMs what came before is left out */
  score(sinceMs = -Infinity): ForecastScore {
    const score = this.#breaches.score(sinceMs);
    const fromMs = Math.max(sinceMs, this.#parts.clock.realtimeMs() - score.windowMs);
    // A call that a plan answered is seen by what was said, or by the plan's reason: not twice.
    const answered = Math.max(score.answered, answeredOverloads(this.#parts.view, fromMs));
    return { ...score, answered };
  }

  /** From the next round on; the grid of the forecasts stays. */
  reconfigure(options: Omit<RoundOptions, 'seed'>): void {
    this.#options = { ...this.#options, ...options };
    this.#breaches.reconfigure(options.fallBack);
  }

  /**
   * Quick: nothing is read or forecast anew if there is a forecast no older than a round, since a server was lost, and its resources wait.
   * @throws ERR_STORE_UNAVAILABLE, ERR_STORE_AMBIGUOUS, ERR_CONFLICT: nothing was recorded; the next round will
   */
  async run(
    trigger: Trigger,
    { isQuick = false, progress }: RoundRunOptions = {},
  ): Promise<RoundResult> {
    const { view, clock, log, analysis } = this.#parts;
    const startedAtMs = clock.monotonicMs();
    const begin = (phase: (typeof PHASES)[number]): void => {
      const done = PHASES.indexOf(phase);
      progress?.({ phase, done, total: PHASES.length, message: trigger.detail });
    };
    begin('reading');
    await view.sync();
    const rescue = isQuick ? await this.#rescue(trigger) : undefined;
    const round = rescue ?? (await this.#planned(trigger, isQuick, begin));
    const message = round.none === null ? `plan ${round.plan ?? ''}` : `no plan: ${round.none.why}`;
    progress?.({ phase: 'done', done: PHASES.length, total: PHASES.length, message });
    this.#lastMs = clock.monotonicMs() - startedAtMs;
    const ms = Math.round(this.#lastMs);
    const { kind } = round.trigger;
    log.info({ trigger: kind, plan: round.plan, none: round.none?.why, ms }, 'round ended');
    analysis.learn();
    return round;
  }

  /**
   * Gives what a lost server had to others, before anything else is thought of: by what the last round knew, whose
   * loads are those that its forecast begins with. The better plan is another round's, once this one is carried out.
   * Undefined: nothing is lost, or not all of it found a place, or this process knows no load yet.
   */
  async #rescue(trigger: Trigger): Promise<RoundResult | undefined> {
    const known = this.#known;
    if (known === undefined) return undefined;
    const inputs = this.#inputs(known, this.#options.planner);
    if (!hasLost(inputs)) return undefined;
    const { batches, left } = await this.#parts.analysis.rescue(inputs);
    if (batches.length === 0) return undefined;
    const { planLifeMs } = this.#options.planner;
    const record = await recordRescue(batches, trigger, { planLifeMs }, this.#parts);
    if (left.length > 0) return undefined;
    const atMs = this.#parts.clock.realtimeMs();
    const score = this.score();
    const round: RoundResult = {
      atMs,
      trigger,
      plan: record.plan.id,
      none: null,
      score,
      disproved: [...inputs.disproved],
    };
    await this.#transact(new Draft().put(ROUND, 'last', round));
    return round;
  }

  async #planned(
    trigger: Trigger,
    isQuick: boolean,
    begin: (phase: (typeof PHASES)[number]) => void,
  ): Promise<RoundResult> {
    const { clock, analysis } = this.#parts;
    await expireProposals(this.#parts);
    // The step that has begun then follows the last that was measured.
    const readAtMs = clock.realtimeMs();
    const recent = await this.#recent();
    begin('forecasting');
    const { outlook, madeAtMs } = (isQuick ? this.#lastOutlook() : undefined) ?? {
      outlook: await this.#forecast(recent),
      madeAtMs: clock.realtimeMs(),
    };
    const block = resourcesOnly(outlook.block);
    const believed = atOnce(believedSlices(block, recent, readAtMs));
    const known = { outlook, madeAtMs, recent, believed };
    this.#known = known;
    await this.#fallBack();
    begin('planning');
    // A plan that only makes things better waits until the one before it has ended.
    const isBusy = this.#isBusy();
    const inputs = this.#inputs(known, plannerOf(trigger, this.#options));
    this.#sayDisproved(inputs.disproved);
    const result = await analysis.plan(inputs);
    begin('recording');
    const cause = this.#causeOf(trigger, result, recent);
    const record = await this.#record(result, { trigger: cause, isBusy });
    // One that only names other standbys moves nothing: whoever asks hears why nothing is moved.
    const moving = record !== undefined && record.plan.batches.length > 0 ? record : undefined;
    const round: RoundResult = {
      atMs: clock.realtimeMs(),
      trigger: cause,
      plan: moving?.plan.id ?? null,
      none: moving === undefined ? noneOf(result, this.#isBusy()) : null,
      score: this.score(),
      disproved: [...inputs.disproved],
    };
    await this.#write(round, outlook, recent);
    return round;
  }

  /** What the last round forecast. Undefined: it is older than a round, or over, and says too little of what comes. */
  #lastOutlook(): Pick<Known, 'outlook' | 'madeAtMs'> | undefined {
    const known = this.#known;
    if (known === undefined) return undefined;
    const nowMs = this.#parts.clock.realtimeMs();
    // A clock that was set back makes it no younger.
    const ageMs = Math.abs(nowMs - known.madeAtMs);
    const isOver = nowMs >= endMsOf(known.outlook.block.grid);
    return isOver || ageMs > this.#options.forecast.everyMs ? undefined : known;
  }

  /** Once for as long as it is the same metrics. */
  #sayDisproved(disproved: readonly Disproved[]): void {
    const metrics = disproved.map(({ metric }) => metric).join();
    if (metrics !== this.#disproved && metrics !== '') {
      for (const each of disproved) this.#parts.log.warn(each, disprovedWords(each));
    }
    this.#disproved = metrics;
  }

  /** Before it is planned: what this round plans waits for an operator already. */
  #fallBack(): Promise<void> {
    const { mode, fallBack: limits, forecast } = this.#options;
    const parts = { ...this.#parts, scoreSince: (sinceMs: number) => this.score(sinceMs) };
    return fallBack(parts, { mode, limits, stepMs: forecast.stepMs });
  }

  #recent(): Promise<RecentLoads> {
    const { metricStore, view, clock } = this.#parts;
    return readRecent(metricStore, view, {
      nowMs: clock.realtimeMs(),
      stepMs: this.#options.forecast.stepMs,
      steps: RECENT_STEPS,
    });
  }

  async #forecast(recent: RecentLoads): Promise<Outlook> {
    const { metricStore, view, analysis, clock } = this.#parts;
    const isBeginning = this.#observedUntilMs === -Infinity;
    const news = await this.#observe();
    const { block, models, stepsKnown } = await analysis.forecast(await this.#series());
    const servers = [...view.all(SERVER).keys()];
    const whole = withServers(block, {
      table: view.table,
      servers,
      baseOf: (server, dimension) => recent.baseOf(server, dimension),
      capacityOf: (server, dimension) => view.get(SERVER, server)?.value.capacity[dimension],
    });
    const run: ForecastRun = {
      madeAtMs: clock.realtimeMs(),
      models: whole.series.map((_, row) => models[row] ?? 'sum of its resources'),
      block: whole,
      leads: this.#leads(),
      stepsKnown,
    };
    await metricStore.writeForecast(run);
    const { tally } = this;
    const scoring = { metricStore, tenures: tenuresOf(view), tally, breaches: this.#breaches };
    if (news !== undefined) await scoreWhatWasSaid(run, news, scoring);
    else if (isBeginning) await recallWhatWasSaid(run, this.#judged(), scoring);
    this.#lastForecast = run;
    return { block: whole, models: run.models, stepsKnown };
  }

  /** Only what is new: whole steps that are over. Those that follow former ones are returned. */
  async #observe(): Promise<Grid | undefined> {
    const { metricStore, analysis, clock } = this.#parts;
    const { stepMs, historySteps } = this.#options.forecast;
    const all = gridBefore(clock.realtimeMs(), stepMs, historySteps);
    // Our clock was ahead, and was set back: what was observed is of a time that is still to come.
    if (endMsOf(all) < this.#observedUntilMs) this.#observedUntilMs = -Infinity;
    const startMs = Math.max(all.startMs, this.#observedUntilMs);
    const steps = Math.round((endMsOf(all) - startMs) / stepMs);
    if (steps <= 0) return undefined;
    const isFirst = this.#observedUntilMs === -Infinity;
    const grid: Grid = { startMs, stepMs, steps };
    await this.#attribute(grid);
    const panel = await readWholePanel(metricStore, { series: await this.#series(), ...grid });
    try {
      await analysis.observe(panel);
    } catch (error) {
      // Whatever it knew is gone: the next round begins with the history.
      this.#observedUntilMs = -Infinity;
      throw error;
    }
    this.#observedUntilMs = endMsOf(grid);
    return isFirst ? undefined : grid;
  }

  /**
   * A round without what nobody measured is better than none: what could not be attributed is a gap until the next start,
   * which does all of it again. But while the store is away the round would end here or at its next step; then the next
   * one begins with the same steps, and there is no gap.
   * @throws ERR_STORE_UNAVAILABLE
   */
  async #attribute(grid: Grid): Promise<void> {
    const { attributor, view, log } = this.#parts;
    try {
      await attributor.attribute(grid, view);
      if (this.#isUnattributed) log.info({}, 'cpu attributed again');
      this.#isUnattributed = false;
    } catch (err) {
      const code = codeOf(err);
      if (code === undefined || code === 'ERR_STORE_UNAVAILABLE') throw err;
      if (!this.#isUnattributed) log.error({ err }, 'cpu not attributed');
      this.#isUnattributed = true;
    }
  }

  /** The steps that the score is of. */
  #judged(): Grid {
    const { forecast, fallBack } = this.#options;
    const { stepMs } = forecast;
    const steps = Math.min(Math.ceil(fallBack.windowMs / stepMs), STEPS_KEPT_MAX);
    return gridBefore(this.#parts.clock.realtimeMs(), stepMs, steps);
  }

  /** Of resources that are assigned or could be, in the dimensions that some server declares a capacity for. */
  async #series(): Promise<SeriesKey[]> {
    const { metricStore, clock, view, eligibility } = this.#parts;
    const { stepMs, historySteps } = this.#options.forecast;
    const planned = new Set<Dimension>();
    for (const { value } of view.all(SERVER).values()) {
      for (const dimension of DIMENSIONS) {
        if (value.capacity[dimension] !== undefined) planned.add(dimension);
      }
    }
    const known = new Set<ResourceId>(eligibility.owned());
    for (const [resource] of view.table.entries()) known.add(resource);
    const measured = await metricStore.listSeries(clock.realtimeMs() - historySteps * stepMs);
    return measured.filter(
      ({ subject, id, metric }) =>
        subject === 'resource' && known.has(id) && planned.has(metric as Dimension),
    );
  }

  #inputs({ outlook, recent, believed }: Known, planner: Config['planner']): PlanningInputs {
    const { view, eligibility, clock } = this.#parts;
    const { seed, forecast } = this.#options;
    const history = { stepsKnown: outlook.stepsKnown, stepMs: forecast.stepMs };
    return inputsFromRecords({
      view,
      eligibility,
      believed,
      loads: recent,
      nowMs: clock.realtimeMs(),
      options: plannerOptions(planner, view, history),
      seed,
      restraint: this.#restraint(outlook, recent),
    });
  }

  #restraint({ stepsKnown, block }: Outlook, recent: RecentLoads): Restraint | null {
    const { minSteps, silentSteps } = this.#options.forecast;
    if (this.#parts.view.get(PAUSE, 'current') !== undefined) return { why: 'paused' };
    if (stepsKnown < minSteps) return { why: 'learning', steps: stepsKnown, stepsMin: minSteps };
    if (this.#areMostSilent(block, recent)) return { why: 'unmeasured', steps: silentSteps };
    return null;
  }

  /** Of those that have something of which a load is known. What is not measured is not taken for idle. */
  #areMostSilent({ series }: ForecastBlock, recent: RecentLoads): boolean {
    const forecast = new Set<string>(series.map(({ id }) => id));
    const residents = new Map<ServerId, ResourceId[]>();
    for (const [resource, { server }] of this.#parts.view.table.entries()) {
      if (!forecast.has(resource)) continue;
      const known = residents.get(server);
      if (known === undefined) residents.set(server, [resource]);
      else known.push(resource);
    }
    const { silentSteps } = this.#options.forecast;
    const silent = [...residents].filter(([server, resources]) =>
      recent.isSilent(server, resources, silentSteps),
    );
    return 2 * silent.length > residents.size;
  }

  #isBusy(): boolean {
    const { view, clock } = this.#parts;
    return isPlanUnderWay(view, clock.realtimeMs());
  }

  #record(
    result: PlanningResult,
    { trigger, isBusy }: { readonly trigger: Trigger; readonly isBusy: boolean },
  ): Promise<PlanRecord | undefined> {
    const { mode, planner, forecast } = this.#options;
    const options = {
      mode: this.#parts.view.get(MODE, 'current')?.value.mode ?? mode,
      isBusy,
      planLifeMs: planner.planLifeMs,
      proposalLifeMs: proposalLifeMsOf(trigger, this.#options),
      moveAt: plannerOf(trigger, this.#options).moveAt,
      everyMs: forecast.everyMs,
    };
    return recordResult(result, trigger, options, this.#parts);
  }

  /** What the round was good for in the end: what was predicted, else what was measured, else why it was begun. */
  #causeOf(trigger: Trigger, { plan }: PlanningResult, recent: RecentLoads): Trigger {
    if (trigger.kind !== 'schedule' || plan === null) return trigger;
    const breaches = plan.analysis.outlook.flatMap(
      ({ server, nothing, peakAtMs }): PredictedBreach[] =>
        nothing > 1 ? [{ server, utilization: nothing, atMs: peakAtMs }] : [],
    );
    return forecastTrigger(breaches) ?? this.thresholdNow(recent) ?? trigger;
  }

  /** Whether the servers' measured loads differ by more than the threshold. */
  thresholdNow(recent: RecentLoads): Trigger | undefined {
    const { view } = this.#parts;
    const { thresholdRatio: ratio, overallMin } = this.#options.triggers;
    const loads = [...view.all(SERVER)].flatMap(([server, { value }]) => {
      if (stateOf(view, server) !== 'ready' || value.spare) return [];
      return [{ server, overall: overallOf(sharesInUse(recent, server, value.capacity)) ?? NaN }];
    });
    return thresholdTrigger(loads, { ratio, overallMin });
  }

  /** Looks at the measured loads alone, between two rounds. @throws ERR_STORE_UNAVAILABLE */
  async threshold(): Promise<Trigger | undefined> {
    return this.thresholdNow(await this.#recent());
  }

  async #write(round: RoundResult, { block }: Outlook, loads: RecentLoads): Promise<void> {
    const { view } = this.#parts;
    const known = [...view.all(SERVER)].map(([id, { value }]) => [id, value] as const);
    const facts = { forecast: block, servers: known, loads, madeAtMs: round.atMs };
    const headroom = headroomFrom(facts);
    await this.#transact(new Draft().put(ROUND, 'last', round).put(HEADROOM, 'forecast', headroom));
  }

  async #transact({ transaction }: Draft): Promise<void> {
    const { store, view } = this.#parts;
    await store.transact(transaction);
    await view.sync();
  }

  #leads(): number[] {
    const { horizonSteps } = this.#options.forecast;
    return [...new Set(LEADS.map((share) => Math.max(1, Math.round(share * horizonSteps))))];
  }
}

/** Why nothing was recorded, also of a plan that there is. */
function noneOf({ none }: PlanningResult, isBusy: boolean): NoPlan {
  if (none !== null) return none;
  return {
    why: isBusy ? 'busy' : 'observing',
    blockers: [],
    score: null,
    gain: null,
    gainMin: null,
    steps: null,
    stepsMin: null,
  };
}

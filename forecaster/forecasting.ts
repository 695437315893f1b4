import { strict as assert } from 'node:assert';
import type { ForecastBlock } from '../core/forecast.js';
import { assertSound, forecastBlock, QUANTILES } from '../core/forecast.js';
import type { Panel } from '../core/panel.js';
import { rowOf } from '../core/panel.js';
import { seedFor } from '../core/rng.js';
import type { SeriesKey } from '../core/sample.js';
import { formatSeries } from '../core/sample.js';
import { Blend } from '../models/blend.js';
import type { BlendState } from '../models/blend-state.js';
import { commonLoadings } from '../models/factors.js';
import { lineup } from '../models/lineup.js';
import type { Predictor } from '../models/neural/neural.js';
import { Neural } from '../models/neural/neural.js';
import type { SavedForecasting } from './forecasting-bytes.js';
import { decodeForecasting, encodeForecasting } from './forecasting-bytes.js';
import type { KnownSeries } from './known-series.js';
import { BLOCK_SERIES, SeriesDirectory } from './known-series.js';

export interface ForecastingOptions {
  readonly stepMs: number;
  readonly horizonSteps: number;
  /** Lengths of the seasons that a load may have; default the hour, the day, the week. */
  readonly seasonsMs?: readonly number[];
  /** Samples that are kept of a series; default 2,016: a week of five minutes. */
  readonly historySteps?: number;
  /** Ascending, 0.5 among them; default `QUANTILES`. */
  readonly quantiles?: readonly number[];
  /** A series is learnt anew about so often, a young one sooner; default 24 steps. */
  readonly refitSteps?: number;
  /** Spreads the refits of the series over time. */
  readonly seed: number;
}

const HOUR_MS = 3_600_000;
const DEFAULTS = {
  seasonsMs: [HOUR_MS, 24 * HOUR_MS, 168 * HOUR_MS],
  historySteps: 2016,
  quantiles: QUANTILES,
  refitSteps: 24,
} as const;

/** With fewer samples there is nothing to learn from. */
const FIT_KNOWN_MIN = 3;
/** Loadings are found anew once so large a part of the series was learnt anew. */
const LOADINGS_SHARE = 1 / 8;
/** A history that grew by this factor since it was learnt from is another one. */
const GROWTH = 1.25;

/**
 * The forecasts of many series, kept up to date: what is observed is added to what is known (microseconds a
 * sample); models learn anew when they are due, at the next forecast. Deterministic in its options and calls; no
 * clock, no I/O.
 */
export class Forecasting {
  readonly #options: Required<ForecastingOptions>;
  readonly #blend: Blend;
  readonly #neural: Neural;
  readonly #directory: SeriesDirectory;
  /** Number of the step after the last one observed; undefined: nothing yet. */
  #endStep: number | undefined;
  #learntSinceLoadings = 0;
  /** Of which models are to learn anew, the first last; undefined: something was observed since they were looked for. */
  #due: KnownSeries[] | undefined;

  constructor(options: ForecastingOptions) {
    this.#options = { ...DEFAULTS, ...options };
    const { stepMs, seasonsMs, horizonSteps, historySteps, quantiles } = this.#options;
    const shape = { horizonSteps, historySteps };
    const calendar = { ...shape, stepMs, seasonsMs };
    this.#neural = new Neural(calendar);
    this.#blend = new Blend([...lineup(calendar), this.#neural], { ...shape, quantiles });
    this.#directory = new SeriesDirectory(() => this.#blend.stateOf(BLOCK_SERIES));
  }

  /** Adds what this network says to the blend, from now on; undefined: without. */
  useNeural(predictor: Predictor | undefined): void {
    this.#neural.use(predictor);
  }

  /** Where the next panel begins if nothing is left out; undefined before the first. */
  get endMs(): number | undefined {
    return this.#endStep === undefined ? undefined : this.#endStep * this.#options.stepMs;
  }

  /**
   * Takes what was measured in the steps that follow those observed before: a first call may bring a whole
   * history. Steps left out between are gaps; steps observed before are left alone, so a panel may come
   * twice. Series may join at any time; one without a sample for a whole history is forgotten. A whole history that
   * ends earlier than what is known takes its place: a clock was ahead, and was set back. And a series of which a whole
   * history knows an earlier sample begins anew with that: it was brought in while nobody observed.
   */
  observe(panel: Panel): void {
    const { stepMs, historySteps } = this.#options;
    const { grid, series } = panel;
    this.#due = undefined;
    assert.equal(grid.stepMs, stepMs, 'panels have the step of the forecasts');
    assert.equal(grid.startMs % stepMs, 0, 'panels begin at a whole step');
    const start = grid.startMs / stepMs;
    const end = start + grid.steps;
    if (grid.steps >= historySteps && end < (this.#endStep ?? 0)) this.#startOver();
    const before = this.#endStep ?? start;
    if (end <= before) return;
    // Older steps than these would be pushed out again.
    const oldest = Math.max(start, end - historySteps);
    const from = Math.max(oldest, before);
    for (const known of this.#directory.all()) this.#appendGaps(known, from - before);
    if (grid.steps >= historySteps) this.#takePast(panel, oldest, from);
    const rows = this.#rowsOf(series, from);
    for (const known of this.#directory.all()) {
      const row = rows.get(known);
      if (row === undefined) this.#appendGaps(known, end - from);
      else this.#append(known, rowOf(panel, row).subarray(from - start), from);
    }
    this.#endStep = end;
    this.#forget(end - historySteps);
  }

  /** Samples known of a series, of all time: what "learning" is judged by. */
  stepsKnown(series: SeriesKey): number {
    const known = this.#directory.find(series);
    return known === undefined ? 0 : this.#directory.stateOf(known).history.known(known.slot);
  }

  /**
   * Forecasts those of `series` that are known, from the end of what was observed: finite, not negative, quantiles
   * in order, from the first sample on. `models` names, by series, those behind its median.
   * @param learns `due`: models first learn anew where they are due; `new`: only of series that they never learnt
   *   from, or whose level has changed, so that a round need not wait; `learn` is called for the others
   */
  forecast(
    series: readonly SeriesKey[],
    { learns = 'due' }: { readonly learns?: 'due' | 'new' } = {},
  ): { block: ForecastBlock; models: string[] } {
    const { stepMs, horizonSteps, quantiles } = this.#options;
    const endStep = this.#endStep ?? 0;
    const all = series.flatMap((key) => this.#directory.find(key) ?? []);
    for (const [index, known] of groupsOf(all, blockOf)) {
      const state = this.#directory.stateOf({ block: index });
      const changed = new Set(this.#blend.adopt(state, known.map(slotOf)));
      const isLearning = (one: KnownSeries): boolean =>
        changed.has(one.slot) || this.#isNew(one) || (learns === 'due' && this.#isDue(one));
      this.#learn(state, known.filter(isLearning));
    }
    this.#setLoadings();
    const grid = { startMs: endStep * stepMs, stepMs, steps: horizonSteps };
    const keys = all.map(({ key }) => key);
    const block = forecastBlock(keys, grid, { quantiles });
    const models = new Array<string>(all.length);
    const asked = [...all.entries()];
    for (const [index, rows] of groupsOf(asked, ([, known]) => known.block)) {
      const state = this.#directory.stateOf({ block: index });
      const slots = rows.map(([, { slot }]) => slot);
      this.#blend.predict(
        state,
        slots,
        block,
        rows.map(([row]) => row),
      );
      for (const [row, known] of rows) {
        block.loadings[row] = known.loading;
        models[row] = known.models ??= this.#blend.namesOf(state, known.slot);
      }
    }
    assertSound(block);
    return { block, models };
  }

  /**
   * Lets models learn anew where they are due, of so many series at most.
   * @returns of how many they are due still
   */
  learn(seriesMax = Infinity): number {
    const waits = (known: KnownSeries): boolean => this.#isNew(known) || this.#isDue(known);
    const due = (this.#due ??= [...this.#directory.all()].filter(waits).reverse());
    const next: KnownSeries[] = [];
    while (next.length < seriesMax) {
      const known = due.pop();
      if (known === undefined) break;
      // A forecast may have learnt it meanwhile.
      if (waits(known)) next.push(known);
    }
    for (const [index, known] of groupsOf(next, blockOf)) {
      this.#learn(this.#directory.stateOf({ block: index }), known);
    }
    this.#setLoadings();
    return due.length;
  }

  /** All that is known, to go on from with `restore`. */
  save(): Uint8Array {
    const saved: SavedForecasting = {
      settings: this.#settings(),
      endStep: this.#endStep,
      series: [...this.#directory.all()],
      blocks: this.#directory.blocks,
    };
    return encodeForecasting(saved);
  }

  /** @throws ERR_FORECASTS_UNUSABLE — the bytes are damaged, or were saved with other options */
  static restore(bytes: Uint8Array, options: ForecastingOptions): Forecasting {
    const forecasting = new Forecasting(options);
    const { endStep, series } = decodeForecasting(bytes, forecasting.#settings(), (saved) => {
      forecasting.#directory.restore(saved.series, saved.blocks);
      return forecasting.#directory.blocks;
    });
    forecasting.#endStep = endStep;
    forecasting.#learntSinceLoadings = series.length;
    assert.equal(forecasting.#directory.size, series.length, 'each series is saved once');
    return forecasting;
  }

  /** What saved numbers mean depends on these. */
  #settings(): string {
    const { stepMs, horizonSteps, seasonsMs, historySteps, quantiles } = this.#options;
    const models = this.#blend.models;
    return JSON.stringify({ stepMs, horizonSteps, seasonsMs, historySteps, quantiles, models });
  }

  /** The rows of a panel by what is known of their series; the first, if one is there twice. */
  #rowsOf(series: readonly SeriesKey[], step: number): Map<KnownSeries, number> {
    const rows = new Map<KnownSeries, number>();
    for (const [row, key] of series.entries()) {
      const known = this.#directory.find(key) ?? this.#directory.add(key, step);
      if (!rows.has(known)) rows.set(known, row);
    }
    return rows;
  }

  #append(known: KnownSeries, values: Float32Array, step: number): void {
    const state = this.#directory.stateOf(known);
    for (const [at, value] of values.entries()) {
      state.append(known.slot, value);
      if (!Number.isFinite(value)) continue;
      if (state.history.known(known.slot) === 1) known.firstStep = step + at;
      known.lastStep = step + at;
    }
  }

  #appendGaps(known: KnownSeries, count: number): void {
    const state = this.#directory.stateOf(known);
    const { historySteps } = this.#options;
    for (let at = 0; at < Math.min(count, historySteps); at++) state.append(known.slot, NaN);
  }

  /** Series of which this panel knows an earlier sample than we do begin anew, with its steps `from` up to `to`. */
  #takePast(panel: Panel, from: number, to: number): void {
    const skipped = from - panel.grid.startMs / this.#options.stepMs;
    for (const [row, key] of panel.series.entries()) {
      const past = rowOf(panel, row).subarray(skipped, skipped + to - from);
      const first = past.findIndex(Number.isFinite);
      const known = this.#directory.find(key);
      if (first < 0 || (known !== undefined && known.firstStep <= from + first)) continue;
      if (known !== undefined) this.#directory.remove(known);
      this.#append(this.#directory.add(key, from), past, from);
    }
  }

  #startOver(): void {
    for (const known of [...this.#directory.all()]) this.#directory.remove(known);
    this.#endStep = undefined;
  }

  #forget(before: number): void {
    for (const known of [...this.#directory.all()]) {
      if (known.lastStep < before) this.#directory.remove(known);
    }
  }

  #learn(state: BlendState, all: readonly KnownSeries[]): void {
    if (all.length === 0) return;
    this.#blend.fit(state, all.map(slotOf), this.#endStep ?? 0);
    for (const known of all) known.models = undefined;
    this.#learntSinceLoadings += all.length;
  }

  /** Whether models never learnt from it, and could. */
  #isNew(known: KnownSeries): boolean {
    const state = this.#directory.stateOf(known);
    return state.fittedLength(known.slot) === 0 && state.history.known(known.slot) >= FIT_KNOWN_MIN;
  }

  #isDue({ block, slot, key, firstStep }: KnownSeries): boolean {
    const state = this.#directory.stateOf({ block });
    const { refitSteps, historySteps, seed } = this.#options;
    const endStep = this.#endStep ?? 0;
    const fitted = state.fittedLength(slot);
    if (fitted === 0) return false;
    const length = Math.min(historySteps, endStep - firstStep);
    if (fitted < historySteps && length >= Math.min(historySteps, fitted * GROWTH)) return true;
    const phase = seedFor(seed, formatSeries(key)) % refitSteps;
    const turn = (step: number): number => Math.floor((step + phase) / refitSteps);
    return turn(endStep) > turn(endStep - state.sinceFit(slot));
  }

  /**
   * One common factor a metric: only loads of one metric are ever added up. Not before some of the series were
   * learnt anew: a few hardly move it.
   */
  #setLoadings(): void {
    if (this.#learntSinceLoadings < this.#directory.size * LOADINGS_SHARE) return;
    this.#learntSinceLoadings = 0;
    const byMetric = groupsOf([...this.#directory.all()], ({ key }) => key.metric);
    for (const together of byMetric.values()) {
      const errors = together.map((known) => this.#directory.stateOf(known).errorsOf(known.slot));
      const loadings = commonLoadings(errors);
      for (const [at, known] of together.entries()) known.loading = loadings[at] ?? 0;
    }
  }
}

function groupsOf<T, K>(all: readonly T[], groupOf: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of all) {
    const group = groupOf(one);
    const together = groups.get(group);
    if (together === undefined) groups.set(group, [one]);
    else together.push(one);
  }
  return groups;
}

function blockOf({ block }: KnownSeries): number {
  return block;
}

function slotOf({ slot }: KnownSeries): number {
  return slot;
}

import { strict as assert } from 'node:assert';
import { BlendState } from './blend-state.js';
import type { Lattice } from './origins.js';
import { latticeOf } from './origins.js';
import type { Model, Row, Shape } from './model.js';
import { lengthOf } from './model.js';
import { Stack } from './stack.js';

export interface BlendOptions extends Shape {
  /** Ascending, 0.5 among them. */
  readonly quantiles: readonly number[];
  /** At most, of one rehearsal. */
  readonly originsMax?: number;
}

/** Rows at a time, whose rehearsals stay in the cache. */
const FIT_ROWS = 8;
/** Rows at a time that are forecast: a network asked about few costs more by the call than by what it computes. */
const PREDICT_ROWS = 64;
const ORIGINS_MAX = 64;
/** No forecast is above so many times the highest value of the history. */
const CEILING = 10;
/** Where nobody could be judged yet: low and high quantiles stand so far around what is known. */
const UNTRIED_SPREAD = 2;

/** Where the forecasts of a call go. */
export interface Said {
  /** [rows × quantiles × horizon] */
  readonly paths: Float32Array;
  /** [rows × quantiles] */
  readonly peaks: Float32Array;
}

/**
 * Several models as one forecaster, for any number of series: it rehearses them on the history of each
 * series, weighs them (`Stack`), and says quantiles of each step and of the peak. Its own state is scratch;
 * what is known of series is in `BlendState`s, which the caller keeps. Deterministic, no clock, no I/O.
 */
export class Blend {
  readonly #models: readonly Model[];
  readonly #options: BlendOptions;
  readonly #origins: number;
  readonly #stack: Stack;
  readonly #rows: readonly Row[];
  /** First path of each model among all. */
  readonly #firstPath: readonly number[];
  readonly #paths: number;
  readonly #rehearsed: readonly Float32Array[];
  readonly #predicted: readonly Float32Array[];
  /** By model and row: its place among the rows that the model was asked about, or −1. */
  readonly #askedAt: readonly Int32Array[];
  /** Of one row, the paths of all models side by side. */
  readonly #said: Float32Array;

  /** @param models simplest first; the first speaks where nobody could be judged yet */
  constructor(models: readonly Model[], options: BlendOptions) {
    assert.ok(options.quantiles.includes(0.5), 'the median is among the quantiles');
    const { horizonSteps, historySteps, quantiles, originsMax = ORIGINS_MAX } = options;
    this.#models = models;
    this.#options = options;
    this.#origins = originsMax;
    this.#firstPath = models.map((_, m) =>
      models.slice(0, m).reduce((sum, { paths }) => sum + paths, 0),
    );
    this.#paths = models.reduce((sum, { paths }) => sum + paths, 0);
    this.#stack = new Stack({ horizonSteps, origins: originsMax, paths: this.#paths, quantiles });
    this.#rows = Array.from({ length: PREDICT_ROWS }, () => ({
      slot: 0,
      age: 0,
      start: historySteps,
      highest: 0,
      values: new Float32Array(historySteps),
      roots: new Float32Array(historySteps),
      isKnown: new Uint8Array(historySteps),
      origins: new Int32Array(originsMax),
    }));
    this.#askedAt = models.map(() => new Int32Array(PREDICT_ROWS));
    const sizes = models.map(({ paths }) => paths * horizonSteps);
    this.#rehearsed = sizes.map((size) => new Float32Array(size * originsMax * FIT_ROWS));
    this.#predicted = sizes.map((size) => new Float32Array(size * PREDICT_ROWS));
    this.#said = new Float32Array(this.#paths * originsMax * horizonSteps);
  }

  /** Names of its models, in order. */
  get models(): string[] {
    return this.#models.map(({ name }) => name);
  }

  /** Room for so many series. */
  stateOf(capacity: number): BlendState {
    return new BlendState({
      capacity,
      historySteps: this.#options.historySteps,
      params: this.#models.map(({ params }) => params),
      choices: this.#stack.choicesOf(capacity),
      origins: this.#origins,
    });
  }

  /**
   * Takes over changes of level that were noticed.
   * @returns the slots whose history means another level now: they are to be learnt anew
   */
  adopt(state: BlendState, slots: readonly number[]): number[] {
    const row = this.#rows[0]!;
    return slots.filter((slot) => {
      if (!state.regimes.hasChanged(slot)) return false;
      state.history.read(slot, row);
      return state.regimes.adopt(slot, row);
    });
  }

  /**
   * Learns anew from what is known of these series.
   * @param endStep number of the step after the last one known, of all time
   */
  fit(state: BlendState, slots: readonly number[], endStep: number): void {
    for (let from = 0; from < slots.length; from += FIT_ROWS) {
      const rows = this.#read(state, slots.slice(from, from + FIT_ROWS));
      for (const row of rows) row.age = 0;
      const lattices = rows.map((row) => this.#placeOrigins(row, endStep));
      for (const [m, model] of this.#models.entries()) {
        model.fit(rows, state.params[m]!, this.#rehearsed[m]!);
      }
      for (const [r, row] of rows.entries()) {
        this.#gather(this.#rehearsed, () => r, this.#origins * this.#options.horizonSteps);
        this.#stack.choose(row, this.#said, state.choices);
        state.fitted(row.slot, lengthOf(row), this.#wanted(row.slot, state));
        const { newest, spacing } = lattices[r]!;
        const lattice = { newest: endStep - row.values.length + row.start + newest, spacing };
        this.#stack.missed(row.slot, this.#said, state.choices, state.errorsFor(row.slot, lattice));
      }
    }
  }

  /**
   * What it says of the horizon after the last known step of each series.
   * @param places by slot asked for: the row of `said` that it goes to; default one after the other
   */
  predict(
    state: BlendState,
    slots: readonly number[],
    { paths, peaks }: Said,
    places?: readonly number[],
  ): void {
    const { horizonSteps, quantiles } = this.#options;
    const size = quantiles.length * horizonSteps;
    for (let from = 0; from < slots.length; from += PREDICT_ROWS) {
      const rows = this.#read(state, slots.slice(from, from + PREDICT_ROWS));
      this.#ask(state, rows);
      for (const [r, row] of rows.entries()) {
        const at = places?.[from + r] ?? from + r;
        this.#gather(this.#predicted, (m) => this.#askedAt[m]![r]!, horizonSteps);
        this.#say(
          state,
          row,
          paths.subarray(at * size, (at + 1) * size),
          peaks.subarray(at * quantiles.length, (at + 1) * quantiles.length),
        );
      }
    }
  }

  /** Names of the models behind the median of the next steps, the weightiest first. */
  namesOf(state: BlendState, slot: number): string {
    const names = this.#stack
      .pathsOf(slot, state.choices)
      .map((path) => this.#models[this.#modelOf(path)]!.name);
    return names.length === 0 ? this.#models[0]!.name : [...new Set(names)].join('+');
  }

  #read(state: BlendState, slots: readonly number[]): readonly Row[] {
    for (const [r, slot] of slots.entries()) {
      const row = this.#rows[r]!;
      state.history.read(slot, row);
      state.regimes.lift(slot, row);
      row.age = state.sinceFit(slot);
    }
    return this.#rows.slice(0, slots.length);
  }

  #placeOrigins(row: Row, endStep: number): Lattice {
    const { horizonSteps } = this.#options;
    const countMax = this.#origins;
    const lattice = latticeOf(lengthOf(row), { horizonSteps, endStep, countMax });
    const { newest, spacing, count } = lattice;
    for (let k = 0; k < countMax; k++) {
      row.origins[k] = k < count ? row.start + newest - k * spacing : -1;
    }
    return lattice;
  }

  /** Asks each model about the rows whose choices need it. */
  #ask(state: BlendState, rows: readonly Row[]): void {
    for (const [m, model] of this.#models.entries()) {
      const askedAt = this.#askedAt[m]!;
      let count = 0;
      const asked = rows.filter(({ slot }, r) => {
        const isAsked = m === 0 || state.wants(slot, m);
        askedAt[r] = isAsked ? count++ : -1;
        return isAsked;
      });
      if (asked.length > 0) model.predict(asked, state.params[m]!, this.#predicted[m]!);
    }
  }

  /** Brings the paths of a row side by side; those of models that were not asked are NaN. */
  #gather(from: readonly Float32Array[], rowOf: (model: number) => number, length: number): void {
    for (const [m, { paths }] of this.#models.entries()) {
      const to = this.#firstPath[m]! * length;
      const row = rowOf(m);
      if (row < 0) this.#said.fill(NaN, to, to + paths * length);
      else this.#said.set(from[m]!.subarray(row * paths * length, (row + 1) * paths * length), to);
    }
  }

  #say(state: BlendState, row: Row, paths: Float32Array, peaks: Float32Array): void {
    const { quantiles, horizonSteps } = this.#options;
    const ceiling = CEILING * row.highest;
    for (let q = 0; q < quantiles.length; q++) {
      const path = paths.subarray(q * horizonSteps, (q + 1) * horizonSteps);
      if (this.#stack.isChosen(row.slot, state.choices)) {
        peaks[q] = this.#stack.say(row.slot, q, this.#said, state.choices, path);
      } else {
        const value = this.#said[0]! * UNTRIED_SPREAD ** Math.sign(quantiles[q]! - 0.5);
        path.fill(value);
        peaks[q] = value;
      }
    }
    order(paths, quantiles, horizonSteps, ceiling);
    order(peaks, quantiles, 1, ceiling);
    const path = (q: number): Float32Array =>
      paths.subarray(q * horizonSteps, (q + 1) * horizonSteps);
    state.regimes.watch(row.slot, {
      low: path(0),
      middle: path(quantiles.indexOf(0.5)),
      high: path(quantiles.length - 1),
    });
  }

  /** Bits of the models that the choices of a series need. */
  #wanted(slot: number, state: BlendState): number {
    let wanted = 0;
    for (const path of this.#stack.pathsOf(slot, state.choices)) wanted |= 1 << this.#modelOf(path);
    return wanted;
  }

  #modelOf(path: number): number {
    return this.#firstPath.findLastIndex((first) => first <= path);
  }
}

/** Quantiles must not cross: from the median outwards each goes at least as far as the one before it. */
function order(
  values: Float32Array,
  quantiles: readonly number[],
  stride: number,
  ceiling: number,
): void {
  const middle = quantiles.indexOf(0.5);
  for (let h = 0; h < stride; h++) {
    for (let q = 0; q < quantiles.length; q++) {
      const at = q * stride + h;
      values[at] = Math.min(ceiling, Math.max(0, values[at]!)) || 0;
    }
    for (let q = middle + 1; q < quantiles.length; q++) {
      const at = q * stride + h;
      values[at] = Math.max(values[at]!, values[at - stride]!);
    }
    for (let q = middle - 1; q >= 0; q--) {
      const at = q * stride + h;
      values[at] = Math.min(values[at]!, values[at + stride]!);
    }
  }
}

import type { Model, Row, Shape } from '../model.js';
import { lengthOf } from '../model.js';
import { stepsLookedAt } from '../targets.js';
import { CONTEXT_INPUTS, Inputs, STEP_INPUTS, unscale } from './inputs.js';
import type { Gauge } from './inputs.js';
import { OUTPUTS, PEAK_QUANTILES, STEP_QUANTILES } from './layers.js';

/** What computes: `Network`, or in tests anything. */
export interface Predictor {
  /**
   * @param context of `origins` origins, one after the other
   * @param steps of all steps of the first, then of the second
   * @returns [origins × steps × OUTPUTS]
   */
  run(context: Float32Array, steps: Float32Array, origins: number): Float32Array;
}

export interface NeuralShape extends Shape {
  readonly stepMs: number;
  readonly seasonsMs: readonly number[];
}

/** Shorter ones are no seasons, only neighbouring steps. */
const SEASON_MIN = 4;
/** With less it has seen nothing like it while it learnt. */
const HISTORY_MIN = 24;
/** Steps described at a time: as many as fit into the engine's caches. */
const CELLS_MAX = 24 * 64;

/** Which steps of the horizon are described, its last one among them, which is asked for the peak. */
interface Sight {
  readonly inputs: Inputs;
  /** How many. */
  readonly described: number;
  /** By step of the horizon: the latest one described up to it, which speaks for it. */
  readonly speakers: Int32Array;
  /** Origins at a time. */
  readonly room: number;
}

/**
 * The global network (`network.ts`) as one model among the others: it learns nothing of a series, so it has no
 * parameters, and speaks from the first hours on. Paths: quantiles of each step, then quantiles of the peak over the whole
 * horizon, the same at each step of it.
 */
export class Neural implements Model {
  readonly name = 'neural';
  readonly paths = OUTPUTS;
  readonly params = 0;
  readonly minHistory = HISTORY_MIN;
  readonly horizonSteps: number;
  #predictor: Predictor | undefined;
  readonly #whole: Sight;
  /** For rehearsals: those that are looked at. */
  readonly #sampled: Sight;
  readonly #context: Float32Array;
  readonly #steps: Float32Array;
  readonly #gauges: Gauge[];
  /** Where the paths of an origin go, and how far apart they are. */
  readonly #places: { at: number; stride: number }[];
  #count = 0;

  constructor({ horizonSteps, historySteps, stepMs, seasonsMs }: NeuralShape) {
    this.horizonSteps = horizonSteps;
    // Once is enough: the network knows how often.
    const seasons = [...seasonsMs]
      .sort((a, b) => a - b)
      .map((ms) => Math.round(ms / stepMs))
      .filter((steps) => steps >= SEASON_MIN && steps <= historySteps);
    const sightOf = (steps: readonly number[]): Sight => {
      const inputs = new Inputs({ historySteps, seasons, steps: steps.map((step) => step + 1) });
      const room = Math.max(1, Math.floor(CELLS_MAX / steps.length));
      return { inputs, described: steps.length, speakers: speakersOf(steps), room };
    };
    this.#whole = sightOf(Array.from({ length: horizonSteps }, (_, step) => step));
    this.#sampled = sightOf([...new Set([...stepsLookedAt(horizonSteps), horizonSteps - 1])]);
    const { room, described } = this.#sampled;
    this.#context = new Float32Array(room * CONTEXT_INPUTS);
    const cells = Math.max(room * described, this.#whole.room * horizonSteps);
    this.#steps = new Float32Array(cells * STEP_INPUTS);
    this.#gauges = Array.from({ length: room }, () => ({
      centre: 0,
      spread: 0,
      perSpread: 0,
      unrest: 1,
    }));
    this.#places = Array.from({ length: room }, () => ({ at: 0, stride: 0 }));
  }

  /** Asks this network from now on; undefined: it has nothing to say, and the others go on without it. */
  use(predictor: Predictor | undefined): void {
    this.#predictor = predictor;
  }

  /** Where nobody looks, a step says what the one described before it does. */
  fit(rows: readonly Row[], _params: Float32Array, said: Float32Array): void {
    said.fill(NaN);
    if (this.#predictor === undefined) return;
    for (const [r, row] of rows.entries()) {
      const { origins, start } = row;
      const stride = origins.length * this.horizonSteps;
      this.#sampled.inputs.take(row, start);
      for (let k = 0; k < origins.length; k++) {
        const origin = origins[k]!;
        if (origin - start < HISTORY_MIN) continue;
        const at = r * this.paths * stride + k * this.horizonSteps;
        this.#ask(this.#sampled, origin, { at, stride }, said);
      }
    }
    this.#answer(this.#sampled, said);
  }

  predict(rows: readonly Row[], _params: Float32Array, said: Float32Array): void {
    const stride = this.horizonSteps;
    said.fill(NaN, 0, rows.length * this.paths * stride);
    if (this.#predictor === undefined) return;
    for (const [r, row] of rows.entries()) {
      if (lengthOf(row) < HISTORY_MIN) continue;
      this.#whole.inputs.take(row, row.values.length);
      this.#ask(this.#whole, row.values.length, { at: r * this.paths * stride, stride }, said);
    }
    this.#answer(this.#whole, said);
  }

  #ask(
    sight: Sight,
    origin: number,
    place: { at: number; stride: number },
    said: Float32Array,
  ): void {
    const n = this.#count++;
    const values = this.#steps;
    this.#gauges[n] = sight.inputs.write(origin, this.#context, n * CONTEXT_INPUTS, {
      values,
      at: n * sight.described * STEP_INPUTS,
    });
    this.#places[n] = place;
    if (this.#count === sight.room) this.#answer(sight, said);
  }

  #answer({ described, speakers }: Sight, said: Float32Array): void {
    const count = this.#count;
    if (count === 0 || this.#predictor === undefined) return;
    this.#count = 0;
    const horizon = this.horizonSteps;
    const out = this.#predictor.run(
      this.#context.subarray(0, count * CONTEXT_INPUTS),
      this.#steps.subarray(0, count * described * STEP_INPUTS),
      count,
    );
    for (let n = 0; n < count; n++) {
      const { at, stride } = this.#places[n]!;
      const gauge = this.#gauges[n]!;
      const from = n * described * OUTPUTS;
      for (let p = 0; p < STEP_QUANTILES.length; p++) {
        for (let h = 0; h < horizon; h++) {
          const root = unscale(out[from + speakers[h]! * OUTPUTS + p]!, gauge);
          said[at + p * stride + h] = root * root;
        }
      }
      const last = from + (described - 1) * OUTPUTS + STEP_QUANTILES.length;
      for (let p = 0; p < PEAK_QUANTILES.length; p++) {
        const root = unscale(out[last + p]!, gauge);
        const path = at + (STEP_QUANTILES.length + p) * stride;
        said.fill(root * root, path, path + horizon);
      }
    }
  }
}

function speakersOf(steps: readonly number[]): Int32Array {
  const speakers = new Int32Array(steps.at(-1)! + 1);
  for (const [index, step] of steps.entries()) speakers.fill(index, step);
  return speakers;
}

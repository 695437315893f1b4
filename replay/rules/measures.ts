import { z } from 'zod';
import { percentile } from './percentile.js';

export interface MeasuresOptions {
  readonly resources: number;
  readonly servers: number;
  /** Of each server. */
  readonly capacities: Float64Array;
  readonly stepMs: number;
}

/** What a policy's map did to the servers. Means and percentiles run over the steps that were replayed. */
export const measuresSchema = z.object({
  /** Σ over servers of the time their load was above capacity. */
  overloadMinutes: z.number(),
  overloadMinutesPerServerDay: z.number(),
  /** Load above capacity ÷ all load, in millionths. */
  overloadVolumePpm: z.number(),
  /** Utilization of the most loaded server: P95 over the steps, and the highest ever. */
  peakP95: z.number(),
  peakMax: z.number(),
  /** Max ÷ mean of the servers' loads: mean over the steps, and the highest ever. */
  imbalanceMean: z.number(),
  imbalanceMax: z.number(),
  /** Standard deviation ÷ mean of the servers' loads, mean over the steps. */
  covMean: z.number(),
  moves: z.number(),
  movesPerResourceDay: z.number(),
  /** Resources that were moved twice or more within some 24 hours. */
  movedTwice: z.number(),
});
export type Measures = Readonly<z.output<typeof measuresSchema>>;

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Adds up the steps of one policy's replay. */
export class Meter {
  readonly #options: MeasuresOptions;
  readonly #peaks: number[] = [];
  readonly #movedAtMs: Float64Array;
  readonly #isMovedTwice: Uint8Array;
  #steps = 0;
  #overloaded = 0;
  #excess = 0;
  #load = 0;
  #imbalance = 0;
  #imbalanceMax = 1;
  #cov = 0;
  #moves = 0;

  constructor(options: MeasuresOptions) {
    this.#options = options;
    this.#movedAtMs = new Float64Array(options.resources).fill(-Infinity);
    this.#isMovedTwice = new Uint8Array(options.resources);
  }

  /** @param loads of each server in one step */
  step(loads: Float64Array): void {
    const { servers, capacities } = this.#options;
    let sum = 0;
    let squares = 0;
    let most = 0;
    let fullest = 0;
    for (let server = 0; server < servers; server++) {
      const load = loads[server]!;
      const capacity = capacities[server]!;
      sum += load;
      squares += load * load;
      most = Math.max(most, load);
      fullest = Math.max(fullest, load / capacity);
      if (load <= capacity) continue;
      this.#overloaded++;
      this.#excess += load - capacity;
    }
    const mean = sum / servers;
    const imbalance = mean > 0 ? most / mean : 1;
    this.#steps++;
    this.#load += sum;
    this.#imbalance += imbalance;
    this.#imbalanceMax = Math.max(this.#imbalanceMax, imbalance);
    this.#cov += mean > 0 ? Math.sqrt(Math.max(0, squares / servers - mean * mean)) / mean : 0;
    this.#peaks.push(fullest);
  }

  move(resource: number, atMs: number): void {
    this.#moves++;
    if (atMs - this.#movedAtMs[resource]! < DAY_MS) this.#isMovedTwice[resource] = 1;
    this.#movedAtMs[resource] = atMs;
  }

  measures(): Measures {
    const { servers, resources, stepMs } = this.#options;
    const days = (this.#steps * stepMs) / DAY_MS;
    const overloadMinutes = (this.#overloaded * stepMs) / MINUTE_MS;
    return {
      overloadMinutes,
      overloadMinutesPerServerDay: overloadMinutes / (servers * days),
      overloadVolumePpm: this.#load > 0 ? (1e6 * this.#excess) / this.#load : 0,
      peakP95: percentile(this.#peaks, 0.95),
      peakMax: this.#peaks.reduce((max, peak) => Math.max(max, peak), 0),
      imbalanceMean: this.#imbalance / this.#steps,
      imbalanceMax: this.#imbalanceMax,
      covMean: this.#cov / this.#steps,
      moves: this.#moves,
      movesPerResourceDay: this.#moves / resources / days,
      movedTwice: this.#isMovedTwice.reduce((sum, twice) => sum + twice, 0),
    };
  }
}

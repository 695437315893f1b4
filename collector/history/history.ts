import type { Dimension, ResourceId } from '../../core/domain.js';
import { resourceId } from '../../core/domain.js';
import { fail } from '../../core/errors.js';
import type { Grid } from '../../core/panel.js';
import type { Trace } from '../../core/trace/trace.js';

export interface HistoryLimits {
  readonly resourcesMax: number;
  /** Resources × steps, gaps included; four bytes each, and what is made of them some times that. */
  readonly cellsMax: number;
}

export const HISTORY_LIMITS: HistoryLimits = { resourcesMax: 10_000, cellsMax: 32_000_000 };

export interface HistoryOptions {
  /** As messages name it. */
  readonly source: string;
  readonly dimension: Dimension;
  readonly limits?: HistoryLimits;
}

/** The loads of resources as a foreign store tells them, series by series and in any order, until they are a trace. */
export class History {
  readonly #grid: Grid;
  readonly #options: HistoryOptions;
  readonly #rows = new Map<string, Float32Array>();

  constructor(grid: Grid, options: HistoryOptions) {
    this.#grid = grid;
    this.#options = options;
  }

  /** So far. */
  get resources(): number {
    return this.#rows.size;
  }

  /**
   * What is no load – not finite, below 0 – is a gap; what is known already stays.
   * @param name as the store has it
   * @param timeMs at the beginning of a step; beyond the grid nothing is kept
   * @throws ERR_HISTORY_OVERSIZED
   */
  add(name: string, timeMs: number, value: number): void {
    const { startMs, stepMs, steps } = this.#grid;
    const step = Math.round((timeMs - startMs) / stepMs);
    if (!(step >= 0 && step < steps)) return;
    const row = this.#rows.get(name) ?? this.#begin(name);
    const load = Math.fround(value);
    if (Number.isFinite(load) && load >= 0 && Number.isNaN(row[step])) row[step] = load;
  }

  /** From the first to the last step of which any load is known. @throws ERR_HISTORY_EMPTY */
  trace(): Trace {
    const { steps } = this.#grid;
    const rows = [...this.#rows]
      .filter(([, row]) => row.some((value) => !Number.isNaN(value)))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    if (rows.length === 0) {
      const why = this.#rows.size === 0 ? 'nothing was found' : 'no value is a load';
      return fail('ERR_HISTORY_EMPTY', { source: this.#options.source, why });
    }
    const isKnown = (step: number): boolean => rows.some(([, row]) => !Number.isNaN(row[step]));
    let [from, to] = [0, steps];
    while (!isKnown(from)) from++;
    while (!isKnown(to - 1)) to--;
    const count = to - from;
    const values = new Float32Array(rows.length * count);
    for (const [at, [, row]] of rows.entries()) values.set(row.subarray(from, to), at * count);
    const { startMs, stepMs } = this.#grid;
    return {
      resources: namesOf(rows.map(([name]) => name)),
      grid: { startMs: startMs + from * stepMs, stepMs, steps: count },
      loads: { [this.#options.dimension]: values },
    };
  }

  #begin(name: string): Float32Array {
    const { source, limits = HISTORY_LIMITS } = this.#options;
    const count = this.#rows.size + 1;
    const refuse = (what: string, held: number, limit: number): never =>
      fail('ERR_HISTORY_OVERSIZED', { source, what, count: held, limit });
    if (count > limits.resourcesMax) refuse('resources', count, limits.resourcesMax);
    const cells = count * this.#grid.steps;
    if (cells > limits.cellsMax) refuse('resources × steps', cells, limits.cellsMax);
    const row = new Float32Array(this.#grid.steps).fill(NaN);
    this.#rows.set(name, row);
    return row;
  }
}

/** Of a name of ours; its number has room in it. */
const NAME_LENGTH_MAX = 128;

/** Names as ours may be: what they may not have becomes `_`, and what then is the same has its number behind it. */
function namesOf(names: readonly string[]): ResourceId[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const allowed = name.replaceAll(/[^A-Za-z0-9._:-]/g, '_').slice(0, NAME_LENGTH_MAX) || '_';
    let own = allowed;
    for (let number = 2; taken.has(own); number++) {
      own = `${allowed.slice(0, NAME_LENGTH_MAX - 8)}_${number}`;
    }
    taken.add(own);
    return resourceId(own);
  });
}

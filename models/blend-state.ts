import { History } from './history.js';
import { Regimes } from './regimes.js';
import type { NumberArray } from '../core/disk/arrays.js';
import type { ErrorRow } from './factors.js';
import type { Choices } from './stack.js';

export interface BlendStateOptions {
  /** Series that there is room for. */
  readonly capacity: number;
  readonly historySteps: number;
  /** Numbers kept a series, by model. */
  readonly params: readonly number[];
  readonly choices: Choices;
  /** Origins of a rehearsal. */
  readonly origins: number;
}

/** What a blend knows of some series: typed arrays only, a slot a series. */
export class BlendState {
  readonly history: History;
  readonly regimes: Regimes;
  /** By model. */
  readonly params: readonly Float32Array[];
  readonly choices: Choices;
  /** Bit m: the choices need what model m says. */
  readonly #wanted: Uint32Array;
  /** Steps of history at the last fit; 0: never fitted. */
  readonly #fittedLength: Int32Array;
  readonly #sinceFit: Int32Array;
  /** [slots × origins] what the blend would have missed at the origins of the last fit, newest first. */
  readonly #errors: Int8Array;
  readonly #newest: Float64Array;
  readonly #spacing: Int32Array;
  readonly #origins: number;

  constructor({ capacity, historySteps, params, choices, origins }: BlendStateOptions) {
    this.history = new History(capacity, historySteps);
    this.regimes = new Regimes(capacity);
    this.params = params.map((size) => new Float32Array(capacity * size));
    this.choices = choices;
    this.#wanted = new Uint32Array(capacity);
    this.#fittedLength = new Int32Array(capacity);
    this.#sinceFit = new Int32Array(capacity);
    this.#errors = new Int8Array(capacity * origins);
    this.#newest = new Float64Array(capacity);
    this.#spacing = new Int32Array(capacity);
    this.#origins = origins;
  }

  /** In a fixed order, to be saved and restored. */
  get arrays(): readonly NumberArray[] {
    const { candidates, shifts, weights } = this.choices;
    return [
      ...this.history.arrays,
      ...this.regimes.arrays,
      ...this.params,
      candidates,
      shifts,
      weights,
      this.#wanted,
      this.#fittedLength,
      this.#sinceFit,
      this.#errors,
      this.#newest,
      this.#spacing,
    ];
  }

  append(slot: number, value: number): void {
    this.history.append(slot, value);
    this.regimes.append(slot, value);
    this.#sinceFit[slot]!++;
  }

  /** Notes that a series was learnt from `length` steps; the models in `wanted` are needed from now on. */
  fitted(slot: number, length: number, wanted: number): void {
    this.#wanted[slot] = wanted;
    this.#fittedLength[slot] = length;
    this.#sinceFit[slot] = 0;
    this.#spacing[slot] = 0;
  }

  /** Where the errors of the rehearsal at this lattice go. */
  errorsFor(slot: number, { newest, spacing }: { newest: number; spacing: number }): Int8Array {
    this.#newest[slot] = newest;
    this.#spacing[slot] = spacing;
    return this.errorsOf(slot).errors;
  }

  errorsOf(slot: number): ErrorRow {
    return {
      errors: this.#errors.subarray(slot * this.#origins, (slot + 1) * this.#origins),
      newest: this.#newest[slot]!,
      spacing: this.#spacing[slot]!,
    };
  }

  /** Nobody's slot again. */
  clear(slot: number): void {
    this.history.clear(slot);
    this.regimes.clear(slot);
    this.fitted(slot, 0, 0);
  }

  wants(slot: number, model: number): boolean {
    return ((this.#wanted[slot]! >>> model) & 1) === 1;
  }

  fittedLength(slot: number): number {
    return this.#fittedLength[slot]!;
  }

  sinceFit(slot: number): number {
    return this.#sinceFit[slot]!;
  }
}

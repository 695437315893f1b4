import type { Model, Row, Shape } from './model.js';
import { lengthOf } from './model.js';

/** Its share of the shared arrays, for one row. */
export interface Share {
  readonly params: Float32Array;
  /** One path after the other; those of one path by origin, if several are asked. */
  readonly said: Float32Array;
}

/**
 * A model that treats each row for itself, which is all of them but those that learn from a whole fleet.
 * Most need no more than `say`: they forecast from any origin, given what is hidden, and learn nothing.
 */
export abstract class RowModel implements Model {
  abstract readonly name: string;
  readonly paths: number = 1;
  readonly params: number = 0;
  abstract readonly minHistory: number;
  protected readonly horizonSteps: number;

  constructor({ horizonSteps }: Shape) {
    this.horizonSteps = horizonSteps;
  }

  /**
   * What it says from an origin: writes path p to `said` at `at + p · stride`. The steps from `origin` on for a horizon are hidden;
   * later ones may be used while fitting, as cross-validation does: at the end there are none.
   */
  protected abstract say(row: Row, origin: number, share: Share, at: number, stride: number): void;

  /** Sets the parameters, for those that have any. */
  protected learn?(row: Row, params: Float32Array): void;

  /** Called before `say` with the earliest origin that will be asked: the start of the row while fitting. */
  protected prepare?(row: Row, params: Float32Array, earliest: number): void;

  fit(rows: readonly Row[], params: Float32Array, said: Float32Array): void {
    const origins = rows[0]?.origins.length ?? 0;
    const size = this.paths * origins * this.horizonSteps;
    this.#each(rows, { params, said, size }, (row, share) => {
      this.learn?.(row, share.params);
      this.rehearse(row, share);
    });
  }

  predict(rows: readonly Row[], params: Float32Array, said: Float32Array): void {
    const size = this.paths * this.horizonSteps;
    this.#each(rows, { params, said, size }, (row, share) => {
      this.prepare?.(row, share.params, row.values.length);
      this.say(row, row.values.length, share, 0, this.horizonSteps);
    });
  }

  /** Each row with its share of the block, `size` long; a row that is too short says nothing. */
  #each(
    rows: readonly Row[],
    block: { readonly params: Float32Array; readonly said: Float32Array; readonly size: number },
    work: (row: Row, share: Share) => void,
  ): void {
    const { params, said, size } = block;
    for (const [index, row] of rows.entries()) {
      const share = this.#share(row, params, said.subarray(index * size, (index + 1) * size));
      if (lengthOf(row) < this.minHistory) share.said.fill(NaN);
      else work(row, share);
    }
  }

  /** History that it needs before an origin while fitting, when what comes later is known too. */
  protected get minBefore(): number {
    return this.minHistory;
  }

  /** What it would have said at each origin that has enough history before it. */
  protected rehearse(row: Row, share: Share): void {
    const { horizonSteps, paths } = this;
    this.prepare?.(row, share.params, row.start);
    const stride = row.origins.length * horizonSteps;
    for (let k = 0; k < row.origins.length; k++) {
      const origin = row.origins[k]!;
      const at = k * horizonSteps;
      if (origin - row.start >= this.minBefore) {
        this.say(row, origin, share, at, stride);
      } else {
        for (let p = 0; p < paths; p++) {
          share.said.fill(NaN, at + p * stride, at + p * stride + horizonSteps);
        }
      }
    }
  }

  #share(row: Row, params: Float32Array, said: Float32Array): Share {
    const from = row.slot * this.params;
    return { params: params.subarray(from, from + this.params), said };
  }
}

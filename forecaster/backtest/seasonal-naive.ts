/**
 * The forecast that any other must beat: what was measured in the same step of the last season, over and over. A gap is
 * filled by what was measured last. Looks at nothing from the origin on. Length 1: the last value goes on.
 */
export function seasonalNaive(
  values: Float32Array,
  origin: number,
  { seasonSteps, horizonSteps }: { readonly seasonSteps: number; readonly horizonSteps: number },
): Float32Array {
  const said = new Float32Array(horizonSteps);
  for (let h = 0; h < horizonSteps; h++) {
    const at = origin - seasonSteps + (h % seasonSteps);
    said[h] = lastKnown(values, at, origin);
  }
  return said;
}

function lastKnown(values: Float32Array, wanted: number, origin: number): number {
  if (wanted >= 0 && !Number.isNaN(values[wanted]!)) return values[wanted]!;
  for (let at = origin - 1; at >= 0; at--) if (!Number.isNaN(values[at]!)) return values[at]!;
  return NaN;
}

/** Mean error of seasonal naive, one season ahead, over any context of a row: by sums made once. */
export class NaiveScale {
  readonly #sums: Float64Array;
  readonly #counts: Uint32Array;

  constructor(values: Float32Array, seasonSteps: number) {
    this.#sums = new Float64Array(values.length + 1);
    this.#counts = new Uint32Array(values.length + 1);
    for (let at = 0; at < values.length; at++) {
      const error = Math.abs(values[at]! - (values[at - seasonSteps] ?? NaN));
      const isKnown = !Number.isNaN(error);
      this.#sums[at + 1] = this.#sums[at]! + (isKnown ? error : 0);
      this.#counts[at + 1] = this.#counts[at]! + (isKnown ? 1 : 0);
    }
  }

  /** Over the steps `from` up to, not including, `to`; NaN if no two of them are known. */
  over(from: number, to: number): number {
    const count = this.#counts[to]! - this.#counts[from]!;
    return count === 0 ? NaN : (this.#sums[to]! - this.#sums[from]!) / count;
  }
}

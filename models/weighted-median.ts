/**
 * The weighted median of the first `count` values, between the two middle ones in proportion: a member that
 * explodes moves it no further than to its neighbour. Both arrays are sorted in place, insertion sort: few.
 */
export function weightedMedian(values: Float64Array, weights: Float64Array, count: number): number {
  let total = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    const weight = weights[i]!;
    total += weight;
    let at = i;
    while (at > 0 && values[at - 1]! > value) {
      values[at] = values[at - 1]!;
      weights[at] = weights[at - 1]!;
      at--;
    }
    values[at] = value;
    weights[at] = weight;
  }
  let below = 0;
  let before = NaN;
  let beforeAt = NaN;
  for (let i = 0; i < count; i++) {
    // Each value stands in the middle of its weight.
    const at = below + weights[i]! / 2;
    if (at >= total / 2) {
      if (i === 0 || at === beforeAt) return values[i]!;
      return before + ((total / 2 - beforeAt) / (at - beforeAt)) * (values[i]! - before);
    }
    below += weights[i]!;
    before = values[i]!;
    beforeAt = at;
  }
  return before;
}

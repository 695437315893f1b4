/** Of so many values at most. */
const VALUES_MAX = 16;
const places = new Uint8Array(VALUES_MAX);
const indices = new Uint8Array(VALUES_MAX);

/**
 * The weighted median of the first `count` values, between the two middle ones in proportion: a member that
 * explodes moves it no further than to its neighbour. Each is compared with each, without a branch that nobody could foresee: few.
 */
export function weightedMedian(values: Float64Array, weights: Float64Array, count: number): number {
  let total = 0;
  for (let i = 0; i < count; i++) {
    total += weights[i]!;
    const value = values[i]!;
    let place = i;
    for (let j = 0; j < i; j++) {
      const isBehind = +(values[j]! > value);
      places[j]! += isBehind;
      place -= isBehind;
    }
    places[i] = place;
  }
  for (let i = 0; i < count; i++) indices[places[i]!] = i;
  const half = total / 2;
  let below = 0;
  let before = NaN;
  let beforeAt = NaN;
  for (let i = 0; i < count; i++) {
    const index = indices[i]!;
    const value = values[index]!;
    const weight = weights[index]!;
    // Each value stands in the middle of its weight.
    const at = below + weight / 2;
    if (at >= half) {
      if (i === 0 || at === beforeAt) return value;
      return before + ((half - beforeAt) / (at - beforeAt)) * (value - before);
    }
    below += weight;
    before = value;
    beforeAt = at;
  }
  return before;
}

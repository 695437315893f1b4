/**
 * Puts the value that sorting would put at place k there, smaller ones before it, larger ones behind it
 * (Hoare 1961, "Find", parted as by Lomuto: without a branch that nobody could foresee). Only values[from, to) are touched.
 */
export function select(values: Float64Array, k: number, from: number, to: number): number {
  let low = from;
  let high = to - 1;
  while (low < high) {
    const pivot = pivotOf(values, k, low, high);
    let next = low;
    for (let at = low; at <= high; at++) {
      const value = values[at]!;
      values[at] = values[next]!;
      values[next] = value;
      next += +(value < pivot);
    }
    if (k < next) high = next - 1;
    else if (next > low) low = next;
    else {
      // Nothing is smaller: those that are equal first.
      for (let at = low; at <= high; at++) {
        const value = values[at]!;
        values[at] = values[next]!;
        values[next] = value;
        next += +(value === pivot);
      }
      if (k < next) return pivot;
      low = next;
    }
  }
  return values[k]!;
}

/** Of three the one that is likely to be next to place k: the least, the middle or the largest. */
function pivotOf(values: Float64Array, k: number, low: number, high: number): number {
  const a = values[low]!;
  const b = values[(low + high) >> 1]!;
  const c = values[high]!;
  const less = a < b ? a : b;
  const more = a < b ? b : a;
  const place = 3 * (k - low);
  const length = high - low;
  if (place < length) return less < c ? less : c;
  if (place > 2 * length) return more > c ? more : c;
  return c < less ? less : c > more ? more : c;
}

/**
 * Puts the value that sorting would put at place k there, smaller ones before it, larger ones behind it
 * (Hoare 1961, "Find", parted as by Lomuto: without a branch that nobody could foresee). Only values[from, to) are touched.
 */
export function select(values: Float32Array, k: number, from: number, to: number): number {
  let low = from;
  let high = to - 1;
  while (low < high) {
    const pivot = medianOfThree(values[low]!, values[(low + high) >> 1]!, values[high]!);
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

function medianOfThree(a: number, b: number, c: number): number {
  if (a < b) return b < c ? b : a < c ? c : a;
  return a < c ? a : b < c ? c : b;
}

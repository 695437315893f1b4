/** So many values are looked at to choose what the others are compared with, where there are many. */
const SAMPLE = 9;
const SAMPLED_MIN = 64;
/** What is chosen lies so many places of the sample beyond place k, on the side of the many: they are then done with. */
const BEYOND = 0.8;
const sample = new Float64Array(SAMPLE);

/**
 * Puts the value that sorting would put at place k there, smaller ones before it, larger ones behind it
 * (Hoare 1961, "Find", parted as by Lomuto: without a branch that nobody could foresee). Only values[from, to) are touched.
 */
export function select(values: Float64Array, k: number, from: number, to: number): number {
  let low = from;
  let high = to - 1;
  while (low < high) {
    const pivot =
      high - low < SAMPLED_MIN ? pivotOf(values, k, low, high) : sampledPivot(values, k, low, high);
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

/** Of a few the one that is likely to part the place k and few others from the rest (after Floyd and Rivest 1975). */
function sampledPivot(values: Float64Array, k: number, low: number, high: number): number {
  const gap = Math.floor((high - low) / SAMPLE);
  for (let taken = 0; taken < SAMPLE; taken++) {
    const value = values[low + (gap >> 1) + taken * gap]!;
    let at = taken;
    for (; at > 0 && sample[at - 1]! > value; at--) sample[at] = sample[at - 1]!;
    sample[at] = value;
  }
  const place = ((k - low) / (high - low)) * (SAMPLE + 1) - 1;
  return place > SAMPLE >> 1
    ? sample[Math.floor(place - BEYOND)]!
    : sample[Math.min(SAMPLE - 1, Math.max(0, Math.ceil(place + BEYOND)))]!;
}

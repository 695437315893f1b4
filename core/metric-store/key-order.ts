/**
 * The entries `0 … count − 1` in the order of their times, of several with one time only the last one: what
 * "keyed by time" means for values that came in any order. A merge of the runs that are in order already,
 * so the usual case – a few runs – takes few passes.
 */
export function keyOrder(times: ArrayLike<number>, count: number): Uint32Array {
  let order = new Uint32Array(count);
  for (let at = 0; at < count; at++) order[at] = at;
  let ends = runEnds(times, count);
  let merged = new Uint32Array(count);
  while (ends.length > 1) {
    ends = mergePairs(times, order, merged, ends);
    [order, merged] = [merged, order];
  }
  return lastOfEach(times, order);
}

/** Where each stretch of times that do not fall ends. */
function runEnds(times: ArrayLike<number>, count: number): number[] {
  const ends: number[] = [];
  for (let at = 1; at < count; at++) if (times[at]! < times[at - 1]!) ends.push(at);
  ends.push(count);
  return ends;
}

/** Merges neighbouring runs of `order` into `merged`, earlier entries first among equals; returns the new ends. */
function mergePairs(
  times: ArrayLike<number>,
  order: Uint32Array,
  merged: Uint32Array,
  ends: readonly number[],
): number[] {
  const result: number[] = [];
  let start = 0;
  for (let run = 0; run < ends.length; run += 2) {
    const middle = ends[run]!;
    const end = ends[run + 1] ?? middle;
    let left = start;
    let right = middle;
    for (let at = start; at < end; at++) {
      const takesLeft =
        left < middle && (right === end || times[order[left]!]! <= times[order[right]!]!);
      merged[at] = takesLeft ? order[left++]! : order[right++]!;
    }
    result.push(end);
    start = end;
  }
  return result;
}

function lastOfEach(times: ArrayLike<number>, order: Uint32Array): Uint32Array {
  let kept = 0;
  for (const entry of order) {
    const isRepeated = kept > 0 && times[order[kept - 1]!] === times[entry];
    order[isRepeated ? kept - 1 : kept++] = entry;
  }
  return order.subarray(0, kept);
}

/**
 * Longest processing time first (Graham 1969): the heaviest resource goes to the least loaded server, then the
 * next. Of equals the first one. Returns the server of each resource.
 */
export function longestFirst(weights: ArrayLike<number>, servers: number): Int32Array {
  const order = Array.from(weights, (_, resource) => resource);
  order.sort((a, b) => weights[b]! - weights[a]! || a - b);
  const load = new Float64Array(servers);
  const map = new Int32Array(weights.length);
  for (const resource of order) {
    const server = lowest(load);
    map[resource] = server;
    load[server]! += weights[resource]!;
  }
  return map;
}

/** Index of the least value, of equals the first. */
export function lowest(values: Float64Array): number {
  let best = 0;
  for (let at = 1; at < values.length; at++) if (values[at]! < values[best]!) best = at;
  return best;
}

/** Index of the greatest value, of equals the first. */
export function highest(values: Float64Array): number {
  let best = 0;
  for (let at = 1; at < values.length; at++) if (values[at]! > values[best]!) best = at;
  return best;
}

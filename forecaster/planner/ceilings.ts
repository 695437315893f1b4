import type { Demand } from './problem.js';

/** The loads of all servers: at `s · cells + cell`, common spread at `(s · factors + f) · cells + cell`. */
export interface Sums {
  readonly mean: Float64Array;
  readonly own: Float64Array;
  readonly common: Float64Array;
}

/**
 * The most that each resource, and all on each server, needs in a dimension at any step. Where even the highest of a
 * server and of what comes to it are within a limit together, so is every step: most looks at a server need go no
 * further.
 */
export class Ceilings {
  readonly #sums: Sums;
  readonly #steps: number;
  readonly #dimensions: number;
  readonly #factors: number;
  readonly #rows: Sums;
  readonly #servers: Sums;

  constructor({ steps, cells, factors, mean, own, common }: Demand, sums: Sums) {
    this.#sums = sums;
    this.#steps = steps;
    this.#dimensions = steps === 0 ? 0 : cells / steps;
    this.#factors = Math.max(0, factors);
    const highest = (values: Float32Array | Float64Array): Float64Array => {
      const ceilings = new Float64Array(steps === 0 ? 0 : values.length / steps);
      for (let at = 0; at < ceilings.length; at++) ceilings[at] = highestIn(values, at, steps);
      return ceilings;
    };
    this.#rows = { mean: highest(mean), own: highest(own), common: highest(common) };
    this.#servers = {
      mean: highest(sums.mean),
      own: highest(sums.own),
      common: highest(sums.common),
    };
  }

  /** The loads of this server changed. */
  refresh(server: number): void {
    const { mean, own, common } = this.#servers;
    const count = this.#dimensions;
    for (let at = server * count; at < (server + 1) * count; at++) {
      mean[at] = highestIn(this.#sums.mean, at, this.#steps);
      if (this.#factors > 0) own[at] = highestIn(this.#sums.own, at, this.#steps);
    }
    const width = count * this.#factors;
    for (let at = server * width; at < (server + 1) * width; at++) {
      common[at] = highestIn(this.#sums.common, at, this.#steps);
    }
  }

  /** With `added` on it and without `removed` the server surely carries no more than this at any step. */
  isWithin(
    server: number,
    dimension: number,
    added: number,
    removed: number,
    limit: number,
  ): boolean {
    const rows = this.#rows;
    const servers = this.#servers;
    const count = this.#dimensions;
    const at = server * count + dimension;
    const plus = added * count + dimension;
    const mean = servers.mean[at]! + rows.mean[plus]!;
    if (this.#factors === 0 || mean > limit) return mean <= limit;
    let variance = servers.own[at]! + rows.own[plus]!;
    for (let factor = 0; factor < this.#factors; factor++) {
      const offset = factor * count + dimension;
      const width = this.#factors * count;
      // What is taken away may have had the other sign.
      const part =
        servers.common[server * width + offset]! +
        rows.common[added * width + offset]! +
        rows.common[removed * width + offset]!;
      variance += part * part;
    }
    return mean + Math.sqrt(variance) <= limit;
  }
}

/** The highest of one stretch, whatever its sign. */
function highestIn(values: Float32Array | Float64Array, stretch: number, steps: number): number {
  let highest = 0;
  for (let at = stretch * steps; at < (stretch + 1) * steps; at++) {
    const value = Math.abs(values[at]!);
    if (value > highest) highest = value;
  }
  return highest;
}

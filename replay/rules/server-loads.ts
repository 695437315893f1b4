import type { Scene } from '../scene.js';

/** A resource that changes its server; indices into the scene. */
export interface Transit {
  readonly resource: number;
  readonly source: number;
  readonly target: number;
}

/**
 * What each server carries in a step: the sum of what it has, a resource that moves within the step counting
 * for each server as long as it was there.
 */
export class ServerLoads {
  readonly #scene: Scene;
  readonly #sums: Float64Array;
  #step = 0;
  #late: (Transit & { readonly share: number })[] = [];

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#sums = new Float64Array(scene.servers.length);
  }

  begin(step: number): void {
    this.#step = step;
    this.#late = [];
  }

  /** @param share 0…1 of the step that was over when it moved */
  move(move: Transit, share: number): void {
    if (share > 0) this.#late.push({ ...move, share: Math.min(1, share) });
  }

  /** @param map at the end of the step. The result is valid until the next step ends. */
  end(map: Int32Array): Float64Array {
    const { values, recorded } = this.#scene;
    const { steps } = recorded.grid;
    const sums = this.#sums.fill(0);
    for (let resource = 0; resource < map.length; resource++) {
      sums[map[resource]!]! += values[resource * steps + this.#step]!;
    }
    for (const { resource, source, target, share } of this.#late) {
      const load = share * values[resource * steps + this.#step]!;
      sums[source]! += load;
      sums[target]! -= load;
    }
    return sums;
  }
}

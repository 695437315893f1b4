import type { Policy, PolicyAccount, TimedRelocation } from '../policy.js';
import { NOTHING_TO_SAY } from '../policy.js';
import { longestFirst } from '../rules/first-map.js';
import { percentile } from '../rules/percentile.js';
import type { Scene } from '../scene.js';

const HIGH = 0.95;

/** Never moves anything: the map made after the warm-up, by the means or by the P95s of the loads. */
export class StaticPolicy implements Policy {
  readonly name: 'static' | 'static-p95';
  readonly #scene: Scene;

  constructor(scene: Scene, name: 'static' | 'static-p95') {
    this.#scene = scene;
    this.name = name;
  }

  firstMap(): Int32Array {
    return this.name === 'static' ? meanMap(this.#scene) : highMap(this.#scene);
  }

  relocations(): Promise<readonly TimedRelocation[]> {
    return Promise.resolve([]);
  }

  account(): Promise<PolicyAccount> {
    return Promise.resolve(NOTHING_TO_SAY);
  }
}

/** By the means of the warm-up, or as a real fleet is: where every policy that moves begins. */
export function meanMap(scene: Scene): Int32Array {
  if (scene.fleet !== undefined) return scene.fleet.firstMap.slice();
  const weights = warmRows(scene).map(
    (row) => row.reduce((sum, load) => sum + load, 0) / row.length,
  );
  return longestFirst(weights, scene.servers.length);
}

function highMap(scene: Scene): Int32Array {
  const weights = warmRows(scene).map((row) => percentile(row, HIGH));
  return longestFirst(weights, scene.servers.length);
}

function warmRows({ resources, values, recorded, warmSteps }: Scene): Float32Array[] {
  const { steps } = recorded.grid;
  return resources.map((_, at) => values.subarray(at * steps, at * steps + warmSteps));
}

import type { Policy, PolicyAccount, Relocation, TimedRelocation } from '../policy.js';
import { NOTHING_TO_SAY } from '../policy.js';
import { fiftyPercentRule } from '../rules/fifty-percent.js';
import { GreedySearch } from '../rules/greedy-search.js';
import type { Scene } from '../scene.js';
import { meanMap } from './static.js';

/** "Now" is the mean of so many steps. */
const NOW_STEPS = 3;

/** Decides every so many steps and moves at once, between equal servers: how the anchors' policies with moves work. */
export class YardstickPolicy implements Policy {
  readonly name: 'reactive-50' | 'reactive-search' | 'oracle';
  readonly #scene: Scene;
  readonly #search: GreedySearch;

  constructor(scene: Scene, name: 'reactive-50' | 'reactive-search' | 'oracle') {
    this.#scene = scene;
    this.name = name;
    const capacity = scene.capacities[0] ?? NaN;
    this.#search = new GreedySearch({ ...scene, capacity, servers: scene.servers.length });
  }

  firstMap(): Int32Array {
    return meanMap(this.#scene);
  }

  relocations(step: number, map: Int32Array): Promise<readonly TimedRelocation[]> {
    const { warmSteps, decisionSteps, recorded } = this.#scene;
    if ((step - warmSteps) % decisionSteps !== 0) return Promise.resolve([]);
    const atMs = recorded.grid.startMs + step * recorded.grid.stepMs;
    return Promise.resolve(this.#decide(step, map).map((move) => ({ ...move, atMs })));
  }

  account(): Promise<PolicyAccount> {
    return Promise.resolve(NOTHING_TO_SAY);
  }

  #decide(step: number, map: Int32Array): Relocation[] {
    switch (this.name) {
      case 'reactive-50':
        return fiftyPercentRule(map, this.#now(step), {
          servers: this.#scene.servers.length,
          movesMax: this.#scene.movesMax,
        });
      case 'reactive-search':
        return this.#search.moves(map, this.#lasting(this.#now(step)));
      case 'oracle':
        return this.#search.moves(map, this.#truth(step));
    }
  }

  /** The load of each resource just before the step. */
  #now(step: number): Float64Array {
    const { values, resources, recorded } = this.#scene;
    const count = Math.min(NOW_STEPS, step);
    return Float64Array.from(resources, (_, resource) => {
      const end = resource * recorded.grid.steps + step;
      return values.subarray(end - count, end).reduce((sum, load) => sum + load, 0) / count;
    });
  }

  /** The belief that all goes on as it is. */
  #lasting(now: Float64Array): Float64Array {
    const { horizonSteps } = this.#scene;
    const belief = new Float64Array(now.length * horizonSteps);
    now.forEach((load, resource) => {
      belief.fill(load, resource * horizonSteps, (resource + 1) * horizonSteps);
    });
    return belief;
  }

  /** What will come; past the end of the trace, its last step goes on. */
  #truth(step: number): Float64Array {
    const { horizonSteps, values, resources, recorded } = this.#scene;
    const { steps } = recorded.grid;
    const belief = new Float64Array(resources.length * horizonSteps);
    for (let at = 0; at < belief.length; at++) {
      const resource = Math.floor(at / horizonSteps);
      const ahead = Math.min(step + (at % horizonSteps), steps - 1);
      belief[at] = values[resource * steps + ahead] ?? 0;
    }
    return belief;
  }
}

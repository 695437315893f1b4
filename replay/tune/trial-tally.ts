import type { Scene } from '../scene.js';

/** What a policy did in some of the time. */
export interface TrialFigures {
  /** Time above capacity, summed over the servers. */
  readonly overloadMinutes: number;
  readonly overloadMinutesPerServerDay: number;
  readonly moves: number;
  readonly movesPerResourceDay: number;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** The steps of one trial, so that any part of it can be judged. */
export class TrialTally {
  readonly #scene: Scene;
  /** By step: servers above capacity, and moves. */
  readonly #overloads: Uint32Array;
  readonly #moves: Uint32Array;

  constructor(scene: Scene) {
    this.#scene = scene;
    const { steps } = scene.recorded.grid;
    this.#overloads = new Uint32Array(steps);
    this.#moves = new Uint32Array(steps);
  }

  add(step: number, loads: Float64Array, moves: number): void {
    const { capacities } = this.#scene;
    let above = 0;
    for (const [server, load] of loads.entries()) {
      if (load > (capacities[server] ?? Infinity)) above += 1;
    }
    this.#overloads[step] = above;
    this.#moves[step] = moves;
  }

  /** The steps `from` up to, not including, `to`. */
  over(from: number, to: number): TrialFigures {
    const { servers, resources, recorded } = this.#scene;
    const { stepMs } = recorded.grid;
    const days = ((to - from) * stepMs) / DAY_MS;
    const overloadMinutes = (sum(this.#overloads, from, to) * stepMs) / MINUTE_MS;
    const moves = sum(this.#moves, from, to);
    return {
      overloadMinutes,
      overloadMinutesPerServerDay: overloadMinutes / (servers.length * days),
      moves,
      movesPerResourceDay: moves / (resources.length * days),
    };
  }
}

function sum(values: Uint32Array, from: number, to: number): number {
  return values.subarray(from, to).reduce((total, value) => total + value, 0);
}

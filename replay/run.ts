import type { Policy, PolicyAccount, TimedRelocation } from './policy.js';
import type { Measures } from './rules/measures.js';
import { Meter } from './rules/measures.js';
import type { Transit } from './rules/server-loads.js';
import { ServerLoads } from './rules/server-loads.js';
import type { Scene } from './scene.js';

/** One policy's way through the trace. */
export interface PolicyRun {
  readonly policy: Policy['name'];
  readonly measures: Measures;
  readonly account: PolicyAccount;
  /** Server-major, the load of each server at each replayed step. */
  readonly loads: Float32Array;
  readonly moves: readonly RunMove[];
}

interface RunMove extends Transit {
  readonly atMs: number;
}

/** One policy on its way through the trace, a step at a time. */
export class Walk {
  readonly #policy: Policy;
  readonly #scene: Scene;
  readonly #map: Int32Array;
  readonly #loads: ServerLoads;

  constructor(policy: Policy, scene: Scene) {
    this.#policy = policy;
    this.#scene = scene;
    this.#map = policy.firstMap();
    this.#loads = new ServerLoads(scene);
  }

  /** The steps come one after the other. The loads are valid until the next one. */
  async step(step: number): Promise<{ readonly moves: RunMove[]; readonly loads: Float64Array }> {
    const { startMs, stepMs } = this.#scene.recorded.grid;
    const fromMs = startMs + step * stepMs;
    const relocations = await this.#policy.relocations(step, this.#map);
    this.#loads.begin(step);
    const moves: RunMove[] = [];
    for (const relocation of relocations) {
      const move = apply(relocation, this.#map);
      if (move === undefined) continue;
      moves.push(move);
      this.#loads.move(move, (move.atMs - fromMs) / stepMs);
    }
    return { moves, loads: this.#loads.end(this.#map) };
  }
}

/** Replays every step after the warm-up with one policy. @param onStep told after each: how many are done */
export async function runPolicy(
  policy: Policy,
  scene: Scene,
  onStep: (done: number) => void,
): Promise<PolicyRun> {
  const { recorded, servers, warmSteps } = scene;
  const { steps } = recorded.grid;
  const meter = meterOf(scene);
  const count = steps - warmSteps;
  const loads = new Float32Array(servers.length * count);
  const moves: RunMove[] = [];
  const walk = new Walk(policy, scene);
  for (let step = warmSteps; step < steps; step++) {
    const now = await walk.step(step);
    for (const move of now.moves) meter.move(move.resource, move.atMs);
    moves.push(...now.moves);
    meter.step(now.loads);
    for (const [server, load] of now.loads.entries()) {
      loads[server * count + step - warmSteps] = load;
    }
    onStep(step - warmSteps + 1);
  }
  return {
    policy: policy.name,
    measures: meter.measures(),
    account: await policy.account(),
    loads,
    moves,
  };
}

export function meterOf({ resources, servers, capacities, recorded }: Scene): Meter {
  return new Meter({
    resources: resources.length,
    servers: servers.length,
    capacities,
    stepMs: recorded.grid.stepMs,
  });
}

/** Changes the map. Undefined: it is there already. */
function apply({ resource, target, atMs }: TimedRelocation, map: Int32Array): RunMove | undefined {
  const source = map[resource];
  if (source === undefined || source === target) return undefined;
  map[resource] = target;
  return { resource, source, target, atMs };
}

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

/** Replays every step after the warm-up with one policy. @param onStep told after each: how many are done */
export async function runPolicy(
  policy: Policy,
  scene: Scene,
  onStep: (done: number) => void,
): Promise<PolicyRun> {
  const { recorded, servers, resources, capacity, warmSteps } = scene;
  const { startMs, stepMs, steps } = recorded.grid;
  const meter = new Meter({
    resources: resources.length,
    servers: servers.length,
    capacity,
    stepMs,
  });
  const count = steps - warmSteps;
  const loads = new Float32Array(servers.length * count);
  const moves: RunMove[] = [];
  const map = policy.firstMap();
  const now = new ServerLoads(scene);
  for (let step = warmSteps; step < steps; step++) {
    const fromMs = startMs + step * stepMs;
    const relocations = await policy.relocations(step, map);
    now.begin(step);
    for (const relocation of relocations) {
      const move = apply(relocation, map);
      if (move === undefined) continue;
      meter.move(move.resource, move.atMs);
      moves.push(move);
      now.move(move, (move.atMs - fromMs) / stepMs);
    }
    const sums = now.end(map);
    meter.step(sums);
    for (const [server, load] of sums.entries()) loads[server * count + step - warmSteps] = load;
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

/** Changes the map. Undefined: it is there already. */
function apply({ resource, target, atMs }: TimedRelocation, map: Int32Array): RunMove | undefined {
  const source = map[resource];
  if (source === undefined || source === target) return undefined;
  map[resource] = target;
  return { resource, source, target, atMs };
}

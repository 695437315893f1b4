import type { Log } from '../../core/log.js';
import { chance } from '../../core/rng.js';
import type { Fault } from './faults.js';
import { CONTROL_FAULTS } from './faults.js';
import { judge } from './judge.js';
import { Nemesis } from './nemesis.js';
import { RestlessOperator } from './operator.js';
import { unsettled } from './settled.js';
import { isFenced, policyOf } from './shape.js';
import { REQUEST_MS, probeAll, runClient } from './traffic.js';
import { Violation } from './violation.js';
import { World } from './world.js';

export interface SimulationResult {
  readonly seed: number;
  readonly violation: Violation | undefined;
  readonly requests: number;
  readonly answered: number;
  readonly counts: {
    readonly commits: number;
    readonly giveBacks: number;
    readonly failovers: number;
  };
  /** Of everything that happened: two runs of one seed have the same. */
  readonly hash: string;
  readonly trail: readonly string[];
}

export interface SimulationOptions {
  readonly faults?: readonly Fault[];
  readonly log?: Log;
}

const CALM_MS = 800;
const HARM_MS = 4000;
/** After the harm is over: this long until everything has settled (L2). */
const SETTLE_MS = 5000;
const LOOK_MS = 50;
/** Settled is what was so at so many looks in a row: longer than a plan takes to be made. */
const LOOKS = 5;

/** One seed: a cluster, clients, plans and faults; then peace, and a judgement. */
export async function simulate(
  seed: number,
  options: SimulationOptions = {},
): Promise<SimulationResult> {
  const world = new World(seed, options.log);
  await world.start();
  const nemesis = new Nemesis(world, options.faults);
  const harmOverMs = CALM_MS + HARM_MS;
  void new RestlessOperator(world).run(harmOverMs, { min: 20, max: 300 });
  let isOver = false;
  const clients = [1, 2, 3, 4].map((client) => runClient(world, `c-${client}`, () => isOver));
  await runUntil(world, CALM_MS);
  const rng = world.rng('simulation');
  world.store.lostAnswerProbability = chance(rng, 0.5) ? 0.02 : 0;
  world.store.lostCallProbability = chance(rng, 0.5) ? 0.02 : 0;
  void nemesis.run(harmOverMs);
  await runUntil(world, harmOverMs);
  await finish(world, nemesis.mendAll());
  await settle(world, harmOverMs + SETTLE_MS, chance(rng, 0.05));
  isOver = true;
  await finish(world, Promise.all(clients));
  const probes = probeAll(world);
  const failure = await finish(world, probes);
  world.guard(() => {
    if (failure !== undefined) throw new Violation('L2', `after the faults: ${failure}`);
    const rest = unsettled(world);
    if (rest !== undefined) throw rest;
  });
  const { shape, ledger, journal, checker, outages } = world;
  if (world.violation === undefined)
    world.guard(() => {
      judge({
        journal,
        ledger,
        checker,
        outages,
        isDataPlaneUnharmed:
          nemesis.kinds.every((kind) => CONTROL_FAULTS.has(kind)) &&
          shape.calls.lostCallProbability + shape.calls.lostAnswerProbability === 0,
        policyOf,
        drainPolicyOf: (resource) => shape.drain.get(resource) ?? 'abort',
        isFenced,
      });
    });
  return {
    seed,
    violation: world.violation,
    requests: ledger.length,
    answered: ledger.filter(({ outcome }) => outcome === 'answered').length,
    counts: checker.counts,
    hash: hashOf(world.trail, [...ledger, ...journal]),
    trail: world.trail,
  };
}

/** Steps of the simulated time, with a look at every observer now and then. */
async function runUntil(world: World, untilMs: number): Promise<void> {
  for (let steps = 1; world.violation === undefined; steps++) {
    if (!(await world.clock.step(untilMs))) break;
    if (steps % 16 === 0) world.observe();
  }
  await world.clock.advance(Math.max(0, untilMs - world.clock.monotonicMs()));
}

/** Until nothing is unsettled; a seed that is thorough looks whether it stays so. */
async function settle(world: World, untilMs: number, isThorough: boolean): Promise<void> {
  let looks = 0;
  while (world.violation === undefined && world.clock.monotonicMs() < untilMs) {
    await runUntil(world, world.clock.monotonicMs() + LOOK_MS);
    looks = unsettled(world) === undefined ? looks + 1 : 0;
    if (!isThorough && looks >= LOOKS) return;
  }
  world.guard(() => {
    const rest = unsettled(world);
    if (rest !== undefined) throw rest;
  });
}

/** Until the promise is settled: all that is waited for has its time limit. */
async function finish<T>(world: World, promise: Promise<T>): Promise<T | undefined> {
  const state: { value?: T; isSettled: boolean } = { isSettled: false };
  void promise.then((value) => {
    state.value = value;
    state.isSettled = true;
  });
  const endMs = world.clock.monotonicMs() + 2 * REQUEST_MS;
  while (!state.isSettled && world.violation === undefined) {
    world.guard(() => {
      if (world.clock.monotonicMs() > endMs) throw new Violation('L1', 'something never ended');
    });
    await runUntil(world, world.clock.monotonicMs() + LOOK_MS);
  }
  return state.value;
}

/** FNV-1a over all that happened. */
function hashOf(trail: readonly string[], records: readonly object[]): string {
  let hash = 0x811c9dc5;
  for (const line of [...trail, ...records.map((record) => JSON.stringify(record))]) {
    for (let at = 0; at < line.length; at++) {
      hash = Math.imul(hash ^ line.charCodeAt(at), 0x01000193);
    }
  }
  return (hash >>> 0).toString(16);
}

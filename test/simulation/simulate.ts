import type { Log } from '../../core/log.js';
import type { Rng } from '../../core/rng.js';
import { between, chance, integerBelow, pick } from '../../core/rng.js';
import { SWITCH } from '../../core/table-store/records/switch.js';
import { formatGeneration, isSameGeneration } from '../../core/generation.js';
import { Violation } from './checker.js';
import type { RequestPlan } from './client.js';
import { SimSession } from './client.js';
import type { Fault } from './nemesis.js';
import { Nemesis } from './nemesis.js';
import { RestlessOperator } from './operator.js';
import { PROXY_PORT, World } from './world.js';

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

const HARM_MS = 4000;
/** After the harm is over: this long until everything has settled (L2). */
const SETTLE_MS = 5000;
/** No request of a client takes longer, whatever happens (L1); holds, retries and answers are limited below it. */
const REQUEST_MS = 9000;

/** One seed: a cluster, clients, plans and faults; then peace, and a judgement. */
export async function simulate(
  seed: number,
  options: SimulationOptions = {},
): Promise<SimulationResult> {
  const world = worldOf(seed, options);
  const rng = world.rng('simulation');
  await world.start();
  const nemesis = new Nemesis(world, options.faults);
  const operator = new RestlessOperator(world);
  const harmOverMs = 800 + HARM_MS;
  void operator.run(harmOverMs, { min: 20, max: 300 });
  for (let client = 1; client <= 4; client++) {
    void runClient(world, `c-${client}`, harmOverMs + SETTLE_MS / 2);
  }
  await runUntil(world, 800);
  world.storeWorld.lostAnswerProbability = chance(rng, 0.5) ? 0.02 : 0;
  world.storeWorld.lostCallProbability = chance(rng, 0.5) ? 0.02 : 0;
  void nemesis.run(harmOverMs);
  await runUntil(world, harmOverMs);
  void nemesis.mendAll();
  await runUntil(world, harmOverMs + SETTLE_MS);
  world.guard(() => {
    checkSettled(world);
  });
  const probes = probeAll(world);
  await runUntil(world, harmOverMs + SETTLE_MS + 1500);
  const served = await Promise.race([probes, Promise.resolve('unanswered' as const)]);
  await runUntil(world, harmOverMs + SETTLE_MS + REQUEST_MS);
  world.guard(() => {
    if (served !== 'ok') throw new Violation('L2', `after the faults: ${served}`);
  });
  world.guard(() => {
    world.checker.judge();
  });
  const { ledger, counts } = world.checker;
  return {
    seed,
    violation: world.violation,
    requests: ledger.length,
    answered: ledger.filter(({ outcome }) => outcome === 'answered').length,
    counts,
    hash: hashOf(world.trail, ledger),
    trail: world.trail,
  };
}

function worldOf(seed: number, { log }: SimulationOptions): World {
  const rng = new World(seed, EMPTY).rng('shape');
  return new World(
    seed,
    {
      redirectors: 2 + integerBelow(rng, 2),
      servers: 2 + integerBelow(rng, 2),
      hasForeign: chance(rng, 0.3),
      resources: 6,
      lostCallProbability: chance(rng, 0.4) ? 0.03 : 0,
      lostAnswerProbability: chance(rng, 0.4) ? 0.03 : 0,
      doubledCallProbability: chance(rng, 0.4) ? 0.1 : 0,
    },
    log,
  );
}

const EMPTY = {
  redirectors: 0,
  servers: 0,
  hasForeign: false,
  resources: 0,
  lostCallProbability: 0,
  lostAnswerProbability: 0,
  doubledCallProbability: 0,
};

/** Steps of the simulated time, with a look at every observer now and then. */
async function runUntil(world: World, untilMs: number): Promise<void> {
  let steps = 0;
  while (world.violation === undefined && (await world.clock.step(untilMs))) {
    steps += 1;
    if (steps % 16 === 0) world.observe();
  }
  await world.clock.advance(Math.max(0, untilMs - world.clock.monotonicMs()));
}

async function runClient(world: World, name: string, untilMs: number): Promise<void> {
  const rng = world.rng(name);
  const process = world.newProcess(name);
  const { clock } = process;
  await clock.sleep(between(rng, 300, 500));
  let sessions = 0;
  let session: SimSession | undefined;
  for (let number = 0; clock.monotonicMs() < untilMs; number++) {
    if (session === undefined || session.isClosed || chance(rng, 0.05)) {
      session?.close();
      const redirector = pick(rng, world.redirectorNames);
      sessions += 1;
      session = new SimSession({
        name: `${name}/${sessions}`,
        redirector,
        net: process.net,
        clock,
        to: { host: redirector, port: PROXY_PORT },
      });
    }
    const plan = requestPlan(`${name}-${number}`, rng, world);
    await session.send(plan, world.checker.ledger, REQUEST_MS);
    await clock.sleep(between(rng, 1, 60));
  }
  session?.close();
}

function requestPlan(id: string, rng: Rng, world: World): RequestPlan {
  const isSlow = chance(rng, 0.02);
  return {
    id,
    method: pick(rng, ['GET', 'POST', 'POST', 'PUT']),
    resource: pick(rng, world.resources),
    workMs: isSlow ? between(rng, 300, 900) : integerBelow(rng, 12),
    body: 'x'.repeat(integerBelow(rng, 200)),
  };
}

/** The faults are over: nothing is open, everybody has the same table. */
function checkSettled(world: World): void {
  const views = [...world.redirectors].map(([name, { redirector }]) => ({ name, redirector }));
  for (const { name, redirector } of views) {
    const open = redirector.view.get(SWITCH, 'open')?.value;
    if (open !== undefined)
      throw new Violation('L2', `${name} still sees a switch in ${open.state}`);
    const [first] = views;
    const { generation } = redirector.gate;
    if (first !== undefined && !isSameGeneration(generation, first.redirector.gate.generation)) {
      throw new Violation('L2', `${name} has generation ${formatGeneration(generation)}`);
    }
    if (redirector.gate.heldRequests > 0) throw new Violation('L1', `${name} still holds requests`);
  }
}

/** Every resource answers through every redirector. */
async function probeAll(world: World): Promise<string> {
  const process = world.newProcess('probe');
  for (const redirector of world.redirectorNames) {
    for (const resource of world.resources) {
      const session = new SimSession({
        name: `probe/${redirector}/${resource}`,
        redirector,
        net: process.net,
        clock: process.clock,
        to: { host: redirector, port: PROXY_PORT },
      });
      const id = `probe-${redirector}-${resource}`;
      const plan = { id, method: 'POST', resource, workMs: 0, body: '' } as const;
      const { outcome, status } = await session.send(plan, world.checker.ledger, 1000);
      session.close();
      if (outcome !== 'answered') return `${resource} through ${redirector}: ${outcome} ${status}`;
    }
  }
  return 'ok';
}

/** FNV-1a over all that happened. */
function hashOf(trail: readonly string[], ledger: readonly object[]): string {
  let hash = 0x811c9dc5;
  for (const line of [...trail, ...ledger.map((entry) => JSON.stringify(entry))]) {
    for (let at = 0; at < line.length; at++) {
      hash = Math.imul(hash ^ line.charCodeAt(at), 0x01000193);
    }
  }
  return (hash >>> 0).toString(16);
}

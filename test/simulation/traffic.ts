import type { Rng } from '../../core/rng.js';
import { between, chance, integerBelow, pick } from '../../core/rng.js';
import type { RequestPlan } from './client.js';
import { SimSession } from './client.js';
import type { SimProcess } from './process.js';
import { PROXY_PORT } from './world.js';
import type { World } from './world.js';

/** No request of a client takes longer, whatever happens: holds, retries and answers are limited below it. */
export const REQUEST_MS = 9000;

/** One client: requests over one session after the other, at whichever redirector. */
export async function runClient(world: World, name: string, isOver: () => boolean): Promise<void> {
  const rng = world.rng(name);
  const process = world.newProcess(name);
  const { clock } = process;
  await clock.sleep(between(rng, 300, 500));
  let sessions = 0;
  let session: SimSession | undefined;
  for (let number = 0; !isOver(); number++) {
    if (session === undefined || session.isClosed || chance(rng, 0.05)) {
      session?.close();
      sessions += 1;
      const redirector = pick(rng, world.shape.redirectors);
      session = sessionOf(world, process, { name: `${name}/${sessions}`, redirector });
    }
    // A few at once now and then, before the first is answered.
    const count = chance(rng, 0.06) ? 2 + integerBelow(rng, 3) : 1;
    const open = session;
    const sent = Array.from({ length: count }, (_, at) => {
      const id = `${name}-${number}${count > 1 ? `.${at}` : ''}`;
      const plan = requestPlan(id, rng, world);
      // What is sent in two halves lets nothing in between.
      return open.send(count > 1 ? { ...plan, pauseMs: 0 } : plan);
    });
    await Promise.all(sent);
    await clock.sleep(between(rng, 1, 60));
  }
  session?.close();
}

/** Every resource answers through every redirector; else what the first failure was. */
export async function probeAll(world: World): Promise<string | undefined> {
  const process = world.newProcess('probe');
  for (const redirector of world.shape.redirectors) {
    for (const resource of world.shape.resources) {
      const name = `probe/${redirector}/${resource}`;
      const session = sessionOf(world, process, { name, redirector });
      const { outcome, status } = await session.send({
        id: `probe-${redirector}-${resource}`,
        method: 'POST',
        resource,
        workMs: 0,
        body: '',
        pauseMs: 0,
        patienceMs: 1000,
      });
      session.close();
      if (outcome !== 'answered') return `${resource} through ${redirector}: ${outcome} ${status}`;
    }
  }
  return undefined;
}

function sessionOf(
  world: World,
  { net, clock }: SimProcess,
  { name, redirector }: { readonly name: string; readonly redirector: string },
): SimSession {
  const to = { host: redirector, port: PROXY_PORT };
  const { ledger } = world;
  return new SimSession({ name, redirector, net, clock, to, ledger, timeoutMs: REQUEST_MS });
}

function requestPlan(id: string, rng: Rng, world: World): RequestPlan {
  const isSlow = chance(rng, 0.02);
  const isUpload = chance(rng, 0.03);
  return {
    id,
    method: isUpload ? 'PUT' : pick(rng, ['GET', 'POST', 'POST', 'PUT']),
    resource: pick(rng, world.shape.resources),
    workMs: isSlow ? between(rng, 300, 900) : integerBelow(rng, 12),
    body: 'x'.repeat(isUpload ? 100 : integerBelow(rng, 200)),
    pauseMs: isUpload ? between(rng, 10, 700) : 0,
    patienceMs: chance(rng, 0.02) ? between(rng, 1, 400) : Infinity,
  };
}

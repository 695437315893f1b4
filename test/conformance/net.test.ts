import { expect, it } from '@jest/globals';
import { SimulatedClock } from '../../core/clock/simulated.js';
import { SystemClock } from '../../core/clock/system.js';
import { OUTBOUND_DEFAULTS, OutboundGuard } from '../../core/net/guard.js';
import { NodeNet } from '../../core/net/node.js';
import { SimulatedNet } from '../../core/net/simulated.js';
import { SeededRng } from '../../core/rng.js';
import { stepUntil } from '../support/step-until.js';
import type { NetWorld } from '../support/meeting-place.js';
import { describeNet } from './net.js';

describeNet('NodeNet', () => {
  const clock = new SystemClock();
  const guard = new OutboundGuard({ ...OUTBOUND_DEFAULTS, networks: ['127.0.0.1'] });
  const net = new NodeNet(clock, guard);
  return { server: net, client: net, clock, at: { host: '127.0.0.1', port: 0 }, until: (it) => it };
});

for (const seed of [1, 2, 3]) {
  describeNet(`SimulatedNet, seed ${seed}`, () => simulated(seed, 's'));
}

describeNet('SimulatedNet, to itself', () => simulated(4, 'c'));

it('SimulatedNet, which has no TLS, refuses to go without where it is asked for', async () => {
  const world = simulated(5, 's');
  const call = world.client.call({
    ...{ method: 'GET', url: 'https://s:1/' },
    ...{ timeoutMs: 1000, answerBytesMax: 100 },
  });
  await expect(world.until(call)).rejects.toMatchObject({ code: 'ERR_CALL_FORBIDDEN' });
});

function simulated(seed: number, serverHost: string): NetWorld {
  const clock = new SimulatedClock();
  const net = new SimulatedNet(clock, new SeededRng(seed), { splitProbability: 0.5 });
  return {
    server: net.host(serverHost),
    client: net.host('c'),
    clock,
    at: { host: serverHost, port: 0 },
    until: (promise) => stepUntil(clock, promise),
  };
}

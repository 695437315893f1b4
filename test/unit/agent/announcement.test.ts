import { describe, expect, it } from '@jest/globals';
import { AGENT_DEFAULTS, Agent } from '../../../agent/agent.js';
import { SimulatedClock } from '../../../core/clock/simulated.js';
import { codeOf } from '../../../core/errors.js';
import { SILENT_LOG } from '../../../core/log.js';
import { HttpServer } from '../../../core/net/http-server.js';
import { SimulatedNet } from '../../../core/net/simulated.js';
import { SeededRng } from '../../../core/rng.js';
import { MemoryTableStore } from '../../../core/table-store/memory.js';
import { r, s } from '../../support/names.js';

/** An agent on host `a`, and what the api on host `api` hears of it. */
async function announced(host: string, advertise?: string): Promise<unknown> {
  const clock = new SimulatedClock();
  const net = new SimulatedNet(clock, new SeededRng(1));
  const heard: unknown[] = [];
  const api = new HttpServer(
    { net: net.host('api'), clock, log: SILENT_LOG },
    [
      {
        method: 'POST',
        path: '/v1/announcements',
        handler: ({ body }) => {
          heard.push(JSON.parse(Buffer.from(body).toString()));
          return { status: 204 };
        },
      },
    ],
    { at: { host: 'api', port: 7703 }, bodyBytesMax: 100_000 },
  );
  await api.start();
  const agent = new Agent(
    {
      ...{ net: net.host('a'), clock, log: SILENT_LOG, store: new MemoryTableStore() },
      boot: 'b1',
      isServing: () => true,
      resources: () => [r('vol-1')],
    },
    {
      ...AGENT_DEFAULTS,
      server: s('s1'),
      address: () => ({ host, port: 7711 }),
      control: { host, port: 7712 },
      advertise,
      apiUrls: ['http://api:7703'],
      token: 'token',
    },
  );
  await agent.start();
  await clock.advance(1000);
  return heard[0];
}

describe("an agent's announcement", () => {
  it('says where it listens', async () => {
    expect(await announced('a')).toMatchObject({
      server: 's1',
      address: { host: 'a', port: 7711 },
      control: { host: 'a', port: 7712 },
    });
  });

  it('says by which host others reach it, if it listens at every interface', async () => {
    expect(await announced('0.0.0.0', 'a')).toMatchObject({
      address: { host: 'a', port: 7711 },
      control: { host: 'a', port: 7712 },
    });
  });

  it.each(['0.0.0.0', '::'])('is refused where nobody could reach it: %s', async (host) => {
    const code = await announced(host).then(
      () => undefined,
      (error: unknown) => codeOf(error),
    );
    expect(code).toBe('ERR_ADVERTISE_MISSING');
  });
});

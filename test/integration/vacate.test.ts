import { Agent, request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SERVER } from '../../core/table-store/records/server.js';
import { within } from '../../core/within.js';
import { TestCluster } from '../support/cluster.js';

/* The connections of an address that goes to another redirector, over real sockets. */

interface Answer {
  readonly status: number | undefined;
  readonly connection: string | undefined;
  readonly isReused: boolean;
}

describe('an address that is given up', () => {
  let cluster: TestCluster;
  let agent: Agent;

  beforeEach(async () => {
    agent = new Agent({ keepAlive: true, maxSockets: 1 });
    cluster = new TestCluster();
    await cluster.start();
    await cluster.addServer('s1', ['vol-1']);
    await cluster.addRedirector('r1');
    await cluster.until('its agent is known', () => cluster.view.all(SERVER).size === 1);
    await cluster.switchTo([['vol-1', 's1']]);
  });

  afterEach(async () => {
    agent.destroy();
    await cluster.stop();
  });

  function ask(workMs = 0, host = '127.0.0.1'): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = { 'x-id': '1', 'x-work-ms': String(workMs) };
      const options = { host, port: cluster.proxyPort(), path: '/vol-1/x', agent, headers };
      const asked = request(options, (answer) => {
        answer.resume();
        const { statusCode: status, headers: said } = answer;
        answer.once('end', () => {
          resolve({ status, connection: said.connection, isReused: asked.reusedSocket });
        });
      });
      asked.once('error', reject);
      asked.end();
    });
  }

  const vacate = (how: 'finish' | 'close', ms: number, ip = '127.0.0.1'): Promise<void> => {
    const [adapter] = cluster.redirectors[0]?.adapters ?? [];
    return within(cluster.clock, ms, async (signal) => adapter?.vacate(ip, how, signal));
  };

  it('answers on its open connections once more, and says that it is the last time', async () => {
    expect((await ask()).connection).not.toBe('close');
    const vacated = vacate('finish', 30_000);
    expect(await ask()).toEqual({ status: 200, connection: 'close', isReused: true });
    await vacated;
    // One that begins meanwhile is served once.
    expect(await ask()).toEqual({ status: 200, connection: 'close', isReused: false });
  });

  it('waits for an answer under way, closes who is between two requests, and leaves other addresses alone', async () => {
    await ask();
    await vacate('close', 30_000, '127.0.0.2');
    expect((await ask()).isReused).toBe(true);
    const slow = ask(400);
    await cluster.until('it is under way', () => cluster.journal.length === 3);
    await vacate('close', 30_000);
    expect((await slow).status).toBe(200);
    expect((await ask()).isReused).toBe(false);
  });

  it('cuts what does not end in time', async () => {
    const slow = ask(1000);
    await cluster.until('it is under way', () => cluster.journal.length === 1);
    const cut = expect(slow).rejects.toMatchObject({ code: 'ECONNRESET' });
    await vacate('close', 200);
    await cut;
  });
});

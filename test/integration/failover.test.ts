import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Pool } from 'undici';
import { LOST, SERVER } from '../../core/table-store/records/server.js';
import { r } from '../support/names.js';
import { TestCluster } from '../support/cluster.js';
import { giveStandbys } from '../support/server-pair.js';

const RESOURCES = ['vol-1', 'vol-2', 'vol-3'];

interface Told {
  readonly id: string;
  readonly status: number;
  readonly server: string;
  readonly executed: string;
}

describe('a server that dies under real traffic', () => {
  let cluster: TestCluster;
  let client: Pool;

  beforeEach(async () => {
    cluster = new TestCluster();
    await cluster.start();
    for (const name of ['s1', 's2']) await cluster.addServer(name, RESOURCES);
    await cluster.addRedirector('r1');
    await cluster.until('agents are known', () => cluster.view.all(SERVER).size === 2);
    expect(await cluster.switchTo(RESOURCES.map((id) => [id, 's1'] as const))).toBe('applied');
    client = new Pool(`http://127.0.0.1:${cluster.proxyPort()}`, { connections: 12 });
  });

  afterEach(async () => {
    await client.close();
    await cluster.stop();
  });

  it('is replaced by the standbys of its resources: held work goes there, none of it runs twice', async () => {
    await giveStandbys(cluster, 's2');
    const told: Told[] = [];
    let isOver = false;
    const traffic = Array.from({ length: 12 }, async (_, worker) => {
      for (let number = 0; !isOver; number++) {
        const id = `${worker}-${number}`;
        const { statusCode, headers, body } = await client.request({
          path: `/${RESOURCES[number % RESOURCES.length] ?? ''}/x`,
          method: number % 2 === 0 ? 'GET' : 'POST',
          headers: { 'x-id': id, 'x-work-ms': String(number % 4) },
          ...(number % 2 === 1 && { body: 'hello' }),
        });
        const text = await body.text();
        const { server = '' } =
          statusCode === 200 ? (JSON.parse(text) as { server: string }) : { server: '' };
        const executed = String(headers['foreshift-executed'] ?? '');
        told.push({ id, status: statusCode, server, executed });
      }
    });
    await cluster.clock.sleep(300);
    await cluster.servers.get('s1')?.stop();
    const isServed = (): boolean =>
      RESOURCES.every((id) => cluster.view.table.placementOf(r(id))?.server === 's2');
    await cluster.until('the standbys serve', isServed, 30_000);
    expect([...cluster.view.all(LOST).keys()]).toEqual(['s1']);
    await cluster.clock.sleep(300);
    isOver = true;
    await Promise.all(traffic);

    const runs = new Map<string, { readonly method: string; count: number }>();
    for (const { id, method } of cluster.journal) {
      runs.set(id, { method, count: (runs.get(id)?.count ?? 0) + 1 });
    }
    // A GET may be repeated elsewhere; nothing else is, and each answer says truthfully whether it ran.
    expect([...runs].filter(([, { method, count }]) => method !== 'GET' && count > 1)).toEqual([]);
    const others = told.filter(({ status }) => status !== 200);
    for (const { id, executed } of others) {
      expect([id, ['no', 'unknown']]).toEqual([id, expect.arrayContaining([executed])]);
      if (executed === 'no') expect([id, runs.get(id)]).toEqual([id, undefined]);
    }
    expect(new Set(told.slice(-20).map(({ status, server }) => `${status} ${server}`))).toEqual(
      new Set(['200 s2']),
    );
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Pool } from 'undici';
import { Draft } from '../../core/table-store/draft.js';
import { ELIGIBLE, SERVER_STATE } from '../../core/table-store/records/server.js';
import { TestCluster } from '../support/cluster.js';
import { r, s } from '../support/names.js';

const RESOURCES = ['web', 'vol-1'];

describe.each([1, 2])('a resource that several servers serve, on %d threads', (threads) => {
  let cluster: TestCluster;
  let client: Pool;
  let isOver: boolean;
  let traffic: Promise<unknown>;
  let failures: unknown[];

  beforeEach(async () => {
    const sharing = { web: { servers: 'all', policy: 'least-in-flight' } } as const;
    cluster = new TestCluster({ threads, sharing });
    await cluster.start();
    for (const name of ['s1', 's2', 's3']) await cluster.addServer(name, RESOURCES);
    // A server that announces itself a moment later than the others would get little at first.
    await cluster.addRedirector('r1', { atWork: { outliers: {}, slowStartMs: 0 } });
    await cluster.until('agents are known', () => cluster.view.all(ELIGIBLE).size === 3);
    await cluster.until('it is shared', () => cluster.redirectors[0]?.atWork.shared?.size === 1);
    client = new Pool(`http://127.0.0.1:${cluster.proxyPort()}`, { connections: 16 });
    failures = [];
    isOver = false;
    traffic = Promise.all(Array.from({ length: 16 }, (_, worker) => ask(worker)));
  });

  afterEach(async () => {
    isOver = true;
    await traffic;
    await client.close();
    await cluster.stop();
  });

  async function ask(worker: number): Promise<void> {
    for (let number = 0; !isOver; number++) {
      const { statusCode, body } = await client.request({
        path: '/web/x',
        method: 'GET',
        headers: { 'x-id': `${worker}-${number}`, 'x-work-ms': String(number % 5) },
      });
      const text = await body.text();
      if (statusCode !== 200) failures.push({ statusCode, text });
    }
  }

  /** How much of the next pieces of its work each server gets. */
  async function partsOfNext(pieces: number): Promise<Record<string, number>> {
    const from = cluster.journal.length;
    const enough = (): boolean => cluster.journal.length >= from + pieces;
    await cluster.until(`${pieces} requests`, enough, 60_000);
    const parts: Record<string, number> = { s1: 0, s2: 0, s3: 0 };
    for (const { server, resource } of cluster.journal.slice(from)) {
      if (resource === 'web') parts[server] = (parts[server] ?? 0) + 1;
    }
    return parts;
  }

  it('is spread over them, and no switch of others touches it', async () => {
    expect(await cluster.switchTo([['vol-1', 's1']])).toBe('applied');
    expect(await cluster.switchTo([['vol-1', 's2']])).toBe('applied');
    const { s1 = 0, s2 = 0, s3 = 0 } = await partsOfNext(1000);
    for (const part of [s1, s2, s3]) expect(part).toBeGreaterThan(150);
    expect(cluster.view.table.placementOf(r('web'))).toBeUndefined();
    expect(failures).toEqual([]);
  });

  it('is left by a server that drains, and by one that dies, without a failed request', async () => {
    await cluster.store.transact(
      new Draft().put(SERVER_STATE, s('s3'), {
        ...{ state: 'draining', by: 'test', reason: '', sinceMs: 0 },
      }).transaction,
    );
    const { gate, atWork } = cluster.redirectors[0]!;
    const underWay = (): number => {
      const others = cluster.redirectors[0]!.seenElsewhere.map(
        ({ servers }) => servers.get(s('s3'))?.underWay ?? 0,
      );
      const own = atWork.loads.underWay(gate.serverIndexOf(s('s3')));
      return others.reduce((sum, one) => sum + one, own);
    };
    await cluster.until('s3 has nothing left', () => underWay() === 0);
    await partsOfNext(100);
    expect((await partsOfNext(500)).s3).toBe(0);
    await cluster.servers.get('s2')?.stop();
    cluster.servers.delete('s2');
    await partsOfNext(100);
    expect(await partsOfNext(500)).toEqual({ s1: expect.any(Number), s2: 0, s3: 0 });
    expect(failures).toEqual([]);
  });

  it('is not let in by an agent whose server was not told so', async () => {
    const gate = cluster.servers.get('s1')?.agent.gate;
    expect(gate?.enter('vol-1', 'shared')?.status).toBe(421);
    expect(gate?.enter('web', 'shared')).toBeUndefined();
    gate?.done('web');
    expect(await cluster.switchTo([['vol-1', 's1']])).toBe('applied');
    expect(gate?.enter('vol-1', 'shared')?.status).toBe(421);
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Pool } from 'undici';
import { SERVER } from '../../core/table-store/records/server.js';
import { r } from '../support/names.js';
import { TestCluster } from '../support/cluster.js';

describe.each([1, 2])('a switch under real traffic, on %d threads', (threads) => {
  let cluster: TestCluster;
  let client: Pool;

  beforeEach(async () => {
    cluster = new TestCluster({ threads });
    await cluster.start();
    await cluster.addServer('s1', ['vol-1', 'vol-2', 'vol-3']);
    await cluster.addServer('s2', ['vol-1', 'vol-2', 'vol-3']);
    await cluster.addRedirector('r1');
    await cluster.until('agents are known', () => cluster.view.all(SERVER).size === 2);
    client = new Pool(`http://127.0.0.1:${cluster.proxyPort()}`, { connections: 16 });
  });

  afterEach(async () => {
    await client.close();
    await cluster.stop();
  });

  it('places resources, moves them, and answers every request', async () => {
    expect(
      await cluster.switchTo([
        ['vol-1', 's1'],
        ['vol-2', 's1'],
        ['vol-3', 's2'],
      ]),
    ).toBe('applied');
    let isOver = false;
    let answered = 0;
    const failures: unknown[] = [];
    const traffic = Array.from({ length: 16 }, async (_, worker) => {
      for (let number = 0; !isOver; number++) {
        const id = `${worker}-${number}`;
        const { statusCode, body } = await client.request({
          path: `/vol-${1 + (number % 3)}/x`,
          method: number % 2 === 0 ? 'GET' : 'POST',
          headers: { 'x-id': id, 'x-work-ms': String(number % 5) },
          ...(number % 2 === 1 && { body: 'hello' }),
        });
        const text = await body.text();
        if (statusCode !== 200) failures.push({ statusCode, text });
        else if ((JSON.parse(text) as { id: string }).id !== id) failures.push('foreign answer');
        answered += 1;
      }
    });
    for (let round = 0; round < 20; round++) {
      const [a, b] = round % 2 === 0 ? ['s2', 's1'] : ['s1', 's2'];
      expect(
        await cluster.switchTo(
          [
            ['vol-1', a],
            ['vol-3', b],
          ],
          [['vol-2', a]],
        ),
      ).toBe('applied');
    }
    isOver = true;
    await Promise.all(traffic);
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(100);
    expect(cluster.journal.map(({ id }) => id).sort()).toEqual(
      [...new Set(cluster.journal.map(({ id }) => id))].sort(),
    );
    expect(cluster.journal).toHaveLength(answered);
    expect(cluster.view.table.placementOf(r('vol-1'))?.server).toBe('s1');
  });
});

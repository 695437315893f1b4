import { afterEach, beforeEach, describe, expect } from '@jest/globals';
import { DAY_MS } from '../../core/metric-store/day.js';
import type { MetricStore } from '../../core/metric-store/port.js';
import { SystemClock } from '../../core/clock/system.js';
import { InfluxServer } from '../support/influx-server.js';
import { KEPT_FOR, influxStore } from '../support/influx-store.js';
import { itWith } from '../support/installed.js';
import { readRow, resourceSeries, sample } from '../support/series.js';

/* What happens to a real InfluxDB, and what the store makes of it. */

const HITS = resourceSeries('vol-1');
const MINUTE = 60_000;

describe('a real InfluxDB', () => {
  const it = itWith(InfluxServer.program);
  const clock = new SystemClock();
  const startMs = Math.floor(Date.now() / DAY_MS) * DAY_MS - 3_600_000;
  let server: InfluxServer;
  let store: MetricStore;

  beforeEach(async () => {
    server = await InfluxServer.start();
    store = influxStore({ url: server.url, database: 'd' });
  });

  afterEach(async () => {
    await store.close();
    await server.dispose();
  });

  function row(steps: number, fromMs = startMs): Promise<(number | null)[]> {
    return readRow(store, HITS, { startMs: fromMs, stepMs: MINUTE, steps });
  }

  it('has what it acknowledged after kill -9', async () => {
    await store.writeSamples([sample(HITS, startMs, 1)]);
    await server.kill();
    await expect(store.writeSamples([sample(HITS, startMs, 9)])).rejects.toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
    });
    await expect(row(1)).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    await server.restart();
    expect(await row(1)).toEqual([1]);
    await store.writeSamples([sample(HITS, startMs + MINUTE, 2)]);
    expect(await row(2)).toEqual([1, 2]);
  });

  it('that stands still holds nobody up, and what was ambiguous may be repeated', async () => {
    await store.close();
    const calls = { writeTimeoutMs: 300, readTimeoutMs: 300 };
    store = influxStore({ url: server.url, database: 'd', calls });
    await store.writeSamples([sample(HITS, startMs, 1)]);
    server.pause();
    const again = [sample(HITS, startMs + MINUTE, 2)];
    await expect(store.writeSamples(again)).rejects.toMatchObject({ code: 'ERR_STORE_AMBIGUOUS' });
    await expect(row(1)).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    await expect(store.compact(clock.realtimeMs())).rejects.toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
    });
    server.goOn();
    await store.writeSamples(again);
    expect(await row(2)).toEqual([1, 2]);
  });

  it('whose database was dropped under us gets it again', async () => {
    await store.writeSamples([sample(HITS, startMs, 1)]);
    await server.ask('DROP DATABASE "d"');
    expect(await row(1)).toEqual([null]);
    await server.ask('DROP DATABASE "d"');
    await store.writeSamples([sample(HITS, startMs, 3)]);
    expect(await row(1)).toEqual([3]);
    const policies = await server.ask('SHOW RETENTION POLICIES ON "d"');
    expect(policies.map(([name, duration]) => [name, duration])).toEqual(
      expect.arrayContaining([
        ['raw', '1488h0m0s'],
        ['state', '0s'],
      ]),
    );
  });

  it('takes over the retention of the config when it changes', async () => {
    await store.writeSamples([sample(HITS, startMs, 1)]);
    await store.close();
    const rollupRetentionMs = 30 * DAY_MS;
    store = influxStore({ url: server.url, database: 'd', rollupRetentionMs });
    expect(await row(1)).toEqual([1]);
    const policies = await server.ask('SHOW RETENTION POLICIES ON "d"');
    const means = policies.find(([name]) => name === 'means');
    expect(means?.[1]).toBe(`${32 * 24}h0m0s`);
  });

  it('into which something else wrote texts refuses our numbers, and we say so', async () => {
    await store.listSeries(0);
    await fetch(`${server.url}/write?db=d&rp=raw&precision=ms`, {
      method: 'POST',
      body: `resource_load,resource=other hits="many" ${startMs}\nresource_load hits="none" ${startMs}`,
    });
    await expect(store.writeSamples([sample(HITS, startMs, 1)])).rejects.toMatchObject({
      code: 'ERR_STORE_REFUSED',
    });
  });

  it('into which something else wrote names of its own is read without them', async () => {
    await store.writeSamples([sample(HITS, startMs, 1)]);
    await fetch(`${server.url}/write?db=d&rp=raw&precision=ms`, {
      method: 'POST',
      body: `resource_load,resource=a\\ b hits=5 ${startMs}\nresource_load hits=6 ${startMs}`,
    });
    expect(await store.listSeries(0)).toEqual([HITS]);
    expect(await row(1)).toEqual([1]);
  });

  it('that died in the middle of a compaction loses no mean by the next', async () => {
    const oldMs = startMs + 3_600_000 - KEPT_FOR.rawRetentionMs - 2 * DAY_MS;
    const samples = Array.from({ length: 48 }, (_, at) =>
      sample(HITS, oldMs + at * 30 * MINUTE, at),
    );
    await store.writeSamples(samples);
    const read = () =>
      readRow(store, HITS, { startMs: oldMs, stepMs: 30 * MINUTE, steps: samples.length });
    const wanted = samples.map(({ value }) => value);
    for (let death = 0; death < 4; death++) {
      const compacting = store.compact(clock.realtimeMs()).catch(() => undefined);
      await clock.sleep(20 + 40 * death);
      await server.kill();
      await compacting;
      await server.restart();
      expect(await read()).toEqual(wanted);
    }
    await store.compact(clock.realtimeMs());
    expect(await read()).toEqual(wanted);
    const left = await server.ask(
      `SELECT count("hits") FROM "raw"."resource_load" WHERE time < ${oldMs + DAY_MS}ms`,
      'd',
    );
    expect(left).toEqual([]);
  });
});

describe('an InfluxDB that asks who we are', () => {
  const it = itWith(InfluxServer.program);

  it('is not available with a wrong password, and is with the right one', async () => {
    const server = await InfluxServer.start({ isGuarded: true });
    try {
      await server.ask(`CREATE USER "shift" WITH PASSWORD 'open sesame' WITH ALL PRIVILEGES`);
      const open = (password: string) =>
        influxStore({ url: server.url, database: 'd', username: 'shift', password });
      await expect(open('wrong').writeSamples([sample(HITS, Date.now(), 1)])).rejects.toMatchObject(
        { code: 'ERR_STORE_UNAVAILABLE' },
      );
      const store = open('open sesame');
      await store.writeSamples([sample(HITS, Date.now(), 1)]);
      expect(await store.listSeries(0)).toEqual([HITS]);
      await store.compact(Date.now());
    } finally {
      await server.dispose();
    }
  });
});

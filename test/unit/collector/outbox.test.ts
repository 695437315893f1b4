import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { OutboxOptions } from '../../../collector/outbox.js';
import { Outbox } from '../../../collector/outbox.js';
import { Spool } from '../../../collector/spool.js';
import { SimulatedClock } from '../../../core/clock/simulated.js';
import { MemoryDisk } from '../../../core/disk/memory.js';
import { SeededRng } from '../../../core/rng.js';
import { fuzzRuns } from '../../support/fuzz.js';
import { HeardLog } from '../../support/heard-log.js';
import { SampleStore, samplesAt, valuesOf } from '../../support/samples.js';
import { stepUntil } from '../../support/step-until.js';

async function outboxOn({
  disk = new MemoryDisk(),
  clock = new SimulatedClock(),
  store = new SampleStore(),
  bytesMax = 1 << 20,
  ...options
}: Partial<OutboxOptions> & {
  disk?: MemoryDisk;
  clock?: SimulatedClock;
  store?: SampleStore;
  bytesMax?: number;
} = {}) {
  const log = new HeardLog();
  const spool = await Spool.open({ disk, clock, log }, { bytesMax, segmentBytes: 400 });
  const outbox = new Outbox({ store, spool, clock, log }, options);
  await outbox.start();
  const write = (...numbers: number[]): Promise<void> =>
    stepUntil(clock, outbox.write(samplesAt(...numbers)));
  return { clock, disk, store, log, outbox, write };
}

describe('Outbox', () => {
  it('hands samples to the store, and resolves once it has them', async () => {
    const { store, outbox, write, disk } = await outboxOn();
    await write(1, 2);
    expect(valuesOf(store.samples)).toEqual([1, 2]);
    expect(outbox.status()).toEqual({
      isSpooling: false,
      ...{ spoolBytes: 0, waitingBytes: 0, waitingSinceMs: null },
      stored: 2,
      lost: { beyondBound: 0, diskFailed: 0, refused: 0 },
      lostAtMs: null,
    });
    expect((await disk.list('spool')).filter((name) => name.startsWith('segment'))).toEqual([]);
  });

  it('hands what is written at the same time over in one call, and much in several', async () => {
    const { store, outbox, clock } = await outboxOn({ batchSamplesMax: 3 });
    const writes = [[1], [2, 3], [4, 5, 6, 7]].map((numbers) =>
      outbox.write(samplesAt(...numbers)),
    );
    await stepUntil(clock, Promise.all(writes));
    expect(store.calls.map(valuesOf)).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
  });

  it('takes no call for nothing', async () => {
    const { store, write } = await outboxOn();
    await write();
    expect(store.calls).toEqual([]);
  });

  it('puts samples on the disk while the store is away, and into it later, in their order', async () => {
    const { store, outbox, write, clock, log } = await outboxOn();
    store.state = 'away';
    for (let number = 1; number <= 20; number++) await write(number);
    expect(outbox.status()).toMatchObject({ isSpooling: true, stored: 0 });
    expect(store.samples).toEqual([]);
    store.state = 'well';
    await write(21);
    await clock.advance(20_000);
    expect(valuesOf(store.samples)).toEqual([...Array(21).keys()].map((at) => at + 1));
    expect(outbox.status()).toMatchObject({ isSpooling: false, stored: 21 });
    expect(log.lines).toEqual([
      'warn store away, samples spooled',
      'info store takes samples again',
    ]);
    await clock.advance(10_000);
    expect(outbox.status().spoolBytes).toBe(0);
  });

  it('says how much waits and since when, until the store has it', async () => {
    const { store, outbox, write, clock } = await outboxOn();
    await clock.advance(1000);
    store.state = 'away';
    const sinceMs = clock.realtimeMs();
    await write(1);
    const { waitingBytes } = outbox.status();
    await clock.advance(3000);
    await write(2);
    expect(waitingBytes).toBeGreaterThan(0);
    expect(outbox.status().waitingBytes).toBeGreaterThan(waitingBytes);
    expect(outbox.status().waitingSinceMs).toBe(sinceMs);
    store.state = 'well';
    await clock.advance(8000);
    // What the store took stays a while, in case that it loses it: it waits no more.
    expect(outbox.status()).toMatchObject({ waitingBytes: 0, waitingSinceMs: null });
    expect(outbox.status().spoolBytes).toBeGreaterThan(0);
  });

  it('knows when it lost samples last, whoever did not take them', async () => {
    const { store, outbox, write, clock, disk } = await outboxOn({ bytesMax: 2000 });
    const lostAt = (): number | null => outbox.status().lostAtMs;
    store.state = 'refusing';
    await write(1);
    expect(lostAt()).toBe(clock.realtimeMs());
    await clock.advance(1000);
    store.state = 'away';
    for (let number = 1; number <= 100; number++) await write(number);
    expect(lostAt()).toBe(clock.realtimeMs());
    await clock.advance(1000);
    disk.full = true;
    await write(101);
    expect(lostAt()).toBe(clock.realtimeMs());
    await clock.advance(1000);
    expect(lostAt()).toBe(clock.realtimeMs() - 1000);
  });

  it('asks the store that is away again and again, less and less often', async () => {
    const { store, write, clock } = await outboxOn({ retryMinMs: 500, retryMaxMs: 15_000 });
    store.state = 'away';
    await write(1);
    const callsIn = async (ms: number): Promise<number> => {
      const before = store.calls.length;
      await clock.advance(ms);
      return store.calls.length - before;
    };
    expect(await callsIn(8000)).toBe(4);
    expect(await callsIn(15_000)).toBe(1);
    expect(await callsIn(150_000)).toBe(10);
  });

  it('keeps no writer waiting for a store that hangs, and never calls it twice at once', async () => {
    const { store, outbox, write, clock } = await outboxOn({ patienceMs: 1000 });
    store.state = 'hanging';
    await write(1);
    expect(clock.monotonicMs()).toBe(1000);
    await write(2);
    await clock.advance(60_000);
    expect(clock.monotonicMs()).toBe(61_000);
    expect(store.calls.length).toBe(1);
    store.wake('well');
    await clock.advance(20_000);
    // The call that hung was carried out, and repeated from the disk: samples are keyed.
    expect(store.values).toEqual({ 'server/s1/hits 1': 1, 'server/s1/hits 2': 2 });
    expect(outbox.status().isSpooling).toBe(false);
  });

  it('throws away what the store refuses for ever, counts it, says so once and goes on', async () => {
    const { store, outbox, write, log } = await outboxOn();
    store.state = 'refusing';
    await write(1);
    await write(2);
    store.state = 'well';
    await write(3);
    expect(valuesOf(store.samples)).toEqual([3]);
    expect(outbox.status().lost.refused).toBe(2);
    expect(log.lines).toEqual(['error samples refused by store']);
  });

  it('counts what a store without room for more series does not take, and says it once however it alternates', async () => {
    const { store, outbox, write, clock, log } = await outboxOn();
    for (let poll = 0; poll < 5; poll++) {
      store.state = 'full';
      await write(10 * poll, 10 * poll + 1, 10 * poll + 2);
      store.state = 'well';
      await write(10 * poll + 3);
      await clock.advance(10_000);
    }
    const { stored, isSpooling, lost } = outbox.status();
    expect([stored, isSpooling, lost.refused]).toEqual([15, false, 5]);
    expect(log.lines).toEqual(['error samples refused by store']);
    expect(log.heard[0]?.fields).toMatchObject({ refused: 1 });
  });

  it('says again that the store refuses once it had not for a while', async () => {
    const { store, write, clock, log } = await outboxOn();
    store.state = 'full';
    await write(1);
    await clock.advance(3_600_000);
    await write(2);
    expect(log.lines).toHaveLength(2);
  });

  it('drops the oldest beyond its bound, counts it, and says so once', async () => {
    const { store, outbox, write, clock, log } = await outboxOn({ bytesMax: 2000 });
    store.state = 'away';
    for (let number = 1; number <= 100; number++) await write(number);
    const { beyondBound } = outbox.status().lost;
    expect(beyondBound).toBeGreaterThan(50);
    expect(outbox.status().spoolBytes).toBeLessThanOrEqual(2000);
    store.state = 'well';
    await clock.advance(60_000);
    const kept = valuesOf(store.samples);
    expect(kept).toEqual([...Array(100 - beyondBound).keys()].map((at) => at + 1 + beyondBound));
    expect(log.lines).toEqual([
      'warn store away, samples spooled',
      'error spool full, oldest samples dropped',
      'info store takes samples again',
    ]);
  });

  it('counts what neither the store nor the disk took, and holds nobody up', async () => {
    const { store, outbox, write, disk, clock, log } = await outboxOn();
    store.state = 'away';
    disk.full = true;
    await write(1);
    await write(2);
    expect(outbox.status().lost.diskFailed).toBe(2);
    disk.full = false;
    store.state = 'well';
    await write(3);
    await clock.advance(20_000);
    expect(valuesOf(store.samples)).toEqual([3]);
    expect(log.lines).toEqual([
      'error samples lost, not spooled',
      'info store takes samples again',
    ]);
  });

  it('brings to the store what an earlier life left on the disk', async () => {
    const first = await outboxOn();
    first.store.state = 'away';
    await first.write(1);
    await first.write(2);
    const disk = first.disk.crash(new SeededRng(1));
    const second = await outboxOn({ disk });
    await second.clock.advance(1);
    expect(valuesOf(second.store.samples)).toEqual([1, 2]);
  });

  it('leaves nothing in memory when it stops', async () => {
    const { store, outbox, clock, disk } = await outboxOn({ patienceMs: 1000 });
    store.state = 'hanging';
    const writes = [outbox.write(samplesAt(1)), outbox.write(samplesAt(2))];
    await stepUntil(clock, outbox.stop());
    await stepUntil(clock, Promise.all(writes));
    const next = await outboxOn({ disk });
    await next.clock.advance(1);
    expect(valuesOf(next.store.samples)).toEqual([1, 2]);
  });

  it('brings every sample to the store once it stays well, whatever happens before', async () => {
    const acts = fc.array(
      fc.oneof(
        fc.constantFrom('well', 'away', 'hanging', 'wake', 'crash' as const),
        fc.nat({ max: 5000 }),
        fc.constant('write' as const),
        fc.constant('write' as const),
      ),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(acts, fc.nat(), async (list, seed) => {
        const rng = new SeededRng(seed);
        const store = new SampleStore();
        let world = await outboxOn({ store, patienceMs: 1000 });
        const written: number[] = [];
        for (const act of list) {
          if (act === 'write') {
            written.push(written.length);
            await world.write(written.length - 1);
          } else if (typeof act === 'number') {
            await world.clock.advance(act);
          } else if (act === 'wake') {
            store.wake('well');
          } else if (act === 'crash') {
            world = await outboxOn({ store, patienceMs: 1000, disk: world.disk.crash(rng) });
          } else {
            store.state = act;
          }
        }
        store.wake('well');
        await world.clock.advance(60_000);
        expect(Object.keys(store.values).length).toBe(written.length);
        expect(world.outbox.status()).toMatchObject({
          isSpooling: false,
          lost: { beyondBound: 0, diskFailed: 0, refused: 0 },
        });
      }),
      fuzzRuns(300),
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { countOf, decodeSamples, encodeSamples } from '../../../collector/spool-record.js';
import type { SpoolOptions } from '../../../collector/spool.js';
import { Spool } from '../../../collector/spool.js';
import { SimulatedClock } from '../../../core/clock/simulated.js';
import { FRAME_BYTES } from '../../../core/disk/frames.js';
import { Journal } from '../../../core/disk/journal.js';
import { MemoryDisk } from '../../../core/disk/memory.js';
import { SILENT_LOG } from '../../../core/log.js';
import { SeededRng } from '../../../core/rng.js';
import type { Sample } from '../../../core/sample.js';
import { METRICS } from '../../../core/sample.js';
import { fuzzRuns } from '../../support/fuzz.js';
import { r, s } from '../../support/names.js';
import { samplesAt, valuesOf } from '../../support/samples.js';

/** Of one sample, with a number of two digits. */
const RECORD_BYTES = FRAME_BYTES + encodeSamples(samplesAt(10)).byteLength;

async function spoolOn(disk: MemoryDisk, options: Partial<SpoolOptions> = {}) {
  const clock = new SimulatedClock();
  const parts = { disk, clock, log: SILENT_LOG };
  return { clock, disk, spool: await Spool.open(parts, options) };
}

async function segmentsOn(disk: MemoryDisk): Promise<string[]> {
  return (await disk.list('spool')).filter((name) => name.startsWith('segment-'));
}

/** Takes everything out. */
async function emptied(spool: Spool): Promise<number[]> {
  const values: number[] = [];
  for (let batch = await spool.peek(); batch !== undefined; batch = await spool.peek()) {
    values.push(...valuesOf(batch));
    spool.shift(batch);
  }
  return values;
}

describe('Spool', () => {
  it('gives batches back in the order they came', async () => {
    const { spool } = await spoolOn(new MemoryDisk(), { segmentBytes: 2 * RECORD_BYTES });
    expect(spool.isEmpty).toBe(true);
    for (const number of [1, 2, 3, 4, 5]) await spool.append(samplesAt(number));
    expect(spool.isEmpty).toBe(false);
    expect(await emptied(spool)).toEqual([1, 2, 3, 4, 5]);
    expect(spool.isEmpty).toBe(true);
  });

  it('keeps a batch until it is shifted', async () => {
    const { spool } = await spoolOn(new MemoryDisk());
    await spool.append(samplesAt(1));
    await spool.append(samplesAt(2));
    expect(await spool.peek()).toEqual(samplesAt(1));
    const first = await spool.peek();
    expect(first).toEqual(samplesAt(1));
    spool.shift(samplesAt(1));
    expect(await spool.peek()).toBe(first);
    if (first !== undefined) spool.shift(first);
    expect(await spool.peek()).toEqual(samplesAt(2));
  });

  it('takes new batches while old ones are taken out', async () => {
    const { spool } = await spoolOn(new MemoryDisk());
    await spool.append(samplesAt(1));
    const first = await spool.peek();
    await spool.append(samplesAt(2));
    if (first !== undefined) spool.shift(first);
    expect(await emptied(spool)).toEqual([2]);
  });

  it('fills no full disk with empty files, and goes on in the last one', async () => {
    const { disk, spool } = await spoolOn(new MemoryDisk());
    await spool.append(samplesAt(1));
    disk.full = true;
    for (let number = 2; number < 100; number++) {
      await expect(spool.append(samplesAt(number))).rejects.toMatchObject({
        code: 'ERR_DISK_FAILED',
      });
    }
    expect(await segmentsOn(disk)).toEqual(['segment-1', 'segment-2']);
    disk.full = false;
    await spool.append(samplesAt(100));
    expect(await segmentsOn(disk)).toEqual(['segment-1', 'segment-2']);
    await spool.close();
    expect(await emptied((await spoolOn(disk)).spool)).toEqual([1, 100]);
  });

  it('begins another file where the empty one is about to be removed', async () => {
    const { clock, disk, spool } = await spoolOn(new MemoryDisk());
    disk.full = true;
    await expect(spool.append(samplesAt(1))).rejects.toThrow();
    disk.full = false;
    expect(await spool.peek()).toBeUndefined();
    await spool.append(samplesAt(2));
    await clock.advance(60_000);
    expect(await emptied(spool)).toEqual([2]);
  });

  it('has no more files than its bound, however short failures leave them', async () => {
    const { disk, spool } = await spoolOn(new MemoryDisk(), { segmentsMax: 5 });
    disk.failsToSync = true;
    for (let number = 10; number < 30; number++) {
      await expect(spool.append(samplesAt(number))).rejects.toMatchObject({
        code: 'ERR_DISK_UNSYNCED',
      });
    }
    disk.failsToSync = false;
    await spool.append(samplesAt(30));
    await spool.append(samplesAt(31));
    expect(await segmentsOn(disk)).toHaveLength(5);
    expect(await emptied(spool)).toEqual([26, 27, 28, 29, 30, 31]);
    expect(spool.lost).toBe(16);
  });

  it('drops the oldest beyond its bound, and counts what the store does not have', async () => {
    const options = { bytesMax: 16 * RECORD_BYTES, segmentBytes: 2 * RECORD_BYTES };
    const { spool } = await spoolOn(new MemoryDisk(), options);
    for (let number = 10; number < 26; number++) await spool.append(samplesAt(number));
    expect(spool.bytes).toBe(options.bytesMax);
    expect(spool.lost).toBe(0);
    // Of the oldest segment one batch is delivered, one is lost.
    const first = await spool.peek();
    if (first !== undefined) spool.shift(first);
    await spool.append(samplesAt(26));
    expect(spool.lost).toBe(1);
    expect(spool.bytes).toBeLessThanOrEqual(options.bytesMax);
    for (let number = 27; number < 33; number++) await spool.append(samplesAt(number));
    expect(spool.lost).toBe(7);
    expect(await emptied(spool)).toEqual([
      18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32,
    ]);
  });

  it('does not take a batch that is longer than all of it', async () => {
    const { spool } = await spoolOn(new MemoryDisk(), { bytesMax: 100 });
    await spool.append(samplesAt(1, 2, 3, 4, 5, 6, 7, 8));
    expect(spool.isEmpty).toBe(true);
    expect(spool.lost).toBe(8);
  });

  it('still has after a crash what was appended and not delivered', async () => {
    const { spool, disk } = await spoolOn(new MemoryDisk(), { segmentBytes: 2 * RECORD_BYTES });
    for (const number of [1, 2, 3, 4, 5]) await spool.append(samplesAt(number));
    const { spool: next } = await spoolOn(disk.crash(new SeededRng(1)));
    expect(next.isEmpty).toBe(false);
    await next.append(samplesAt(6));
    expect(await emptied(next)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('keeps what the store took until it is surely durable there', async () => {
    const { spool, disk, clock } = await spoolOn(new MemoryDisk(), { storeDurableMs: 10_000 });
    await spool.append(samplesAt(1));
    await emptied(spool);
    await clock.advance(9_999);
    expect((await disk.list('spool')).length).toBe(1);
    await clock.advance(1);
    expect(await disk.list('spool')).toEqual([]);
    expect(spool.bytes).toBe(0);
  });

  it('delivers again after a crash what may not have become durable in the store', async () => {
    const { spool, disk, clock } = await spoolOn(new MemoryDisk(), { storeDurableMs: 10_000 });
    await spool.append(samplesAt(1));
    await emptied(spool);
    await clock.advance(5000);
    const { spool: next } = await spoolOn(disk.crash(new SeededRng(1)));
    expect(await emptied(next)).toEqual([1]);
  });

  it('passes over a batch that it cannot read, and counts it', async () => {
    const { spool, disk } = await spoolOn(new MemoryDisk());
    const strange = Buffer.from('\u0007\0\0\0{"version":2}');
    const { journal } = await Journal.open(disk, 'spool/segment-1');
    await journal.append(encodeSamples(samplesAt(1)));
    await journal.append(strange);
    await journal.append(encodeSamples(samplesAt(2)));
    await spool.close();
    const { spool: next } = await spoolOn(disk);
    expect(await emptied(next)).toEqual([1, 2]);
    expect(next.lost).toBe(7);
  });

  it('passes over the torn end of a file', async () => {
    const { spool, disk } = await spoolOn(new MemoryDisk());
    await spool.append(samplesAt(1));
    await spool.append(samplesAt(2));
    const bytes = await disk.read('spool/segment-1');
    const torn = new MemoryDisk();
    await torn.replace('spool/segment-1', bytes?.subarray(0, -1) ?? new Uint8Array(0));
    await torn.replace('spool/segment-2', new Uint8Array(0));
    const { spool: next } = await spoolOn(torn);
    expect(await emptied(next)).toEqual([1]);
  });

  it('says when the disk is full, and goes on when it is not any more', async () => {
    const { spool, disk } = await spoolOn(new MemoryDisk());
    await spool.append(samplesAt(1));
    disk.full = true;
    await expect(spool.append(samplesAt(2))).rejects.toMatchObject({ code: 'ERR_DISK_FAILED' });
    disk.full = false;
    await spool.append(samplesAt(3));
    expect(await emptied(spool)).toEqual([1, 3]);
  });

  it('goes on in another file when the disk did not confirm a write', async () => {
    const { spool, disk } = await spoolOn(new MemoryDisk());
    await spool.append(samplesAt(1));
    disk.failsToSync = true;
    await expect(spool.append(samplesAt(2))).rejects.toMatchObject({ code: 'ERR_DISK_UNSYNCED' });
    disk.failsToSync = false;
    await spool.append(samplesAt(3));
    // The second batch may be there or not: it was not acknowledged.
    expect((await emptied(spool)).filter((value) => value !== 2)).toEqual([1, 3]);
  });

  it('belongs to one process', async () => {
    const { spool, disk } = await spoolOn(new MemoryDisk());
    await expect(spoolOn(disk)).rejects.toMatchObject({ code: 'ERR_DATA_LOCKED' });
    await spool.close();
    await expect(spoolOn(disk)).resolves.toBeDefined();
  });

  it('loses nothing acknowledged within its bound, nor its order, whatever crashes', async () => {
    const acts = fc.array(fc.constantFrom('append', 'append', 'deliver', 'wait', 'crash'), {
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(acts, fc.nat(), async (list, seed) => {
        const rng = new SeededRng(seed);
        const options = { segmentBytes: 3 * RECORD_BYTES, storeDurableMs: 100 };
        let { spool, disk, clock } = await spoolOn(new MemoryDisk(), options);
        const appended: number[] = [];
        const store = new Set<number>();
        /** What the store would lose if it crashed together with the spool. */
        let fresh: { readonly value: number; readonly atMs: number }[] = [];
        for (const act of list) {
          if (act === 'append') {
            appended.push(100 + appended.length);
            await spool.append(samplesAt(appended.at(-1) ?? 0));
          } else if (act === 'deliver') {
            const batch = await spool.peek();
            if (batch === undefined) continue;
            for (const value of valuesOf(batch)) {
              store.add(value);
              fresh.push({ value, atMs: clock.monotonicMs() });
            }
            spool.shift(batch);
          } else if (act === 'wait') {
            await clock.advance(60);
          } else {
            for (const { value, atMs } of fresh) {
              if (clock.monotonicMs() - atMs < 100) store.delete(value);
            }
            fresh = [];
            ({ spool, disk, clock } = await spoolOn(disk.crash(rng), options));
          }
        }
        const rest = await emptied(spool);
        expect(rest).toEqual([...rest].sort((a, b) => a - b));
        expect(new Set([...store, ...rest])).toEqual(new Set(appended));
        expect(spool.lost).toBe(0);
      }),
      fuzzRuns(500),
    );
  });
});

describe('the record of a batch', () => {
  const series = fc.oneof(
    fc.record({
      subject: fc.constant('server' as const),
      id: fc.constantFrom(s('s1'), s('a.b:c-d_e')),
      metric: fc.constantFrom(...METRICS),
    }),
    fc.record({
      subject: fc.constant('resource' as const),
      id: fc.constantFrom(r('vol-1'), r('vol-2')),
      metric: fc.constantFrom(...METRICS),
    }),
  );
  const sample = fc.record({
    series,
    timeMs: fc.constantFrom(0, 1_700_000_000_123, 1_700_000_010_123),
    value: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
  });

  it('comes back as it was, its samples by time', () => {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1 }), (samples) => {
        const timesMs = [...new Set(samples.map(({ timeMs }) => timeMs))];
        const byTime: Sample[] = timesMs.flatMap((time) =>
          samples.filter(({ timeMs }) => timeMs === time),
        );
        const record = encodeSamples(samples);
        expect(decodeSamples(record)).toEqual(byTime);
        expect(countOf(record)).toBe(samples.length);
      }),
      fuzzRuns(1000),
    );
  });

  it('is undefined if it is none of ours', () => {
    const refused = [
      '',
      'x',
      '{}',
      '{"version":2,"groups":[]}',
      '{"version":1,"groups":[{"timeMs":1,"series":["server/s1/cpu"],"values":[-1]}]}',
      '{"version":1,"groups":[{"timeMs":1,"series":["server/s1"],"values":[1]}]}',
      '{"version":1,"groups":[{"timeMs":1,"series":["server/s1/cpu"],"values":[]}]}',
    ];
    for (const text of refused) expect(decodeSamples(Buffer.from(`0000${text}`))).toBeUndefined();
    expect(decodeSamples(new Uint8Array(2))).toBeUndefined();
    expect(countOf(new Uint8Array(2))).toBe(0);
    fc.assert(
      fc.property(fc.json(), (text) => {
        decodeSamples(Buffer.from(`0000${text}`));
      }),
      fuzzRuns(10_000),
    );
  });
});

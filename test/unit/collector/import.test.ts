import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ImportOptions } from '../../../collector/import.js';
import { importTrace } from '../../../collector/import.js';
import { SimulatedClock } from '../../../core/clock/simulated.js';
import { formatSeries } from '../../../core/sample.js';
import { generatedTrace } from '../../../core/trace/generated.js';
import type { Trace } from '../../../core/trace/trace.js';
import { fuzzRuns } from '../../support/fuzz.js';
import { r } from '../../support/names.js';
import { SampleStore } from '../../support/samples.js';
import { stepUntil } from '../../support/step-until.js';

/** Two resources, three steps of five minutes; a gap, and no network. */
const TRACE: Trace = {
  resources: [r('vm-1'), r('vm-2')],
  grid: { startMs: 1_300_000_200_000, stepMs: 300_000, steps: 3 },
  loads: {
    cpu: Float32Array.of(1, 2, 3, 4, NaN, 6),
    memory: Float32Array.of(10, 20, 30, 40, 50, 60),
  },
};

function importInto(store: SampleStore, trace = TRACE, options: ImportOptions = {}) {
  const clock = new SimulatedClock();
  return stepUntil(clock, importTrace(trace, { store, clock }, options));
}

async function imported(options: ImportOptions = {}, trace = TRACE) {
  const store = new SampleStore();
  const report = await importInto(store, trace, options);
  const lines = store.samples.map(
    ({ series, timeMs, value }) => `${timeMs} ${formatSeries(series)} ${value}`,
  );
  return { store, report, lines };
}

describe('importTrace', () => {
  it('brings every sample to the store, in the order of time, and leaves gaps', async () => {
    const { lines, report } = await imported();
    expect(lines).toEqual([
      '1300000200000 resource/vm-1/cpu 1',
      '1300000200000 resource/vm-2/cpu 4',
      '1300000200000 resource/vm-1/memory 10',
      '1300000200000 resource/vm-2/memory 40',
      '1300000500000 resource/vm-1/cpu 2',
      '1300000500000 resource/vm-1/memory 20',
      '1300000500000 resource/vm-2/memory 50',
      '1300000800000 resource/vm-1/cpu 3',
      '1300000800000 resource/vm-2/cpu 6',
      '1300000800000 resource/vm-1/memory 30',
      '1300000800000 resource/vm-2/memory 60',
    ]);
    expect(report).toEqual({ stepsDone: 3, samples: 11, dropped: 0, grid: TRACE.grid });
  });

  it('shifts the trace so that its last step is just over', async () => {
    const endMs = 1_800_000_000_000 + 7_000;
    const { report, lines } = await imported({ endMs });
    expect(report.grid).toEqual({ startMs: 1_799_999_100_000, stepMs: 300_000, steps: 3 });
    expect(lines[0]).toBe('1799999100000 resource/vm-1/cpu 1');
    expect(lines.at(-1)).toBe('1799999700000 resource/vm-2/memory 60');
  });

  it('speeds the trace up', async () => {
    const { lines } = await imported({ endMs: 1_800_000_000_300, stepMs: 500 });
    expect(lines.filter((line) => line.includes('vm-1/cpu'))).toEqual([
      '1799999998500 resource/vm-1/cpu 1',
      '1799999999000 resource/vm-1/cpu 2',
      '1799999999500 resource/vm-1/cpu 3',
    ]);
  });

  it('scales each dimension from its unit to ours', async () => {
    const { lines } = await imported({ scales: { cpu: 0.5, memory: 2 ** 20 } });
    expect(lines[0]).toBe('1300000200000 resource/vm-1/cpu 0.5');
    expect(lines[2]).toBe('1300000200000 resource/vm-1/memory 10485760');
  });

  it('counts what a wrong scale made unbelievable, and leaves it out', async () => {
    const { report, lines } = await imported({ scales: { memory: 1e300 } });
    expect(report).toMatchObject({ samples: 5, dropped: 6 });
    expect(lines.filter((line) => line.includes('memory'))).toEqual([]);
  });

  it('gives resources other names, or leaves them out', async () => {
    const rename = (_: string, index: number) => (index === 0 ? undefined : r(`vol-${index}`));
    const { lines } = await imported({ rename });
    expect(lines[0]).toBe('1300000200000 resource/vol-1/cpu 4');
    expect(lines.some((line) => line.includes('vm-'))).toBe(false);
    expect(lines.length).toBe(5);
  });

  it('says how far it is, and hands over no more at once than it should', async () => {
    const steps: string[] = [];
    const { store } = await imported({
      batchSamplesMax: 4,
      progress: ({ stepsDone, samples }) => steps.push(`${stepsDone}/3 ${samples}`),
    });
    expect(steps).toEqual(['0/3 4', '2/3 8', '3/3 11']);
    expect(store.calls.map(({ length }) => length)).toEqual([4, 4, 3]);
  });

  it('can be called off between two batches', async () => {
    const abort = new AbortController();
    const store = new SampleStore();
    const options = {
      batchSamplesMax: 4,
      signal: abort.signal,
      progress: () => {
        abort.abort(new Error('called off'));
      },
    };
    await expect(importInto(store, TRACE, options)).rejects.toThrow('called off');
    expect(store.samples.length).toBe(4);
  });

  it('says when the store is away; done again, it is as if done once', async () => {
    const store = new SampleStore();
    store.state = 'away';
    await expect(importInto(store)).rejects.toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
    });
    store.state = 'well';
    await importInto(store);
    await importInto(store);
    expect(Object.keys(store.values).length).toBe(11);
  });

  it('takes no scale that is none', async () => {
    await expect(imported({ scales: { cpu: 0 } })).rejects.toThrow('a scale is above 0');
    await expect(imported({ scales: { cpu: NaN } })).rejects.toThrow('a scale is above 0');
  });

  it('has each value of any trace once, at its time, whatever the batches', async () => {
    const shape = fc.record({
      resources: fc.integer({ min: 1, max: 5 }),
      days: fc.double({ min: 0.01, max: 0.1, noNaN: true }),
      seed: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(shape, fc.integer({ min: 1, max: 200 }), async (given, batchSamplesMax) => {
        const trace = generatedTrace(given);
        const { store } = await imported({ batchSamplesMax }, trace);
        const { startMs, stepMs, steps } = trace.grid;
        const hits = store.samples.filter(({ series }) => series.metric === 'hits');
        expect(hits.length).toBe(trace.resources.length * steps);
        for (const { series, timeMs, value } of hits) {
          const at = trace.resources.indexOf(series.id as (typeof trace.resources)[number]);
          const step = (timeMs - startMs) / stepMs;
          expect(value).toBe(trace.loads.hits?.[at * steps + step]);
        }
      }),
      fuzzRuns(100),
    );
  });
});

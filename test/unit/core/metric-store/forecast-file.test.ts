import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { framed, recordsOf } from '../../../../core/disk/frames.js';
import { decodeForecast, encodeForecast } from '../../../../core/metric-store/forecast-file.js';
import { damaged } from '../../../support/damage.js';
import { fuzzRuns } from '../../../support/fuzz.js';
import { forecastRun, resourceSeries, serverSeries } from '../../../support/series.js';

const SERIES = [
  serverSeries('s1'),
  resourceSeries('a:b.c_d-1', 'latency'),
  resourceSeries('vol-7'),
];

describe('the file of the latest forecast', () => {
  it('gives back what was written', () => {
    const run = forecastRun(SERIES, { startMs: 1_700_000_000_000, leads: [1, 3, 12] });
    expect(decodeForecast(encodeForecast(run))).toEqual(run);
    const empty = forecastRun([], { startMs: 0, leads: [] });
    expect(decodeForecast(encodeForecast(empty))).toEqual(empty);
  });

  it('gives back more values than one frame holds', () => {
    const many = Array.from({ length: 2000 }, (_, at) => resourceSeries(`vol-${at}`));
    const run = forecastRun(many, { startMs: 0, steps: 288 });
    const read = decodeForecast(encodeForecast(run));
    expect(read?.block.series).toEqual(many);
    expect(Buffer.compare(bytesOf(read?.block.paths), bytesOf(run.block.paths))).toBe(0);
    expect(read?.block.loadings).toEqual(run.block.loadings);
  });

  it('is whole or nothing, whatever becomes of its bytes', () => {
    const run = forecastRun(SERIES, { startMs: 1_700_000_000_000 });
    const bytes = encodeForecast(run);
    fc.assert(
      fc.property(damaged(bytes), (damage) => {
        const read = decodeForecast(damage);
        if (Buffer.compare(damage, bytes) === 0) expect(read).toEqual(run);
        else expect(read).toBeUndefined();
      }),
      fuzzRuns(10_000),
    );
  });

  it('is whole or nothing, whatever its head says', () => {
    const run = forecastRun(SERIES, { startMs: 1_700_000_000_000 });
    const [head, ...values] = recordsOf(encodeForecast(run)).records;
    const fields = JSON.parse(Buffer.from(head!).toString()) as Record<string, unknown>;
    const { grid } = run.block;
    const value = fc.oneof(
      fc.constantFrom(1e300, -1, 0, 1e9, 'x', null, [], ['server/s1/cpu'], ['x'], {
        ...grid,
        steps: 1e12,
      }),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(fields)), value, (key, other) => {
        const wrong = Buffer.from(JSON.stringify({ ...fields, [key]: other }));
        const read = decodeForecast(framed([wrong, ...values]));
        expect(read === undefined || read.block.paths.length === run.block.paths.length).toBe(true);
      }),
      fuzzRuns(10_000),
    );
  });
});

function bytesOf(values: Float32Array | undefined): Uint8Array {
  return new Uint8Array(
    values?.buffer ?? new ArrayBuffer(0),
    values?.byteOffset,
    values?.byteLength,
  );
}

import { describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { codeOf } from '../../../../core/errors.js';
import type { ParseTraceOptions } from '../../../../core/trace/read.js';
import { parseTrace } from '../../../../core/trace/read.js';
import type { Trace } from '../../../../core/trace/trace.js';
import { dimensionsOf, TRACE_HEADER } from '../../../../core/trace/trace.js';
import { traceText } from '../../../../core/trace/write.js';
import { fuzzRuns } from '../../../support/fuzz.js';

/*
 * Random bytes, rows of hostile fields, and whole traces: never anything thrown but a coded error, never a
 * trace that breaks its promises, and what is written is read back.
 */

const RUNS = fuzzRuns(10_000);
const TIMEOUT_MS = 60_000;
const LIMITS = { resourcesMax: 50, cellsMax: 5_000, lineBytesMax: 200 };

function parsed(
  chunks: readonly Uint8Array[],
  options: Partial<ParseTraceOptions> = {},
): Promise<Trace | string> {
  return parseTrace(Readable.from(chunks), { file: 'f', limits: LIMITS, ...options }).catch(
    (error: unknown) => codeOf(error) ?? Promise.reject(error as Error),
  );
}

function expectSound({ resources, grid, loads }: Trace): void {
  expect(new Set(resources).size).toBe(resources.length);
  expect(grid.startMs % grid.stepMs).toBe(0);
  for (const values of Object.values(loads)) {
    expect(values.length).toBe(resources.length * grid.steps);
    expect(values.every((value) => Number.isNaN(value) || (value >= 0 && value < Infinity))).toBe(
      true,
    );
  }
}

/** One text in pieces, so that characters, fields and lines are cut anywhere. */
function cut(text: string, at: readonly number[]): Uint8Array[] {
  const bytes = Buffer.from(text);
  const places = [0, ...at.map((place) => place % (bytes.length + 1)), bytes.length];
  places.sort((a, b) => a - b);
  return places.slice(1).map((to, index) => bytes.subarray(places[index], to));
}

const field = fc.oneof(
  fc.constantFrom(
    '0',
    '300',
    '600',
    '1200',
    'a',
    'b',
    '',
    '',
    '',
    '1',
    '-1',
    'NaN',
    '1e400',
    '1e-400',
  ),
  fc.constantFrom(
    '"',
    '""',
    '"a"',
    ' ',
    '\r',
    '\n',
    '\0',
    '\u00e9',
    '0x1',
    '__proto__',
    '1,2',
    '#',
  ),
  fc.string({ maxLength: 8 }),
);
const anyRow = fc.array(field, { minLength: 5, maxLength: 7 });
/** Mostly well: what is wrong with it is the order, or one field. */
const likelyRow = fc
  .tuple(fc.nat(8), fc.constantFrom('a', 'b', 'c'), fc.oneof(fc.constant('1.5'), field))
  .map(([step, name, value]) => [String(step * 300), name, value, '', '', '7']);
const hostile = fc.oneof(
  fc.array(anyRow, { maxLength: 12 }),
  fc.array(fc.oneof({ weight: 9, arbitrary: likelyRow }, anyRow), { maxLength: 12 }),
  fc
    .uniqueArray(likelyRow, { maxLength: 20, selector: ([time, name]) => `${time}/${name}` })
    .map((rows) => rows.sort((a, b) => (a[1]! < b[1]! ? -1 : a[1]! > b[1]! ? 1 : +a[0]! - +b[0]!))),
);

describe('the reader of traces', () => {
  it('answers any bytes with a trace that keeps its promises, or a coded error', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.boolean(),
        async (bytes, isCompressed) => {
          const result = await parsed([bytes], { isCompressed });
          if (typeof result !== 'string') expectSound(result);
        },
      ),
      RUNS,
    );
  });

  it(
    'answers rows of any fields likewise, however they are cut',
    async () => {
      await fc.assert(
        fc.asyncProperty(hostile, fc.array(fc.nat(), { maxLength: 5 }), async (rows, places) => {
          const text = [TRACE_HEADER, ...rows].map((fields) => fields.join(',')).join('\n');
          const whole = await parsed([Buffer.from(text)]);
          if (typeof whole !== 'string') expectSound(whole);
          expect(await parsed(cut(text, places))).toEqual(whole);
        }),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );

  it('reads back what was written', async () => {
    const load = fc.oneof(
      fc.constant(NaN),
      fc.float({ min: 0, noNaN: true, noDefaultInfinity: true }),
    );
    const trace = fc
      .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 2, max: 6 }), fc.nat(1e6))
      .chain(([count, steps, start]) =>
        fc
          .array(load, { minLength: 2 * count * steps, maxLength: 2 * count * steps })
          .map((values) => made(count, steps, start, values)),
      );
    await fc.assert(
      fc.asyncProperty(trace, async (written) => {
        const text = Buffer.from([...traceText(written)].join(''));
        const read = await parsed([text], { stepMs: written.grid.stepMs });
        expect(read).toEqual(written);
        expect(dimensionsOf(written)).toEqual(['cpu', 'hits']);
      }),
      RUNS,
    );
  });
});

/** The first resource has no gap, so that the grid is what was meant. */
function made(count: number, steps: number, start: number, values: readonly number[]): Trace {
  const half = count * steps;
  const cpu = Float32Array.from(values.slice(0, half)).fill(1, 0, steps);
  const hits = Float32Array.from(values.slice(half));
  for (let index = 0; index < count; index++) hits[index * steps] = 0;
  return {
    resources: Array.from(
      { length: count },
      (_, index) => `r${index}`,
    ) as unknown as Trace['resources'],
    grid: { startMs: start * 300, stepMs: 300, steps },
    loads: { cpu, hits },
  };
}

import { describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { generatedTrace } from '../../../../core/trace/generated.js';
import type { ParseTraceOptions } from '../../../../core/trace/read.js';
import { parseTrace, readTrace } from '../../../../core/trace/read.js';
import { dimensionsOf, panelIn } from '../../../../core/trace/trace.js';
import type { Trace } from '../../../../core/trace/trace.js';
import { traceText } from '../../../../core/trace/write.js';

const HEADER = 'timestamp,resource,cpu,memory,network,hits';

function parsed(text: string, options: Partial<ParseTraceOptions> = {}): Promise<Trace> {
  return parseTrace(Readable.from([Buffer.from(text)]), { file: 'a.csv', ...options });
}

/** Of rows under the right header. */
function rows(...lines: string[]): Promise<Trace> {
  return parsed([HEADER, ...lines, ''].join('\n'));
}

describe('a trace that is read', () => {
  it('puts all resources on one grid, from the first sample to the last', async () => {
    const trace = await rows(
      '600,a,1,,,',
      '900,a,2,,,',
      '1200,a,3,,,',
      '300,b,,,,7',
      '1500,b,,,,8',
    );
    expect(trace.grid).toEqual({ startMs: 300, stepMs: 300, steps: 5 });
    expect(trace.resources).toEqual(['a', 'b']);
    expect(dimensionsOf(trace)).toEqual(['cpu', 'hits']);
    expect([...(trace.loads.cpu ?? [])]).toEqual([NaN, 1, 2, 3, NaN, NaN, NaN, NaN, NaN, NaN]);
    expect([...(trace.loads.hits ?? [])]).toEqual([NaN, NaN, NaN, NaN, NaN, 7, NaN, NaN, NaN, 8]);
  });

  it('takes the commonest spacing as the step, so that gaps and jitter do no harm', async () => {
    const trace = await rows('0,a,1,,,', '900,a,2,,,', '1200,a,3,,,', '1501,a,4,,,', '1801,a,5,,,');
    expect(trace.grid).toEqual({ startMs: 0, stepMs: 300, steps: 7 });
  });

  it('starts its grid at a whole multiple of the step', async () => {
    const trace = await rows('1001,a,1,,,', '1301,a,2,,,');
    expect(trace.grid).toEqual({ startMs: 900, stepMs: 300, steps: 2 });
  });

  it('takes the step it is told', async () => {
    const trace = await parsed(`${HEADER}\n0,a,1,,,\n900,a,2,,,\n`, { stepMs: 300 });
    expect(trace.grid.steps).toBe(4);
  });

  it('keeps the order of the file: resources need not be sorted, only together', async () => {
    const trace = await rows('0,vm2,1,,,', '300,vm2,1,,,', '0,vm10,1,,,');
    expect(trace.resources).toEqual(['vm2', 'vm10']);
  });

  it('reads numbers as 32-bit floats, in plain and scientific notation', async () => {
    const trace = await rows('0,a,1.5e3,.5,3.,1E-2', '300,a,0,0,0,0');
    expect(trace.loads.cpu?.[0]).toBe(1500);
    expect(trace.loads.memory?.[0]).toBe(0.5);
    expect(trace.loads.network?.[0]).toBe(3);
    expect(trace.loads.hits?.[0]).toBe(Math.fround(0.01));
  });

  it('takes byte order mark, carriage returns and quotes', async () => {
    const trace = await parsed(`\ufeff${HEADER}\r\n0,"a",1,,,\r\n300,"a","2",,,\r\n`);
    expect([...(trace.loads.cpu ?? [])]).toEqual([1, 2]);
  });

  it('comes out of gzip the same', async () => {
    const bytes = gzipSync(`${HEADER}\n0,a,1,,,\n300,a,2,,,\n`);
    const source = Readable.from([bytes.subarray(0, 20), bytes.subarray(20)]);
    const trace = await parseTrace(source, { file: 'a.csv.gz', isCompressed: true });
    expect(trace.grid.steps).toBe(2);
  });

  it('gives a dimension as a panel on the same memory', async () => {
    const trace = await rows('0,a,1,,,', '300,a,2,,,');
    const panel = panelIn(trace, 'cpu');
    expect(panel?.series).toEqual([{ subject: 'resource', id: 'a', metric: 'cpu' }]);
    expect(panel?.values).toBe(trace.loads.cpu);
    expect(panelIn(trace, 'hits')).toBeUndefined();
  });

  it('survives being written and read again, value by value, gaps included', async () => {
    const made = generatedTrace({ resources: 5, days: 0.5, seed: 3 });
    made.loads.cpu?.fill(NaN, 10, 14);
    const text = [...traceText(made)].join('');
    expect(await parsed(text)).toEqual(made);
  });
});

describe('a trace with a fault is refused with file, line, what and fix', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['an empty file', '', 'a.csv:1: there is no load in it'],
    ['a header alone', `${HEADER}\n`, 'a.csv:1: there is no load in it'],
    ['another header', 'time,cpu\n1,2\n', 'a.csv:1: the header is "time,cpu"'],
    ['no header', '0,a,1,,,\n', 'a.csv:1: the header is "0,a,1,,,"'],
    ['rows without a load', `${HEADER}\n0,a,,,,\n300,a,,,,\n`, 'a.csv:1: there is no load in it'],
    ['a field too few', `${HEADER}\n0,a,1,,\n`, 'a.csv:2: 5 fields instead of 6'],
    ['a field too many', `${HEADER}\n0,a,1,,,,\n`, 'a.csv:2: 7 fields instead of 6'],
    ['an empty line', `${HEADER}\n0,a,1,,,\n\n300,a,1,,,\n`, 'a.csv:3: 1 fields instead of 6'],
    ['a time in words', `${HEADER}\n2024-01-01,a,1,,,\n`, 'a.csv:2: "2024-01-01" is not a time'],
    ['a time with a fraction', `${HEADER}\n1.5,a,1,,,\n`, 'a.csv:2: "1.5" is not a time'],
    ['a time before 1970', `${HEADER}\n-1,a,1,,,\n`, 'a.csv:2: "-1" is not a time'],
    ['a bad name', `${HEADER}\n0,a b,1,,,\n`, 'a.csv:2: "a b" is not a name of a resource'],
    ['a negative load', `${HEADER}\n0,a,-1,,,\n`, 'a.csv:2: cpu is "-1"'],
    ['a load that is no number', `${HEADER}\n0,a,,,NaN,\n`, 'a.csv:2: network is "NaN"'],
    ['an infinite load', `${HEADER}\n0,a,,,,Infinity\n`, 'a.csv:2: hits is "Infinity"'],
    ['a load past 32 bits', `${HEADER}\n0,a,,1e39,,\n`, 'a.csv:2: memory is "1e39"'],
    ['a load in hexadecimal', `${HEADER}\n0,a,0x10,,,\n`, 'a.csv:2: cpu is "0x10"'],
    ['a load with a blank', `${HEADER}\n0,a, 1,,,\n`, 'a.csv:2: cpu is " 1"'],
    ['a duplicate', `${HEADER}\n0,a,1,,,\n0,a,1,,,\n`, 'a.csv:3: a second row of a at 0'],
    [
      'time that goes back',
      `${HEADER}\n300,a,1,,,\n0,a,1,,,\n`,
      'a.csv:3: an earlier row after a later one of a at 0',
    ],
    [
      'a resource that comes back',
      `${HEADER}\n0,a,1,,,\n0,b,1,,,\n300,a,1,,,\n`,
      'a.csv:4: the rows of a do not stand together',
    ],
    [
      'two rows within a step',
      `${HEADER}\n0,a,1,,,\n300,a,1,,,\n600,a,1,,,\n899,a,1,,,\n`,
      'a.csv:5: a second row of a within one step of 300 ms',
    ],
    [
      'no two rows of any resource',
      `${HEADER}\n0,a,1,,,\n0,b,1,,,\n`,
      'a.csv:2: no resource has two rows, so the step cannot be found',
    ],
    [
      'a quote that stays open',
      `${HEADER}\n0,"a,1,,,\n`,
      'a.csv:2: not CSV (CSV_QUOTE_NOT_CLOSED)',
    ],
    [
      'a very long line',
      `${HEADER}\n0,${'a'.repeat(2000)},1,,,\n`,
      'a.csv:2: longer than 1024 bytes',
    ],
  ];

  it.each(cases)('%s', async (_, text, message) => {
    await expect(parsed(text)).rejects.toMatchObject({ code: 'ERR_TRACE_INVALID', message });
  });

  it('with a remedy for each', async () => {
    for (const [, text] of cases) {
      const error: unknown = await parsed(text).catch((caught: unknown) => caught);
      expect(error).toHaveProperty('remedy', expect.stringMatching(/^[A-Z].{20}/));
    }
  });

  it.each([
    ['resources', { resourcesMax: 1 }, 'a.csv holds 2 resources; 1 are allowed'],
    ['cells', { cellsMax: 3 }, 'a.csv holds 4 cells; 3 are allowed'],
    ['rows', { cellsMax: 2 }, 'a.csv holds 3 rows; 2 are allowed'],
  ])('too many %s', async (_, limits, message) => {
    const text = `${HEADER}\n0,a,1,,,\n300,a,1,,,\n0,b,1,,,\n`;
    await expect(parsed(text, { limits })).rejects.toMatchObject({
      code: 'ERR_TRACE_OVERSIZED',
      message,
    });
  });

  it('two rows an age apart, before memory is taken for the time between', async () => {
    const text = `${HEADER}\n0,a,1,,,\n300,a,1,,,\n999999999999999,a,1,,,\n`;
    await expect(parsed(text)).rejects.toMatchObject({ code: 'ERR_TRACE_OVERSIZED' });
  });

  it('what is not gzip, or cut off', async () => {
    const whole = gzipSync(`${HEADER}\n0,a,1,,,\n300,a,2,,,\n`);
    for (const bytes of [Buffer.from(HEADER), whole.subarray(0, -9)]) {
      const source = Readable.from([bytes]);
      await expect(
        parseTrace(source, { file: 'a.csv.gz', isCompressed: true }),
      ).rejects.toMatchObject({ code: 'ERR_TRACE_UNREADABLE' });
    }
  });

  it('a file that is not there', async () => {
    await expect(readTrace('no/such/file.csv')).rejects.toMatchObject({
      code: 'ERR_TRACE_UNREADABLE',
    });
  });

  it('when told to stop, it stops', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(parsed(`${HEADER}\n0,a,1,,,\n`, { signal })).rejects.toThrow();
  });
});

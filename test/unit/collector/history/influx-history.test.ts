import { describe, expect, it } from '@jest/globals';
import type { HistoryCall } from '../../../../collector/history/call.js';
import type { InfluxMapping } from '../../../../collector/history/influx-history.js';
import { influxHistory } from '../../../../collector/history/influx-history.js';
import { oversizedAnswer } from '../../../../core/net/call-failure.js';

const STEP_MS = 60_000;
const START_MS = 1_700_000_040_000;
const GRID = { startMs: START_MS, stepMs: STEP_MS, steps: 4 };
const MAPPING: InfluxMapping = {
  measurement: 'disk "io"',
  field: 'reads',
  tag: 'volume',
  retention: undefined,
  where: undefined,
  isCounter: false,
};
const OPTIONS = {
  url: 'http://influx:8086',
  database: 'telegraf',
  mapping: MAPPING as InfluxMapping | undefined,
  credentials: {},
  dimension: 'hits',
} as const;

interface Told {
  readonly tags?: Readonly<Record<string, string>>;
  readonly values: readonly (readonly unknown[])[];
}

const answerOf = (series: readonly Told[]) => ({
  status: 200,
  body: Buffer.from(
    `${JSON.stringify({
      results: [{ series: series.map((one) => ({ ...one, columns: ['time', 'value'] })) }],
    })}\n`,
  ),
});

/** Answers each statement with what it is told to, else with nothing. */
function influx(tell: (statement: string) => readonly Told[] = () => []) {
  const statements: string[] = [];
  const methods = new Set<string>();
  const call: HistoryCall = ({ url, method }) => {
    const statement = new URL(url).searchParams.get('q') ?? '';
    statements.push(statement);
    methods.add(method);
    return Promise.resolve(answerOf(tell(statement)));
  };
  return { call, statements, methods };
}

const at = (step: number, value: unknown) => [START_MS + step * STEP_MS, value] as const;

describe('a history in InfluxDB', () => {
  it('is the mean of a field per step, by a tag; names are quoted, and nothing but SELECT is asked', async () => {
    const { call, statements, methods } = influx(() => [
      { tags: { volume: 'b' }, values: [at(0, 1), at(3, 4)] },
      { tags: { volume: '' }, values: [at(0, 9)] },
      { tags: { volume: 'a' }, values: [at(1, 2), at(2, null)] },
    ]);
    const trace = await influxHistory(GRID, OPTIONS, call);
    expect(trace.resources).toEqual(['a', 'b']);
    expect([...(trace.loads.hits ?? [])]).toEqual([NaN, 2, NaN, NaN, 1, NaN, NaN, 4]);
    expect(statements).toEqual([
      `SELECT mean("reads") FROM "disk \\"io\\"" WHERE time >= ${START_MS}ms AND time < ${START_MS + 4 * STEP_MS}ms GROUP BY time(60000ms, ${START_MS % STEP_MS}ms), "volume" fill(none)`,
    ]);
    expect([...methods]).toEqual(['GET']);
  });

  it('takes how fast a counter grows, a condition and a retention policy', async () => {
    const { call, statements } = influx(() => [{ tags: { volume: 'a' }, values: [at(0, 1)] }]);
    const mapping = { ...MAPPING, isCounter: true, where: `"cpu" = 'all'`, retention: 'year' };
    await influxHistory(GRID, { ...OPTIONS, mapping }, call);
    expect(statements[0]).toContain(
      'SELECT non_negative_derivative(mean("reads"), 1s) FROM "year".',
    );
    expect(statements[0]).toContain(`time >= ${START_MS - STEP_MS}ms`);
    expect(statements[0]).toContain(`AND ("cpu" = 'all') GROUP BY`);
  });

  it('takes no second statement for a condition', async () => {
    const mapping = { ...MAPPING, where: '1=1; DROP DATABASE telegraf' };
    const { call, statements } = influx();
    await expect(influxHistory(GRID, { ...OPTIONS, mapping }, call)).rejects.toThrow();
    expect(statements).toEqual([]);
  });

  it('is, of a Foreshift, its samples and the means that it keeps of older ones', async () => {
    const { call, statements } = influx((statement) => [
      {
        tags: { resource: 'a%0020b' },
        values: statement.includes('"raw"') ? [at(2, 3)] : [at(0, 1), at(2, 9)],
      },
    ]);
    const trace = await influxHistory(GRID, { ...OPTIONS, mapping: undefined }, call);
    expect(statements.map((statement) => /FROM (\S+)/.exec(statement)?.[1])).toEqual([
      '"raw"."resource_load"',
      '"means"."resource_load"',
    ]);
    expect(trace.resources).toEqual(['a_b']);
    expect([...(trace.loads.hits ?? [])]).toEqual([1, NaN, 3]);
  });

  it.each([
    ['measurement', 'SHOW MEASUREMENTS', 'cpu, mem'],
    ['field', 'SHOW FIELD KEYS FROM "disk \\"io\\""', 'writes'],
    ['tag', 'SHOW TAG KEYS FROM "disk \\"io\\""', 'disk'],
  ])('says that there is no such %s, and which there are', async (what, asked, known) => {
    const all: Readonly<Record<string, readonly string[]>> = {
      'SHOW MEASUREMENTS': ['disk "io"'],
      'SHOW FIELD KEYS FROM "disk \\"io\\""': ['reads'],
      'SHOW TAG KEYS FROM "disk \\"io\\""': ['volume'],
      [asked]: known.split(', '),
    };
    const { call } = influx((statement) => [
      { values: (all[statement] ?? []).map((name) => [name, 'float']) },
    ]);
    await expect(influxHistory(GRID, OPTIONS, call)).rejects.toMatchObject({
      code: 'ERR_HISTORY_UNKNOWN',
      message: expect.stringContaining(`has no ${what} `),
      remedy: `Take one that it has: ${known}.`,
    });
  });

  it('says that there is nothing where the names are right', async () => {
    const { call } = influx((statement) => {
      const names = ['disk "io"', 'reads', 'volume'];
      return statement.startsWith('SHOW') ? [{ values: names.map((name) => [name, '']) }] : [];
    });
    await expect(influxHistory(GRID, OPTIONS, call)).rejects.toMatchObject({
      code: 'ERR_HISTORY_EMPTY',
    });
  });

  it.each([
    [200, '{"results":[{"error":"database not found: telegraf"}]}', 'ERR_HISTORY_UNKNOWN'],
    [200, '{"results":[{"error":"max-select-point limit exceeded"}]}', 'ERR_HISTORY_REFUSED'],
    [400, '{"error":"error parsing query"}', 'ERR_HISTORY_REFUSED'],
    [401, '{"error":"unable to parse authentication credentials"}', 'ERR_HISTORY_REFUSED'],
    [200, '{"results":[{"series":[],"partial":true}]}', 'ERR_HISTORY_INVALID'],
    [200, '<html>', 'ERR_HISTORY_INVALID'],
    [
      200,
      '{"results":[{"series":[{"tags":{"volume":"a"},"columns":["time","mean"],"values":[[1,"x"]]}]}]}',
      'ERR_HISTORY_INVALID',
    ],
  ])('answers %i %s: %s', async (status, body, code) => {
    const call = () => Promise.resolve({ status, body: Buffer.from(body) });
    await expect(influxHistory(GRID, OPTIONS, call)).rejects.toMatchObject({ code });
  });

  it('says that it cannot be reached, or answers with too much', async () => {
    const away = () => Promise.reject(new Error('connect ECONNREFUSED'));
    await expect(influxHistory(GRID, OPTIONS, away)).rejects.toMatchObject({
      code: 'ERR_HISTORY_UNREACHABLE',
    });
    const long = () => Promise.reject(oversizedAnswer('http://influx:8086', 1));
    await expect(influxHistory(GRID, OPTIONS, long)).rejects.toMatchObject({
      code: 'ERR_HISTORY_OVERSIZED',
    });
  });
});

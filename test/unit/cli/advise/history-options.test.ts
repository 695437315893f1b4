import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { historyOf } from '../../../../cli/advise/history-options.js';
import type { VerbOptions } from '../../../../cli/verb.js';
import type { HistoryRequest } from '../../../../collector/history/call.js';
import { generatedTrace } from '../../../../core/trace/generated.js';
import { traceText } from '../../../../core/trace/write.js';
import { PrometheusRange } from '../../../support/prometheus-range.js';

const NOW_MS = Date.UTC(2024, 5, 1);
const DAY_MS = 86_400_000;
const PROMETHEUS = { prometheus: 'http://p:9090', query: 'x', label: 'volume' };
const INFLUX = { influx: 'http://i:8086', database: 'foreshift' };

let folder: string;
let file: string;
let columns: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foreshift-history-'));
  file = join(folder, 'trace.csv');
  columns = join(folder, 'columns.csv');
  const trace = generatedTrace({ resources: 2, days: 5, stepMs: 3_600_000 });
  await writeFile(file, [...traceText(trace)].join(''));
  await writeFile(columns, 'time,volume,load\n1,a,2\n');
  await writeFile(join(folder, 'secret'), 'abc\n');
});

afterAll(() => rm(folder, { recursive: true }));

/** Prometheus has so many days of a resource; nothing else answers. */
function read(name: string, options: VerbOptions, { daysKept = 30 } = {}) {
  const range = new PrometheusRange([
    {
      labels: { volume: 'a' },
      valueAt: (timeMs) => (timeMs > NOW_MS - daysKept * DAY_MS ? 1 : undefined),
    },
  ]);
  const requests: HistoryRequest[] = [];
  const call = (request: HistoryRequest) => {
    requests.push(request);
    if (!request.url.includes('query_range')) return Promise.reject(new Error('away'));
    const { status, body } = range.answer(request.body ?? '');
    return Promise.resolve({ status, body: Buffer.from(body) });
  };
  return { requests, history: historyOf(name, options, { call, nowMs: NOW_MS }) };
}

describe('where advise reads from', () => {
  it('is the last days of a trace', async () => {
    const { trace, dimension } = await read(file, { days: '3' }).history;
    expect(trace.grid.steps).toBe(72);
    expect(trace.resources).toHaveLength(2);
    expect(dimension).toBe('cpu');
    expect((await read(file, {}).history).trace.grid.steps).toBe(120);
  });

  it('is the last days of a store, in steps of five minutes unless told otherwise', async () => {
    const { trace } = await read('', { ...PROMETHEUS, days: '3' }).history;
    const grid = { startMs: NOW_MS - 3 * DAY_MS, stepMs: 300_000, steps: 864 };
    expect(trace.grid).toEqual(grid);
    const hourly = await read('', { ...PROMETHEUS, step: '3600000', dimension: 'hits' }).history;
    expect(hourly.trace.grid.steps).toBe(14 * 24);
    expect(Object.keys(hourly.trace.loads)).toEqual(['hits']);
  });

  it('is asked with what a file says', async () => {
    const { requests, history } = read('', { ...PROMETHEUS, tokenFile: join(folder, 'secret') });
    await history;
    expect(requests[0]?.headers).toMatchObject({ authorization: 'Bearer abc' });
  });

  it('is too short where the store has kept less than two days', async () => {
    const { history } = read('', PROMETHEUS, { daysKept: 1.5 });
    await expect(history).rejects.toMatchObject({
      code: 'ERR_HISTORY_SHORT',
      message:
        'x, Prometheus at http://p:9090 has 36 h of history; 2 d are the least to learn from and to judge by',
    });
  });

  it.each<readonly [string, () => readonly [string, VerbOptions], string]>([
    ['no source', () => ['', {}], 'ERR_OPTION_MISSING'],
    ['two sources', () => [file, INFLUX], 'ERR_OPTION_INVALID'],
    ['too few days', () => [file, { days: '1' }], 'ERR_HISTORY_SHORT'],
    ['days without end', () => [file, { days: '1e9' }], 'ERR_OPTION_INVALID'],
    ['a word for a dimension', () => [file, { dimension: 'disk' }], 'ERR_OPTION_INVALID'],
    ['unknown columns', () => [columns, {}], 'ERR_TRACE_INVALID'],
    ['no such file', () => [join(folder, 'none.csv'), {}], 'ERR_TRACE_UNREADABLE'],
    ['no query', () => ['', { prometheus: 'http://p' }], 'ERR_OPTION_MISSING'],
    ['no label', () => ['', { prometheus: 'http://p', query: 'x' }], 'ERR_OPTION_MISSING'],
    ['half a mapping', () => ['', { ...INFLUX, measurement: 'm' }], 'ERR_OPTION_MISSING'],
    ['a tag of nothing', () => ['', { ...INFLUX, tag: 't' }], 'ERR_OPTION_MISSING'],
    ['a store that is away', () => ['', INFLUX], 'ERR_HISTORY_UNREACHABLE'],
    ['another scheme', () => ['', { influx: 'ftp://i' }], 'ERR_OPTION_INVALID'],
    ['no address', () => ['', { prometheus: 'prometheus' }], 'ERR_OPTION_INVALID'],
    ['a secret in an address', () => ['', { influx: 'http://u:abc@i' }], 'ERR_OPTION_INVALID'],
    ['a step of no time', () => ['', { ...INFLUX, step: '1' }], 'ERR_OPTION_INVALID'],
    ['no file of a token', () => ['', { ...INFLUX, tokenFile: 'none' }], 'ERR_FILE_UNREADABLE'],
    [
      'a second statement',
      () => ['', { ...INFLUX, measurement: 'm', field: 'f', tag: 't', where: '1=1; DROP' }],
      'ERR_OPTION_INVALID',
    ],
  ])('is refused where there is %s, with what to do', async (_what, given, code) => {
    const { history } = read(...given());
    const refused = await history.then(
      () => undefined,
      (error: unknown) => error as { code: string; message: string; remedy: string },
    );
    expect(refused).toMatchObject({ code, remedy: expect.stringMatching(/./) });
    expect(refused?.message).not.toContain('abc');
  });
});

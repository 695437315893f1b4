import { describe, expect, it } from '@jest/globals';
import type { HistoryCall, HistoryRequest } from '../../../../collector/history/call.js';
import { prometheusHistory } from '../../../../collector/history/prometheus-history.js';
import type { RangeSeries } from '../../../support/prometheus-range.js';
import { PrometheusRange } from '../../../support/prometheus-range.js';

const STEP_MS = 60_000;
const START_MS = 1_700_000_040_000;
const OPTIONS = {
  url: 'http://prometheus:9090/',
  query: 'sum by (volume) (load)',
  label: 'volume',
  credentials: {},
  dimension: 'cpu',
} as const;

function series(volume: string, valueAt: RangeSeries['valueAt']): RangeSeries {
  return { labels: { volume }, valueAt };
}

/** So many steps of it, and what was asked for them. */
async function read(
  all: readonly RangeSeries[],
  steps: number,
  options: Partial<Parameters<typeof prometheusHistory>[1]> = {},
) {
  const range = new PrometheusRange(all);
  const requests: HistoryRequest[] = [];
  const call: HistoryCall = (request) => {
    requests.push(request);
    const { status, body } = range.answer(request.body ?? '');
    return Promise.resolve({ status, body: Buffer.from(body) });
  };
  const grid = { startMs: START_MS, stepMs: STEP_MS, steps };
  const trace = await prometheusHistory(grid, { ...OPTIONS, ...options }, call);
  return { trace, requests, asked: range.asked };
}

const answering =
  (status: number, body: string): HistoryCall =>
  () =>
    Promise.resolve({ status, body: Buffer.from(body) });
const GRID = { startMs: START_MS, stepMs: STEP_MS, steps: 10 };

describe('a history in Prometheus', () => {
  it('is read step by step: what is said of a moment is of the step that ends then', async () => {
    const minutes = (timeMs: number): number => (timeMs - START_MS) / STEP_MS;
    const { trace, requests } = await read([series('b', minutes), series('a', () => 7)], 4);
    expect(trace).toEqual({
      resources: ['a', 'b'],
      grid: { startMs: START_MS, stepMs: STEP_MS, steps: 4 },
      loads: { cpu: Float32Array.of(7, 7, 7, 7, 1, 2, 3, 4) },
    });
    expect(requests[0]).toMatchObject({
      method: 'POST',
      url: 'http://prometheus:9090/api/v1/query_range',
    });
  });

  it('is asked for in parts, none of more points than Prometheus answers, and each step once', async () => {
    const steps = 30 * 1440;
    const { trace, asked } = await read([series('a', (timeMs) => timeMs / 1e12)], steps);
    expect(trace.grid.steps).toBe(steps);
    expect(trace.loads.cpu?.every((value) => value > 1)).toBe(true);
    const points = asked.map(({ start, end, step }) => (end - start) / step + 1);
    expect(points.reduce((sum, count) => sum + count, 0)).toBe(steps);
    expect(Math.max(...points)).toBe(11_000);
  });

  it('is asked for in shorter parts where there are many series', async () => {
    const many = Array.from({ length: 500 }, (_, at) => series(`v${at}`, () => at));
    const { asked } = await read(many, 4000);
    const points = asked.map(({ start, end, step }) => (end - start) / step + 1);
    expect(Math.max(...points.slice(1))).toBe(2000);
  });

  it('keeps no gaps at its ends, and takes what is no load for a gap', async () => {
    const values = [undefined, 1, NaN, -1, Infinity, 2, undefined];
    const { trace } = await read(
      [series('a', (timeMs) => values[(timeMs - START_MS) / STEP_MS - 1])],
      values.length,
    );
    expect(trace.grid).toMatchObject({ startMs: START_MS + STEP_MS, steps: 5 });
    expect([...(trace.loads.cpu ?? [])]).toEqual([1, NaN, NaN, NaN, 2]);
  });

  it('has names as ours may be, each its own', async () => {
    const names = ['/srv/a b', '/srv/a_b', 'x'.repeat(300)];
    const { trace } = await read(
      names.map((name) => series(name, () => 1)),
      2,
    );
    expect(trace.resources).toEqual(['_srv_a_b', '_srv_a_b_2', 'x'.repeat(128)]);
  });

  it('asks as who it is told to', async () => {
    const { requests } = await read([series('a', () => 1)], 2, { credentials: { token: 'abc' } });
    expect(requests[0]?.headers).toMatchObject({ authorization: 'Bearer abc' });
    const basic = await read([series('a', () => 1)], 2, {
      credentials: { user: 'ann', password: 'pw' },
    });
    expect(basic.requests[0]?.headers).toMatchObject({ authorization: 'Basic YW5uOnB3' });
  });

  it('says which labels there are where the one that is asked for is not', async () => {
    await expect(read([series('a', () => 1)], 2, { label: 'disk' })).rejects.toMatchObject({
      code: 'ERR_HISTORY_UNKNOWN',
      message: 'Prometheus at http://prometheus:9090/ has no label "disk"',
      remedy: 'Take one that it has: volume.',
    });
  });

  it('refuses two series of one name', async () => {
    const twice = [series('a', () => 1), { labels: { volume: 'a', disk: '1' }, valueAt: () => 2 }];
    await expect(read(twice, 2)).rejects.toMatchObject({
      code: 'ERR_HISTORY_DOUBLE',
      remedy: 'Add them up: sum by (volume) (…).',
    });
  });

  it('says that there is nothing, or too much', async () => {
    await expect(read([], 2)).rejects.toMatchObject({ code: 'ERR_HISTORY_EMPTY' });
    const limits = { resourcesMax: 2, cellsMax: 100 };
    const three = ['a', 'b', 'c'].map((name) => series(name, () => 1));
    await expect(read(three, 2, { limits })).rejects.toMatchObject({
      code: 'ERR_HISTORY_OVERSIZED',
      message: 'Prometheus at http://prometheus:9090/ holds 3 resources; 2 are allowed',
    });
    await expect(read(three.slice(0, 2), 60, { limits })).rejects.toMatchObject({
      code: 'ERR_HISTORY_OVERSIZED',
    });
  });

  it.each([
    ['an error of its own', 400, '{"status":"error","error":"parse error"}', 'ERR_HISTORY_REFUSED'],
    ['a login', 401, 'Unauthorized', 'ERR_HISTORY_REFUSED'],
    ['a page', 200, '<html>', 'ERR_HISTORY_INVALID'],
    ['a redirect', 302, '', 'ERR_HISTORY_INVALID'],
    [
      'no matrix',
      200,
      '{"status":"success","data":{"resultType":"vector","result":[]}}',
      'ERR_HISTORY_INVALID',
    ],
    [
      'a broken series',
      200,
      '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{}}]}}',
      'ERR_HISTORY_INVALID',
    ],
    [
      'a broken value',
      200,
      '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"volume":"a"},"values":[["1",2]]}]}}',
      'ERR_HISTORY_INVALID',
    ],
  ])('is not made of %s', async (_what, status, body, code) => {
    await expect(prometheusHistory(GRID, OPTIONS, answering(status, body))).rejects.toMatchObject({
      code,
    });
  });

  it('says that it cannot be reached, and why', async () => {
    const call = () => Promise.reject(new Error('connect ECONNREFUSED'));
    await expect(prometheusHistory(GRID, OPTIONS, call)).rejects.toMatchObject({
      code: 'ERR_HISTORY_UNREACHABLE',
      message: 'Prometheus at http://prometheus:9090/ cannot be reached: connect ECONNREFUSED',
    });
  });
});

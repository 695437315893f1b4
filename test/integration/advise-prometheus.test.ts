import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { prometheusHistory } from '../../collector/history/prometheus-history.js';
import { webCall } from '../../cli/web-call.js';
import { describeWith } from '../support/installed.js';
import { PrometheusServer } from '../support/prometheus-server.js';
import { untilWithin } from '../support/until.js';

const STEP_MS = 30_000;
/** More than Prometheus answers of one series: some four days. */
const STEPS = 12_000;
const START_MS = Math.floor(Date.now() / STEP_MS) * STEP_MS - (STEPS + 10) * STEP_MS;
const GRID = { startMs: START_MS, stepMs: STEP_MS, steps: STEPS };

describeWith(PrometheusServer.program)('a history in a real Prometheus', () => {
  let prometheus: PrometheusServer;

  beforeAll(async () => {
    const lines = ['a', 'b'].flatMap((volume, row) =>
      Array.from({ length: STEPS }, (_, step) => {
        const second = (START_MS + (step + 1) * STEP_MS) / 1000;
        return `load{volume="${volume}",disk="1"} ${1000 * row + (step % 1000)} ${second}`;
      }),
    );
    prometheus = await PrometheusServer.remembering(['# TYPE load gauge', ...lines]);
    const answers = () =>
      prometheus.ask('vector(1)').then(
        () => true,
        () => false,
      );
    await untilWithin(30_000)('Prometheus answers', answers);
  });

  afterAll(() => prometheus.dispose());

  const read = (query: string, label = 'volume') => {
    const options = {
      url: prometheus.url,
      query,
      label,
      credentials: {},
      dimension: 'cpu',
    } as const;
    return prometheusHistory(GRID, options, webCall);
  };

  it('is read whole, though it has more points than one answer', async () => {
    const { resources, grid, loads } = await read('sum by (volume) (load)');
    expect(resources).toEqual(['a', 'b']);
    expect(grid).toEqual(GRID);
    const expected = [0, 1].flatMap((row) =>
      Array.from({ length: STEPS }, (_, step) => 1000 * row + (step % 1000)),
    );
    expect(loads.cpu).toEqual(Float32Array.from(expected));
  });

  it.each([
    ['sum by (volume) (load', 'volume', 'ERR_HISTORY_REFUSED'],
    ['sum by (volume) (load)', 'disk', 'ERR_HISTORY_UNKNOWN'],
    ['load', 'disk', 'ERR_HISTORY_DOUBLE'],
    ['lode', 'volume', 'ERR_HISTORY_EMPTY'],
  ])('refuses %s by %s', async (query, label, code) => {
    await expect(read(query, label)).rejects.toMatchObject({ code });
  });
});

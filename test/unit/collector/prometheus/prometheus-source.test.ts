import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NODE_EXPORTER } from '../../../../collector/prometheus/node-exporter.js';
import { PrometheusSource } from '../../../../collector/prometheus/prometheus-source.js';
import { SelectedMapping } from '../../../../collector/prometheus/selected.js';
import { believableMax } from '../../../../collector/rates.js';
import { codeOf } from '../../../../core/errors.js';
import { fuzzRuns } from '../../../support/fuzz.js';
import { s } from '../../../support/names.js';
import type { NodeFigures } from '../../../support/node-exporter-page.js';
import { nodeExporterPage } from '../../../support/node-exporter-page.js';
import { PageNet } from '../../../support/page-net.js';
import { polled } from '../../../support/polls.js';

const URL = 'http://10.0.0.1:9100/metrics';

function sourceOf(mapping = NODE_EXPORTER) {
  const net = new PageNet();
  const source = new PrometheusSource(net, {
    server: s('s1'),
    url: URL,
    mapping,
    pageBytesMax: 1 << 20,
    intervalMaxMs: 35_000,
    limits: believableMax({ cpu: 4, memory: 8e9, network: 1e9 }, 2),
  });
  return { net, source };
}

/** Two processors that burn one core between them; eth0 with 3000 bytes/s. */
function figuresAt(seconds: number): NodeFigures {
  return {
    timeMs: 1.7e12 + seconds * 1000,
    cpu: [
      { user: 100 + seconds * 0.75, idle: 900 + seconds * 0.25 },
      { system: 50 + seconds * 0.25, idle: 950 + seconds * 0.75 },
    ],
    devices: { eth0: [1e6 + seconds * 2000, 1e6 + seconds * 1000], lo: [seconds * 9e9, 0] },
  };
}

const WELL = ['server/s1/cpu 1', 'server/s1/memory 2000000000', 'server/s1/network 3000'];

describe('PrometheusSource', () => {
  it('makes of a node_exporter cores, used bytes, and bytes a second', async () => {
    const { net, source } = sourceOf();
    net.put(URL, nodeExporterPage(figuresAt(0)));
    expect(await polled(source, 1000)).toEqual(['server/s1/memory 2000000000']);
    net.put(URL, nodeExporterPage(figuresAt(10)));
    expect(await polled(source, 11_000)).toEqual(WELL);
    expect(net.calls[0]).toMatchObject({
      method: 'GET',
      headers: { accept: 'text/plain;version=0.0.4', 'accept-encoding': 'identity' },
      timeoutMs: 5000,
      answerBytesMax: 1 << 20,
    });
  });

  it('makes nothing of a page that is, to the byte, that of the poll before', async () => {
    const { net, source } = sourceOf(new SelectedMapping({ hits: 'h_total' }));
    net.put(URL, 'h_total 10\n');
    await polled(source, 0);
    expect(await polled(source, 10_000)).toEqual(['hits stale']);
    net.put(URL, 'h_total 50\n');
    expect(await polled(source, 20_000)).toEqual(['server/s1/hits 2']);
  });

  it('makes nothing of a page whose own clock stands still, though other lines move', async () => {
    const { net, source } = sourceOf();
    net.put(URL, nodeExporterPage(figuresAt(0)));
    await polled(source, 0);
    net.put(URL, nodeExporterPage({ ...figuresAt(0), memoryAvailable: 5e9 }));
    expect(await polled(source, 10_000)).toEqual(['cpu stale', 'memory stale', 'network stale']);
    net.put(URL, nodeExporterPage(figuresAt(20)));
    expect(await polled(source, 20_000)).toEqual(WELL);
  });

  it('drops a dimension that is missing or in doubt, and keeps the others', async () => {
    const { net, source } = sourceOf();
    net.put(URL, nodeExporterPage(figuresAt(0)));
    await polled(source, 0);
    const { cpu, ...rest } = figuresAt(10);
    net.put(URL, nodeExporterPage({ ...rest, cpu: [{ user: 'NaN' }, ...cpu.slice(1)] }));
    expect(await polled(source, 10_000)).toEqual([...WELL.slice(1), 'cpu not-finite']);
    net.put(URL, nodeExporterPage({ ...figuresAt(20), devices: {} }));
    expect(await polled(source, 20_000)).toEqual([...WELL.slice(0, 2), 'network missing']);
  });

  it('waits for a device that came or went: the sum before was one of other parts', async () => {
    const { net, source } = sourceOf();
    net.put(URL, nodeExporterPage(figuresAt(0)));
    await polled(source, 0);
    const { devices, ...rest } = figuresAt(10);
    net.put(URL, nodeExporterPage({ ...rest, devices: { ...devices, eth1: [5e9, 0] } }));
    expect(await polled(source, 10_000)).toEqual([...WELL.slice(0, 2), 'network parts-changed']);
  });

  it('notices a restart of the server by its counters', async () => {
    const { net, source } = sourceOf();
    net.put(URL, nodeExporterPage(figuresAt(1000)));
    await polled(source, 0);
    const reborn = {
      ...figuresAt(1010),
      cpu: [{ user: 5 }, { user: 1 }],
      devices: { eth0: [9, 9] },
    } as const;
    net.put(URL, nodeExporterPage(reborn));
    expect(await polled(source, 10_000)).toEqual([WELL[1], 'cpu reset', 'network reset']);
  });

  it.each([
    ['another status', { status: 503, body: 'a 1\n', type: 'text/plain' }, 'ERR_PAGE_STATUS'],
    ['a redirect', { status: 302, body: '', type: 'text/plain' }, 'ERR_PAGE_STATUS'],
    [
      'a page of another kind',
      { body: '<html>', type: 'text/html; charset=utf-8' },
      'ERR_PAGE_TYPE',
    ],
    ['a page of no kind', { body: 'a 1\n', type: '' }, 'ERR_PAGE_TYPE'],
    ['a broken page', { body: 'node_time_seconds x\n', type: 'text/plain' }, 'ERR_PAGE_INVALID'],
    [
      'a page that was cut',
      { body: 'node_time_seconds 17', type: 'text/plain' },
      'ERR_PAGE_INVALID',
    ],
    [
      'OpenMetrics without its end',
      { body: 'node_time_seconds 1\n', type: 'application/openmetrics-text; version=1.0.0' },
      'ERR_PAGE_INVALID',
    ],
  ])('refuses %s whole', async (_, answer, code) => {
    const { net, source } = sourceOf();
    net.answer(URL, () => Promise.resolve(answer));
    expect(await polled(source, 0)).toEqual([code]);
  });

  it('takes OpenMetrics, too', async () => {
    const { net, source } = sourceOf(new SelectedMapping({ hits: 'h_total' }));
    const type = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
    net.put(URL, '# TYPE h counter\nh_total 10 100.0\n# EOF\n', type);
    await polled(source, 0);
    net.put(URL, '# TYPE h counter\nh_total 30 110.0 # {} 1\n# EOF\n', type);
    expect(await polled(source, 10_000)).toEqual(['server/s1/hits 2']);
  });
});

describe('PrometheusSource on lying pages', () => {
  const number = fc.oneof(
    fc.constantFrom(
      'NaN',
      '+Inf',
      '-Inf',
      '-1',
      '1e308',
      '1e999',
      '0',
      '5e-324',
      '18446744073709551615',
    ),
    fc.nat().map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  );
  const figures = fc.record({
    timeMs: fc.constantFrom(1.7e12, 1.7e12 + 10_000, 1.7e12 + 20_000, 0, -5, 1e300),
    cpu: fc.array(fc.record({ user: number, idle: number }), { maxLength: 3 }),
    memoryTotal: number,
    memoryAvailable: number,
    devices: fc.dictionary(fc.constantFrom('eth0', 'eth1', 'lo'), fc.tuple(number, number)),
  });

  it('makes only samples that are finite, not negative and believable, or a coded error', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(figures, fc.nat(3000)), { minLength: 2, maxLength: 4 }),
        async (pages) => {
          const { net, source } = sourceOf();
          for (const [at, [lies, cutAt]] of pages.entries()) {
            const text = nodeExporterPage(lies);
            net.put(URL, cutAt < 2000 ? text : text.slice(0, cutAt));
            const { signal } = new AbortController();
            const poll = { timeMs: 5, monotonicMs: at * 10_000, timeoutMs: 1, signal };
            try {
              for (const { series, value, timeMs } of (await source.poll(poll)).samples) {
                expect(timeMs).toBe(5);
                expect(value).toBeGreaterThanOrEqual(0);
                const max = { cpu: 6, memory: 16e9, network: 2e9 }[series.metric as 'cpu'];
                expect(value).toBeLessThanOrEqual(max);
              }
            } catch (error) {
              if (codeOf(error) !== 'ERR_PAGE_INVALID') throw error;
            }
          }
        },
      ),
      fuzzRuns(3000),
    );
  });
});

import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { pageAssets } from '../../cli/services/assets.js';
import { MemoryMetricStore } from '../../core/metric-store/memory.js';
import type { Sample, SeriesKey } from '../../core/sample.js';
import { ApiFront } from '../support/api-front.js';
import { Browser } from '../support/browser.js';
import { ControlPlane } from '../support/control-plane.js';
import { describeWith } from '../support/installed.js';
import { forecastRun, serverSeries } from '../support/series.js';

const STEP = 300_000;
const STEPS = 288;
const SERVERS = Array.from({ length: 200 }, (_, at) => `s${String(at).padStart(3, '0')}`);

describeWith('chromium')('the console of 200 servers over a day', () => {
  let front: ApiFront;
  let browser: Browser;

  beforeAll(async () => {
    const resources = SERVERS.map((server, at) => [`vol-${at}`, `${server}@1.${at + 1}`] as const);
    const plane = await ControlPlane.with(SERVERS, Object.fromEntries(resources));
    const metricStore = new MemoryMetricStore();
    const endMs = Math.floor(plane.clock.realtimeMs() / STEP) * STEP;
    const series = SERVERS.map((server): SeriesKey => serverSeries(server, 'utilization'));
    for (const [row, key] of series.entries()) {
      const samples = Array.from({ length: STEPS }, (_, step): Sample => {
        const value = 0.5 + 0.45 * Math.sin((step + 7 * row) / 40);
        return { series: key, timeMs: endMs - (step + 1) * STEP, value };
      });
      await metricStore.writeSamples(samples);
    }
    const run = forecastRun(series, { startMs: endMs });
    run.block.paths.set(run.block.paths.map((_, at) => 0.6 + 0.5 * Math.sin(at / 50)));
    await metricStore.writeForecast(run);
    const assets = await pageAssets();
    front = await ApiFront.start(undefined, { plane, metricStore, assets });
    browser = await Browser.open();
  });

  afterAll(async () => {
    await browser.close();
    await front.stop();
  });

  it('is painted, the heat map with it, in less than a second of work', async () => {
    const { host, port } = front.server.address;
    const page = await browser.page();
    const url = `http://${host}:${port}/#/cluster?past=${STEPS}`;
    const cpuMs = await page.visit(
      url,
      `performance.getEntriesByName('heat-map drawn').length > 0`,
    );
    expect(cpuMs).toBeGreaterThan(0);
    expect(cpuMs).toBeLessThan(1000);
    const rows = await page.evaluate<string>(
      `document.querySelector('canvas').getAttribute('aria-label')`,
    );
    expect(rows).toContain('200 servers over time');
    expect(await page.trespasses()).toEqual({ violations: [], hits: 0 });
  });

  it('is small: page, style and scripts, compressed', async () => {
    const assets = await pageAssets();
    const bytes = [...assets.values()].reduce(
      (sum, { content }) => sum + gzipSync(content).length,
      0,
    );
    expect(bytes).toBeLessThan(200_000);
  });
});

import { describe, expect } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunningUp } from '../support/foreshift.js';
import { itWith } from '../support/installed.js';
import { PROMTOOL, lintOf, metricsPage } from '../support/promtool.js';

describe('/metrics', () => {
  const it = itWith(PROMTOOL);

  it('is as Prometheus wants names, units and helps, and tells how polls go', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'foreshift-metrics-'));
    await writeFile(
      join(folder, 'foreshift.yaml'),
      [
        'log: { level: silent }',
        'api: { listen: "127.0.0.1:0" }',
        'health: { listen: "127.0.0.1:0" }',
        'agents: { listen: "127.0.0.1:0" }',
        'listeners: [{ listen: "127.0.0.1:0" }]',
        'collector: { everyMs: 200, timeoutMs: 100 }',
        '',
      ].join('\n'),
    );
    const up = await RunningUp.start(folder);
    try {
      const endMs = Date.now() + 20_000;
      let text = '';
      while (!/^foreshift_collector_up\{.*\} 1$/m.test(text) && Date.now() < endMs) {
        text = await metricsPage(up.ready.health);
      }
      expect(text).toMatch(/^foreshift_collector_up\{target="redirectors"\} 1$/m);
      expect(text).toMatch(/^foreshift_collector_last_success_timestamp_seconds\{.*\} 1[0-9]{9}/m);
      expect(text).toMatch(/^# TYPE foreshift_switch_hold_seconds histogram$/m);
      expect(lintOf(text)).toEqual({ status: 0, said: '' });
    } finally {
      await up.stop();
      await rm(folder, { recursive: true });
    }
  });
});

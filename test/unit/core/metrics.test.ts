import { describe, expect, it } from '@jest/globals';
import { Metrics } from '../../../core/metrics.js';
import { Observations } from '../../../core/observations.js';

/** The lines of a page about one metric. */
async function linesOf(metrics: Metrics, name: string): Promise<string[]> {
  const page = await metrics.render();
  return page.split('\n').filter((line) => line.startsWith(name));
}

describe('a page of metrics', () => {
  it('has the values of when it was asked for, and no others', async () => {
    const metrics = new Metrics('1.0.0');
    const values = new Map([['s1', 1]]);
    metrics.add({
      name: 'foreshift_a',
      help: 'A test.',
      kind: 'gauge',
      labels: ['server'],
      read: () => [...values].map(([server, value]) => ({ labels: { server }, value })),
    });
    expect(await linesOf(metrics, 'foreshift_a')).toEqual(['foreshift_a{server="s1"} 1']);
    values.delete('s1');
    values.set('s2', 2);
    expect(await linesOf(metrics, 'foreshift_a')).toEqual(['foreshift_a{server="s2"} 2']);
  });

  it('has no value where there is none, with labels and without', async () => {
    const metrics = new Metrics('1.0.0');
    const read = () => [];
    metrics.add({ name: 'foreshift_d', help: 'A test.', kind: 'gauge', read });
    metrics.add({ name: 'foreshift_e_total', help: 'A test.', kind: 'counter', read });
    expect(await linesOf(metrics, 'foreshift_d')).toEqual([]);
    expect(await linesOf(metrics, 'foreshift_e_total')).toEqual([]);
  });

  it('waits for what is read elsewhere', async () => {
    const metrics = new Metrics('1.0.0');
    const read = () => Promise.resolve([{ value: 7 }]);
    metrics.add({ name: 'foreshift_b_total', help: 'A test.', kind: 'counter', read });
    expect(await linesOf(metrics, 'foreshift_b_total')).toEqual(['foreshift_b_total 7']);
    expect(await linesOf(metrics, 'foreshift_b_total')).toEqual(['foreshift_b_total 7']);
  });

  it('has histograms, cumulated', async () => {
    const metrics = new Metrics('1.0.0');
    const observed = new Observations([0.1, 1]);
    for (const value of [0.05, 0.1, 0.5, 3]) observed.observe(value);
    metrics.add({ name: 'foreshift_c_seconds', help: 'A test.', kind: 'histogram', observed });
    expect(await linesOf(metrics, 'foreshift_c_seconds')).toEqual([
      'foreshift_c_seconds_bucket{le="0.1"} 2',
      'foreshift_c_seconds_bucket{le="1"} 3',
      'foreshift_c_seconds_bucket{le="+Inf"} 4',
      'foreshift_c_seconds_sum 3.65',
      'foreshift_c_seconds_count 4',
    ]);
  });
});

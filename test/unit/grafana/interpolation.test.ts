import { describe, expect, it } from '@jest/globals';
import {
  influxQuery,
  promQuery,
  timeOf,
  variablesIn,
} from '../../support/grafana/interpolation.js';

const RANGE = { fromMs: 1000, toMs: 61_000, intervalMs: 20_000 };

describe('a query of a dashboard', () => {
  it('has the bounds of time that Grafana writes, and its steps', () => {
    const query = 'WHERE $timeFilter AND time > ${__from}ms GROUP BY time($__interval), $interval';
    expect(influxQuery(query, new Map(), RANGE)).toBe(
      'WHERE time >= 1000ms and time <= 61000ms AND time > 1000ms GROUP BY time(20s), 20s',
    );
    expect(promQuery('rate(a[$__rate_interval]) / b[$__range]', RANGE)).toBe(
      'rate(a[20s]) / b[60s]',
    );
  });

  it('has one value as it is, and several as alternatives that mean themselves', () => {
    const values = new Map<string, string | string[]>([
      ['server', ['s.1', 's2']],
      ['resource', 'vol-1'],
    ]);
    expect(influxQuery('"a" =~ /^$server$/ AND "b" = \'${resource:raw}\'', values, RANGE)).toBe(
      String.raw`"a" =~ /^(s\.1|s2)$/ AND "b" = 'vol-1'`,
    );
  });

  it('keeps what nobody knows, so that it is found', () => {
    const filled = influxQuery('"a" =~ /^$volume$/', new Map(), RANGE);
    expect(variablesIn(filled)).toEqual(['volume']);
  });

  it('is of the times that a dashboard names', () => {
    expect(['now', 'now-6h', 'now+1h', 'now-7d'].map((text) => timeOf(text, 1e9))).toEqual([
      1e9,
      1e9 - 21_600_000,
      1e9 + 3_600_000,
      1e9 - 604_800_000,
    ]);
  });
});

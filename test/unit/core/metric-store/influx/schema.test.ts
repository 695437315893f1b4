import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { horizonOf, leadMsOf, policiesOf } from '../../../../../core/metric-store/influx/schema.js';
import {
  anyOf,
  buckets,
  during,
  since,
} from '../../../../../core/metric-store/influx/statements.js';
import { fuzzRuns } from '../../../../support/fuzz.js';

const DAY = 86_400_000;

describe('a horizon', () => {
  it.each([
    [300_000, '5m'],
    [3_600_000, '60m'],
    [90_000, '90s'],
    [500, '500ms'],
  ])('of %d ms is %s', (leadMs, horizon) => {
    expect(horizonOf(leadMs)).toBe(horizon);
    expect(leadMsOf(horizon)).toBe(leadMs);
  });

  it('is one text for one lead', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 40 }), (leadMs) => {
        expect(leadMsOf(horizonOf(leadMs))).toBe(leadMs);
      }),
      fuzzRuns(10_000),
    );
    for (const text of ['', '5', 'm', '60s', '1000ms', '05m', '5h']) {
      expect(leadMsOf(text)).toBeUndefined();
    }
  });
});

describe('the retention policies', () => {
  it('keep everything for longer than it is wanted, and samples in shards of a day', () => {
    const policies = policiesOf({ rollupRetentionMs: 60 * DAY, forecastRetentionMs: 30 * DAY });
    const kept = new Map(policies.map(({ name, keptMs }) => [name, keptMs]));
    expect(kept.get('means')).toBeGreaterThan(60 * DAY);
    expect(kept.get('forecasts')).toBeGreaterThan(30 * DAY);
    expect(kept.get('state')).toBe(0);
    expect(policies.find(({ name }) => name === 'raw')?.shardMs).toBe(DAY);
  });
});

describe('a condition', () => {
  it('on time has both ends, whatever was asked', () => {
    expect(during({ fromMs: 1, toMs: 5 })).toBe('time >= 1ms AND time < 5ms');
    expect(during({ fromMs: -5, toMs: 1e300 })).toBe('time >= 0ms AND time < 7258118400000ms');
    expect(since(2.5)).toBe('time >= 3ms AND time < 7258118400000ms');
  });

  it('on many tags is a tree', () => {
    expect(anyOf('server', ['a'])).toBe(`"server" = 'a'`);
    const many = Array.from({ length: 1000 }, (_, at) => `s${at}`);
    const text = anyOf('server', many);
    expect(text.match(/'s[0-9]+'/g)).toEqual(many.map((tag) => `'${tag}'`));
    expect(/^\(*/.exec(text)?.[0].length).toBeLessThan(12);
  });

  it('on buckets puts their borders where the grid has them', () => {
    expect(buckets(300_000, 1_700_000_100_000)).toBe('time(300000ms, 0ms)');
    expect(buckets(420_000, 1_700_000_100_000)).toBe('time(420000ms, 120000ms)');
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { When } from '../../../../core/bus/port.js';
import { timetableOf } from '../../../../core/bus/timetable.js';
import { codeOf } from '../../../../core/errors.js';
import { fuzzRuns } from '../../../support/fuzz.js';

/** The first few times after a moment, as ISO text. */
function times(when: When, after: string, count = 3): string[] {
  const table = timetableOf(when);
  const found: string[] = [];
  let ms: number | undefined = Date.parse(after);
  while (found.length < count) {
    ms = table.nextMs(ms);
    if (ms === undefined) break;
    found.push(new Date(ms).toISOString());
  }
  return found;
}

describe('a timetable', () => {
  it('of a period is counted from the epoch, whenever one asks', () => {
    expect(times({ everyMs: 300_000 }, '2026-03-01T10:02:03.004Z')).toEqual([
      '2026-03-01T10:05:00.000Z',
      '2026-03-01T10:10:00.000Z',
      '2026-03-01T10:15:00.000Z',
    ]);
    expect(times({ everyMs: 300_000 }, '2026-03-01T10:05:00Z', 1)).toEqual([
      '2026-03-01T10:10:00.000Z',
    ]);
  });

  it('of a pattern is in UTC unless it names a time zone', () => {
    const cron = '30 2 * * *';
    expect(times({ cron }, '2026-07-01T00:00:00Z', 1)).toEqual(['2026-07-01T02:30:00.000Z']);
    expect(times({ cron, timeZone: 'America/New_York' }, '2026-07-01T00:00:00Z', 1)).toEqual([
      '2026-07-01T06:30:00.000Z',
    ]);
  });

  it('runs a daily job once where summer time leaves its hour out, or has it twice', () => {
    const when = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' };
    expect(times(when, '2026-03-28T00:00:00Z')).toEqual([
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
    expect(times(when, '2026-10-24T00:00:00Z')).toEqual([
      '2026-10-24T00:30:00.000Z',
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  it('that is never due is refused', () => {
    expect(() => timetableOf({ cron: '0 0 30 2 *' })).toThrow('never due');
  });

  it('goes on, or is refused with a code, whatever is written', () => {
    const field = fc.oneof(
      fc.constantFrom(
        '*',
        '*/5',
        '1-5',
        '7',
        '0',
        'MON',
        'L',
        '?',
        '1,2',
        '60',
        '-1',
        '*/0',
        '5#2',
      ),
      fc.string({ maxLength: 6 }),
    );
    const cron = fc.array(field, { maxLength: 8 }).map((fields) => fields.join(' '));
    const timeZone = fc.constantFrom('UTC', 'Asia/Tokyo', 'Nowhere/Land', '');
    fc.assert(
      fc.property(cron, timeZone, (pattern, zone) => {
        try {
          const afterMs = 1_750_000_000_000;
          const nextMs = timetableOf({ cron: pattern, timeZone: zone }).nextMs(afterMs);
          expect(nextMs === undefined || nextMs > afterMs).toBe(true);
        } catch (error) {
          expect(codeOf(error)).toBe('ERR_SCHEDULE_INVALID');
        }
      }),
      fuzzRuns(10_000),
    );
  });
});

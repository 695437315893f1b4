import { Cron } from 'croner';
import { fail } from '../errors.js';
import { clip, messageOf } from '../text.js';
import type { When } from './port.js';

const PATTERN_LENGTH_MAX = 200;
const EVERY_MAX_MS = 366 * 86_400_000;

/**
 * When a schedule is due, by wall-clock time. Periods are counted from the epoch, so a process that starts
 * again goes on in the same beat; cron patterns are in UTC unless they name a time zone.
 */
export interface Timetable {
  /** The first time after `afterMs`, epoch milliseconds; undefined: never again. */
  nextMs(afterMs: number): number | undefined;
}

/** @throws ERR_SCHEDULE_INVALID */
export function timetableOf(when: When): Timetable {
  return 'everyMs' in when ? periodic(when.everyMs) : byCron(when.cron, when.timeZone ?? 'UTC');
}

function periodic(everyMs: number): Timetable {
  if (!Number.isInteger(everyMs) || everyMs < 1 || everyMs > EVERY_MAX_MS) {
    return refuse(String(everyMs), `not 1 to ${EVERY_MAX_MS} whole milliseconds`);
  }
  return { nextMs: (afterMs) => (Math.floor(afterMs / everyMs) + 1) * everyMs };
}

/** Croner computes the times only: it has no argument for a clock, and is never asked to wait. */
function byCron(pattern: string, timeZone: string): Timetable {
  if (pattern.length > PATTERN_LENGTH_MAX) {
    return refuse(pattern, `longer than ${PATTERN_LENGTH_MAX} characters`);
  }
  let cron: Cron;
  let first: Date | null;
  try {
    cron = new Cron(pattern, { timezone: timeZone, mode: '5-or-6-parts', paused: true });
    first = cron.nextRun(new Date(0));
  } catch (error) {
    return refuse(pattern, messageOf(error));
  }
  if (first === null) return refuse(pattern, 'it is never due');
  return { nextMs: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime() };
}

function refuse(schedule: string, why: string): never {
  return fail('ERR_SCHEDULE_INVALID', { schedule: clip(schedule), why });
}

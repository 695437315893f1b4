import type { Score, StoredEvent } from '../../core/metric-store/port.js';
import { p, r, s } from './names.js';
import { CPU } from './series.js';

/* Scores and events in tests, short to write. */

const HOUR = 3_600_000;

/** Of the cpu of `s1`. */
export function scoreAt(timeMs: number, given: Partial<Score> = {}): Score {
  return {
    series: CPU,
    timeMs,
    leadMs: 300_000,
    inBand: 1,
    absoluteError: 0.5,
    pinball: 0.25,
    ...given,
  };
}

export function noteAt(timeMs: number, text: string): StoredEvent {
  return { kind: 'note', timeMs, text };
}

/** One of each kind, all within an hour. */
export function eventsOfEachKind(startMs: number): StoredEvent[] {
  return [
    noteAt(startMs, 'Ümlaut, "quotes" and\nlines'),
    {
      kind: 'switch',
      timeMs: startMs + HOUR / 4,
      plan: p('7'),
      batch: 0,
      result: 'applied',
      why: '',
      resources: [r('vol-7'), r('vol-8')],
      targets: [s('s1'), s('s2')],
      generation: '1.41',
      drainMs: 12.5,
      holdMs: 20,
      heldRequests: 3,
      failedRequests: 0,
    },
    { kind: 'server', timeMs: startMs + HOUR / 3, server: s('s1'), text: 'lost' },
    {
      kind: 'breach',
      timeMs: startMs + HOUR / 2,
      server: s('s1'),
      dimension: 'memory',
      utilization: 1.25,
    },
  ];
}

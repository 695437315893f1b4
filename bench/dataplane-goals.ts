import { percentile } from '../replay/rules/percentile.js';
import { markdownTable } from './markdown-table.js';

/** A figure to reach: what is measured of ours, over what, and how much it may be. */
export interface Goal {
  readonly id: string;
  readonly what: string;
  readonly over: string;
  readonly must: number;
  readonly stretch: number;
}

/** Ratios unless the words name a unit. Smaller is better, all of them. */
export const GOALS: readonly Goal[] = [
  goal('a1', 'CPU a request, 1 KB keep-alive, table of 100,000', 'HAProxy', 1.35, 1.1),
  goal('a1-undici', 'the same', 'undici dispatch', 0.5, 0.45),
  goal('a1-node', 'the same', 'node:http on both sides', 0.35, 0.25),
  goal('a2', 'the same with an access log (HAProxy without one)', 'HAProxy', 1.6, 1.3),
  goal('a3', 'CPU a request, 64 KB answers', 'HAProxy', 1.15, 0.95),
  goal('a4', 'CPU a request, a connection each', 'HAProxy', 2.3, 1.3),
  goal('a5', 'CPU a MB, 16 MB over TCP', 'HAProxy tcp', 1.1, 0.85),
  goal('a6-p50', '1,600 requests a second: p50', 'HAProxy', 1.2, 1),
  goal('a6-p99', '1,600 requests a second: p99', 'HAProxy', 2, 1.3),
  goal('a7-first', 'a head of 650 bytes, first time', 'µs', 4, 2),
  goal('a7-again', 'a head of 650 bytes, again', 'µs', 1.5, 0.7),
  goal('a8', 'CPU a request on two threads, 1 KB keep-alive', 'one thread', 1.1, 1),
  goal('a8-pair', 'the same', 'two processes of one thread', 1.1, 1),
  goal('a8-closed', 'on two threads, a connection each', 'one thread', 1.1, 1),
  goal('a8-split', 'share of the thread with more of them', 'of 1', 0.6, 0.55),
  goal('b1-1', 'work of a switch of 1', 'ms', 0.1, 0.02),
  goal('b1-100', 'work of a switch of 100', 'ms', 0.5, 0.05),
  goal('b1-10000', 'work of a switch of 10,000', 'ms', 5, 2),
  goal('b2', 'hold beyond the longest request in flight', 'ms', 10, 2),
  goal('b3-1', 'p99 of what does not move, in a switch of 1', 'just before', 1.25, 1.05),
  goal('b3-100', 'p99 of what does not move, in a switch of 100', 'just before', 1.25, 1.05),
  goal('b3-10000', 'p99 of what does not move, in a switch of 10,000', 'just before', 1.25, 1.05),
  goal('b4-map', 'a plan of 10,000 under load', "HAProxy's set map", 1 / 50, 1 / 150),
  goal('b4-hold', 'the same', 'HAProxy, a hold in Lua', 1 / 3, 1 / 6),
  goal('slow-p99', 'p99 beside 9,800 slow and idle clients', 'without them', 2, 1.2),
  goal('c-each', 'memory an idle connection, at 9,500', 'KB', 5.5, 2),
  goal('c-base', 'memory without connections', 'MB', 70, 60),
];

function goal(id: string, what: string, over: string, must: number, stretch: number): Goal {
  return { id, what, over, must, stretch };
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** What came out, by the ids above; what was not measured is not there. */
export type Figures = Readonly<Record<string, number>>;

export function goalTable(figures: Figures): string {
  const rows = GOALS.filter(({ id }) => figures[id] !== undefined).map((one) => {
    const value = figures[one.id] ?? NaN;
    const verdict = value <= one.stretch ? 'stretch' : value <= one.must ? 'must' : 'missed';
    return [one.id, one.what, one.over, round(value), round(one.must), round(one.stretch), verdict];
  });
  const titles = ['', 'figure', 'over', 'ours', 'must', 'stretch', ''];
  return markdownTable(
    titles.map((title) => ({ title })),
    rows,
  );
}

export function round(value: number): string {
  if (Number.isNaN(value)) return '–';
  return value >= 100
    ? value.toFixed(0)
    : value >= 10
      ? value.toFixed(1)
      : value.toFixed(value < 0.1 ? 3 : 2);
}

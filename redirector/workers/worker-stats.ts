import type { HttpCounts } from '../adapters/http/counters.js';
import type { TcpCounts } from '../adapters/tcp/counters.js';
import type { AtWorkSeen } from '../shared/metrics.js';

/** What a worker counts beside the resources' counters; as it was when it said so last, at most a moment ago. */
export interface WorkerStats {
  readonly http: HttpCounts;
  readonly tcp: TcpCounts;
  readonly accessLog: { readonly written: number; readonly dropped: number };
  readonly atWork: AtWorkSeen;
}

/** Of a worker that is no more, beside those before it: what happened stays so, what was is no more. */
export function pastStats(stats: WorkerStats, before: WorkerStats | undefined): WorkerStats {
  const past = {
    ...stats,
    http: { ...stats.http, connections: 0 },
    tcp: { ...stats.tcp, connections: 0 },
    atWork: { ...stats.atWork, servers: new Map() },
  };
  if (before === undefined) return past;
  return {
    http: sumOf([before.http, past.http]),
    tcp: sumOf([before.tcp, past.tcp]),
    accessLog: sumOf([before.accessLog, past.accessLog]),
    atWork: {
      servers: past.atWork.servers,
      ejections: before.atWork.ejections + past.atWork.ejections,
      spared: before.atWork.spared + past.atWork.spared,
    },
  };
}

/** Counts of one kind, added up: numbers, lists of them, and maps to them. */
export function sumOf<Counts extends object>(all: readonly [Counts, ...Counts[]]): Counts {
  const [first, ...others] = all;
  return others.reduce((sum, each) => added(sum, each) as Counts, first);
}

function added(a: unknown, b: unknown): unknown {
  if (typeof a === 'number') return a + (b as number);
  if (Array.isArray(a)) return a.map((one, at) => added(one, (b as unknown[])[at]));
  if (a instanceof Map) {
    const sum = new Map<unknown, number>(a as Map<unknown, number>);
    for (const [key, count] of b as Map<unknown, number>) sum.set(key, (sum.get(key) ?? 0) + count);
    return sum;
  }
  const other = b as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(a as object).map(([key, value]) => [key, added(value, other[key])]),
  );
}

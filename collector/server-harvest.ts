import type { Dimension, ServerId } from '../core/domain.js';
import type { Metric, Sample } from '../core/sample.js';
import { UTILIZATION_MAX } from '../core/sample.js';
import type { DropReason, Rates, Reading } from './rates.js';
import { isDropReason } from './rates.js';
import type { Drop, Harvest, Poll } from './source.js';

/** What a page says of a server, by dimension; one that is absent was not on the page. */
export type Readings = ReadonlyMap<Dimension, Reading | DropReason>;

export interface ServerTarget {
  readonly server: ServerId;
  /** Those that its page should say. */
  readonly dimensions: readonly Dimension[];
  readonly capacity: Capacity;
  readonly rates: Rates;
}

/** By dimension, in its unit; one that is absent has no bound. */
export type Capacity = Readonly<Partial<Record<Dimension, number | undefined>>>;

/** The readings of a server's page as its samples, and its utilization if all of them are there. */
export function serverHarvest(
  { server, dimensions, capacity, rates }: ServerTarget,
  readings: Readings,
  { timeMs, monotonicMs }: Pick<Poll, 'timeMs' | 'monotonicMs'>,
): Harvest {
  const samples: Sample[] = [];
  const drops: Drop[] = [];
  const add = (metric: Metric, value: number): void => {
    samples.push({ series: { subject: 'server', id: server, metric }, timeMs, value });
  };
  const shares: number[] = [];
  for (const metric of dimensions) {
    const reading = readings.get(metric) ?? 'missing';
    const outcome = isDropReason(reading) ? reading : rates.measure(metric, reading, monotonicMs);
    if (isDropReason(outcome)) drops.push({ what: metric, reason: outcome, count: 1 });
    else if (outcome !== undefined) {
      add(metric, outcome);
      const limit = capacity[metric];
      if (limit !== undefined) shares.push(outcome / limit);
    }
  }
  // Without one of them the largest may be missing, and the server would look idle.
  const bounded = dimensions.filter((dimension) => capacity[dimension] !== undefined);
  const utilization = shares.length === bounded.length ? Math.max(...shares) : NaN;
  if (bounded.length > 0 && utilization <= UTILIZATION_MAX) add('utilization', utilization);
  return { samples, drops };
}

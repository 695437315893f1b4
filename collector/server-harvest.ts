import type { Dimension, ServerId } from '../core/domain.js';
import type { Sample } from '../core/sample.js';
import type { DropReason, Rates, Reading } from './rates.js';
import { isDropReason } from './rates.js';
import type { Drop, Harvest, Poll } from './source.js';

/** What a page says of a server, by dimension; one that is absent was not on the page. */
export type Readings = ReadonlyMap<Dimension, Reading | DropReason>;

export interface ServerTarget {
  readonly server: ServerId;
  /** Those that its page should say. */
  readonly dimensions: readonly Dimension[];
  readonly rates: Rates;
}

/** The readings of a server's page as its samples. */
export function serverHarvest(
  { server, dimensions, rates }: ServerTarget,
  readings: Readings,
  { timeMs, monotonicMs }: Pick<Poll, 'timeMs' | 'monotonicMs'>,
): Harvest {
  const samples: Sample[] = [];
  const drops: Drop[] = [];
  for (const metric of dimensions) {
    const reading = readings.get(metric) ?? 'missing';
    const outcome = isDropReason(reading) ? reading : rates.measure(metric, reading, monotonicMs);
    if (isDropReason(outcome)) drops.push({ what: metric, reason: outcome, count: 1 });
    else if (outcome !== undefined) {
      samples.push({ series: { subject: 'server', id: server, metric }, timeMs, value: outcome });
    }
  }
  return { samples, drops };
}

import type { DimensionMapping } from '../../core/config/metrics-source.js';
import { matchesGlob } from '../../core/config/units.js';
import type { Dimension } from '../../core/domain.js';
import { DIMENSIONS } from '../../core/domain.js';
import type { DropReason, Reading } from '../rates.js';
import type { Readings } from '../server-harvest.js';
import type { Exposition } from './exposition.js';
import { typeOf } from './exposition.js';
import type { Mapping } from './mapping.js';
import type { Part } from './parts.js';
import { readingOf, timeOf } from './parts.js';

/** Some series of a metric, and how they count. */
interface Selector {
  readonly metric: string;
  readonly labels: readonly (readonly [label: string, glob: string])[];
  readonly without: readonly (readonly [label: string, glob: string])[];
  readonly kind: Reading['kind'] | undefined;
  readonly scale: number;
}

/** A mapping written in the config: selectors of series for each dimension, summed. */
export class SelectedMapping implements Mapping {
  readonly wanted: ReadonlySet<string>;
  readonly dimensions: readonly Dimension[];
  readonly #selectors = new Map<Dimension, readonly Selector[]>();

  constructor(mapping: Readonly<Partial<Record<Dimension, DimensionMapping | undefined>>>) {
    for (const dimension of DIMENSIONS) {
      const written = mapping[dimension];
      if (written !== undefined) this.#selectors.set(dimension, [written].flat().map(selectorOf));
    }
    this.dimensions = [...this.#selectors.keys()];
    this.wanted = new Set([...this.#selectors.values()].flat().map(({ metric }) => metric));
  }

  read(page: Exposition): Readings {
    const readings = new Map<Dimension, Reading | DropReason>();
    for (const [dimension, selectors] of this.#selectors) {
      const found = selectors.map((selector) => partsOf(selector, page));
      // A selector without a series: the page is not whole, so the sum would not be either.
      if (found.some((parts) => parts.length === 0)) continue;
      readings.set(dimension, dimensionReading(selectors, found.flat(), page));
    }
    return readings;
  }
}

function selectorOf(written: Exclude<DimensionMapping, readonly unknown[]>): Selector {
  if (typeof written === 'string') {
    return { metric: written, labels: [], without: [], kind: undefined, scale: 1 };
  }
  const { metric, labels, without, kind, scale } = written;
  return {
    metric,
    labels: Object.entries(labels),
    without: Object.entries(without),
    kind,
    scale,
  };
}

function partsOf({ metric, labels, without, scale }: Selector, { samples }: Exposition): Part[] {
  return (samples.get(metric) ?? []).flatMap((sample) => {
    // A label that is not there is an empty one, as in Prometheus.
    const matches = ([label, glob]: readonly [string, string]): boolean =>
      matchesGlob(glob, sample.labels.get(label) ?? '');
    return labels.every(matches) && !without.some(matches) ? [{ sample, scale }] : [];
  });
}

function dimensionReading(
  selectors: readonly Selector[],
  parts: readonly Part[],
  page: Exposition,
): Reading | DropReason {
  // Series that two selectors match count once, for the first of them.
  const distinct = [...new Map(parts.toReversed().map((part) => [part.sample.key, part])).values()];
  const kinds = new Set(selectors.map((selector) => kindOf(selector, page)));
  const [kind] = kinds;
  if (kind === undefined || kinds.size > 1) return 'mixed';
  return readingOf(distinct, { kind, ownMs: timeOf(distinct) });
}

/** What the config says, else what the page says, else what the name says. */
function kindOf({ metric, kind }: Selector, { types }: Exposition): Reading['kind'] {
  if (kind !== undefined) return kind;
  const type = typeOf(metric, types);
  if (type === 'counter' || type === 'gauge') return type;
  const isCount = /_(?:count|sum|bucket)$/.test(metric);
  if ((type === 'histogram' || type === 'summary') && isCount) return 'counter';
  return metric.endsWith('_total') ? 'counter' : 'gauge';
}

import type { Dimension } from '../../core/domain.js';
import type { Readings } from '../server-harvest.js';
import type { Exposition } from './exposition.js';

/** What the series of one kind of exporter mean for us. Knows names and units; believes everything. */
export interface Mapping {
  /** The metrics whose lines it needs. */
  readonly wanted: ReadonlySet<string>;
  /** What it finds on a whole page. */
  readonly dimensions: readonly Dimension[];
  read(page: Exposition): Readings;
}

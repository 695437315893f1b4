import type { Panel } from '../panel.js';
import { panelOf } from '../panel.js';
import type { MetricStore, PanelQuery } from './port.js';

/** Of one read: half of what stores of this process make at once (limits.ts). */
const PART_VALUES_MAX = 10_000_000;

/**
 * A panel as large as it is: the history of a fleet. It is read in parts of its series, since a store takes five times the
 * bytes while it makes one; a whole takes 4 bytes a value: ten thousand resources in four dimensions for a week 320 MB.
 * @throws ERR_STORE_UNAVAILABLE
 */
export async function readWholePanel(
  store: Pick<MetricStore, 'readPanel'>,
  { series, ...grid }: PanelQuery,
): Promise<Panel> {
  const partSeries = Math.max(1, Math.floor(PART_VALUES_MAX / Math.max(1, grid.steps)));
  if (series.length <= partSeries) return store.readPanel({ series, ...grid });
  const whole = panelOf(series, grid);
  for (let first = 0; first < series.length; first += partSeries) {
    const part = series.slice(first, first + partSeries);
    const { values } = await store.readPanel({ series: part, ...grid });
    whole.values.set(values, first * grid.steps);
  }
  return whole;
}

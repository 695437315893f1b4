import type { ForecastRun, MetricStore } from '../../core/metric-store/port.js';
import { RecentLoads, readRecent } from '../../core/metric-store/recent.js';
import { codeOf } from '../../core/errors.js';
import { gridBefore, panelOf } from '../../core/panel.js';
import { tenuresOf } from '../../core/table-store/tenures.js';
import type { TableView } from '../../core/table-store/view.js';
import { messageOf } from '../../core/text.js';
import type { Coverage } from './coverage.js';

/** What the metric store adds to a status. */
export interface Measured {
  readonly recent: RecentLoads;
  readonly run: ForecastRun | undefined;
  readonly coverage: number | null;
  /** Why there is nothing of all that. */
  readonly fault: string | undefined;
}

export interface MeasuredParts {
  readonly view: TableView;
  readonly metricStore: MetricStore;
  readonly coverage: Coverage;
}

export interface MeasuredWindow {
  readonly nowMs: number;
  /** Loads are means over this. */
  readonly windowMs: number;
  /** Coverage is of so long. */
  readonly coverageMs: number;
}

/** A store that is away is told of, not thrown: all else about the cluster is known without it. */
export async function measuredOf(
  { view, metricStore, coverage }: MeasuredParts,
  { nowMs, windowMs, coverageMs }: MeasuredWindow,
): Promise<Measured> {
  try {
    const [recent, run] = await Promise.all([
      readRecent(metricStore, view, { nowMs, stepMs: windowMs, steps: 2 }),
      metricStore.latestForecast(),
    ]);
    const share = run === undefined ? null : await coverage.before(run, coverageMs);
    return { recent, run, coverage: share, fault: undefined };
  } catch (error) {
    if (codeOf(error) !== 'ERR_STORE_UNAVAILABLE') throw error;
    const nothing = panelOf([], gridBefore(nowMs, windowMs, 2));
    const recent = new RecentLoads(nothing, tenuresOf(view));
    return { recent, run: undefined, coverage: null, fault: messageOf(error) };
  }
}

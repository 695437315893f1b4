import type { Clock } from '../../core/clock/port.js';
import { codeOf } from '../../core/errors.js';
import type { ForecastRun, MetricStore } from '../../core/metric-store/port.js';
import { gridBefore } from '../../core/panel.js';
import type { TableView } from '../../core/table-store/view.js';
import { messageOf } from '../../core/text.js';
import { Coverage } from './coverage.js';
import { FleetLoads, FleetSeries } from './fleet-loads.js';
import type { Fleet } from './kept/fleet.js';

/** What the metric store adds to a status. */
export interface Measured {
  readonly recent: FleetLoads;
  readonly run: ForecastRun | undefined;
  readonly coverage: number | null;
  /** Why there is nothing of all that. */
  readonly fault: string | undefined;
}

export interface MeasuredParts {
  readonly view: TableView;
  readonly metricStore: MetricStore;
  readonly clock: Clock;
}

export interface MeasuredWindow {
  /** Loads are means over this. */
  readonly windowMs: number;
  /** Coverage is of so long. */
  readonly coverageMs: number;
}

/** Of loads that are means over some seconds nobody needs to hear more often, however many look. */
const REST_MS_MAX = 3000;

/** Reads what the metric store adds to a status, at most every three seconds, and sooner only for means of less than twelve. */
export class Measurements {
  readonly #parts: MeasuredParts;
  readonly #coverage: Coverage;
  readonly #series: FleetSeries;
  #known:
    | { readonly atMs: number; readonly windowMs: number; readonly told: Promise<Measured> }
    | undefined;

  constructor(parts: MeasuredParts, fleet: Fleet) {
    this.#parts = parts;
    this.#series = new FleetSeries(parts.view, fleet);
    this.#coverage = new Coverage(parts.metricStore);
  }

  lately(window: MeasuredWindow): Promise<Measured> {
    const { windowMs } = window;
    const nowMs = this.#parts.clock.monotonicMs();
    const restMs = Math.min(REST_MS_MAX, windowMs / 4);
    const known = this.#known;
    if (known?.windowMs === windowMs && nowMs < known.atMs + restMs) {
      return known.told;
    }
    const told = this.#read(window);
    this.#known = { atMs: nowMs, windowMs, told };
    told.catch(() => {
      this.#known = undefined;
    });
    return told;
  }

  /** A store that is away is told of, not thrown: all else about the cluster is known without it. */
  async #read({ windowMs, coverageMs }: MeasuredWindow): Promise<Measured> {
    const { metricStore, clock } = this.#parts;
    const grid = gridBefore(clock.realtimeMs(), windowMs, 2);
    const layout = this.#series.now();
    try {
      const [panel, run] = await Promise.all([
        metricStore.readPanel({ series: layout.series, ...grid }),
        metricStore.latestForecast(),
      ]);
      const coverage = run === undefined ? null : await this.#coverage.before(run, coverageMs);
      return { recent: new FleetLoads(layout, panel), run, coverage, fault: undefined };
    } catch (error) {
      if (codeOf(error) !== 'ERR_STORE_UNAVAILABLE') throw error;
      const recent = new FleetLoads(layout, undefined);
      return { recent, run: undefined, coverage: null, fault: messageOf(error) };
    }
  }
}

import type { Clock } from '../../../core/clock/port.js';
import { formatGeneration } from '../../../core/generation.js';
import { Kept } from '../../../core/kept.js';
import type { ForecastRun, MetricStore } from '../../../core/metric-store/port.js';
import type { Eligibility } from '../../../core/table-store/eligibility.js';
import { PIN, SERVER } from '../../../core/table-store/records/server.js';
import type { TableView } from '../../../core/table-store/view.js';
import type { HeatMap, HeatMetric } from '../../contract/heat-map.js';
import type { Resources, Table } from '../../contract/outlook.js';
import { Forecasts } from '../forecasts.js';
import { moversOf } from '../movers.js';
import { Measurements } from '../measured.js';
import { resourcesOf, tableOf } from '../resources.js';
import { unassignedIn } from '../unassigned.js';
import { EligibleServers } from './eligible-servers.js';
import { Fleet } from './fleet.js';

export interface MemoryParts {
  readonly view: TableView;
  readonly metricStore: MetricStore;
  readonly eligibility: Eligibility;
  readonly clock: Clock;
}

/** What is kept from one answer to the next, for all routes: each part knows what it rests on, and when that is another. */
export class Memory {
  readonly fleet: Fleet;
  readonly eligible: EligibleServers;
  readonly measurements: Measurements;
  readonly #view: TableView;
  readonly #forecasts = new Kept<Forecasts>();
  readonly #movers = new Map<HeatMetric, Kept<HeatMap['movers']>>();
  readonly #resources = new Kept<Resources>();
  readonly #unassigned = new Kept<number>();
  readonly #table = new Kept<Table>();

  constructor(parts: MemoryParts) {
    this.#view = parts.view;
    this.fleet = new Fleet(parts.view);
    this.eligible = new EligibleServers(parts);
    this.measurements = new Measurements(parts, this.fleet);
  }

  forecastsOf(run: ForecastRun | undefined): Forecasts {
    return this.#forecasts.of([run], () => new Forecasts(run));
  }

  /** The resources whose load is expected to rise most. */
  moversOf(run: ForecastRun, metric: HeatMetric): HeatMap['movers'] {
    const facts = [run, this.fleet.placements, this.fleet.stampOf([SERVER])];
    let kept = this.#movers.get(metric);
    if (kept === undefined) this.#movers.set(metric, (kept = new Kept()));
    return kept.of(facts, () => moversOf(run, this.#view, metric));
  }

  /** The same object as long as it says the same: whoever made a text of it need not do so again. */
  resources(): Resources {
    const eligible = this.eligible.now();
    const facts = [this.#generation, this.fleet.placements, this.fleet.stampOf([PIN]), eligible];
    return this.#resources.of(facts, () => resourcesOf(this.#view, eligible));
  }

  /** How many resources some server may serve, alone, and none does. */
  unassigned(): number {
    const { exclusive } = this.eligible.now();
    const facts = [this.fleet.placements, exclusive];
    return this.#unassigned.of(facts, () => unassignedIn(this.#view, exclusive));
  }

  /** The same object as long as it says the same. */
  table(): Table {
    return this.#table.of([this.#generation, this.fleet.placements], () => tableOf(this.#view));
  }

  get #generation(): string {
    return formatGeneration(this.#view.table.generation);
  }
}

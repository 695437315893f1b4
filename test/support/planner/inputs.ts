import { configSchema } from '../../../core/config/schema.js';
import type { Dimension, ServerId } from '../../../core/domain.js';
import type { ForecastBlock } from '../../../core/forecast.js';
import { QUANTILES, forecastBlock } from '../../../core/forecast.js';
import type { SeriesKey } from '../../../core/sample.js';
import { SAFE_QUANTILE } from '../../../core/table-store/policy.js';
import type {
  PlannerOptions,
  PlanningInputs,
  PlanningResource,
  PlanningServer,
} from '../../../forecaster/planner/inputs.js';
import { g, r, s } from '../names.js';

/** A resource of a test: where it is, what it needs, and what is special about it. */
export interface TestResource extends Partial<
  Omit<
    PlanningResource,
    'id' | 'server' | 'eligible' | 'pinned' | 'movingTo' | 'standby' | 'wanted'
  >
> {
  readonly on?: string | null;
  /** Demand by dimension: one number for every step, or a number a step. */
  readonly needs: Readonly<Partial<Record<Dimension, number | readonly number[]>>>;
  /** 90th percentile − median, as a share of the median. */
  readonly spread?: number;
  /** Share of the error that all resources have in common, −1…1. */
  readonly loading?: number;
  readonly eligible?: readonly string[];
  readonly pinned?: string;
  readonly movingTo?: string;
  readonly standby?: string;
  readonly wanted?: string;
}

export interface TestServer extends Partial<Omit<PlanningServer, 'id'>> {
  readonly capacity: PlanningServer['capacity'];
}

export interface TestFleet {
  readonly servers: Readonly<Record<string, TestServer>>;
  readonly resources: Readonly<Record<string, TestResource>>;
  readonly options?: Partial<PlannerOptions>;
  readonly steps?: number;
  readonly restraint?: PlanningInputs['restraint'];
}

export const START_MS = Date.UTC(2026, 10, 2, 9);
export const STEP_MS = 300_000;
const NO_OPTIONS = {
  ...configSchema.shape.planner.parse({}),
  quantile: SAFE_QUANTILE,
  countsTail: false,
};

/** A fleet of a test as the planner's inputs; options are the config's defaults but for those given. */
export function inputsOf(fleet: TestFleet): PlanningInputs {
  const { steps = 1, options = {}, restraint = null } = fleet;
  const all = Object.keys(fleet.servers).map(s);
  return {
    nowMs: START_MS,
    ...demandOf(fleet.resources, steps),
    resources: Object.entries(fleet.resources).map(([id, resource]) =>
      resourceOf(id, resource, all),
    ),
    servers: Object.entries(fleet.servers).map(([id, server]) => ({
      id: s(id),
      state: 'ready',
      spare: false,
      zone: null,
      ...server,
    })),
    options: { ...NO_OPTIONS, ...options },
    seed: 1,
    restraint,
    disproved: [],
  };
}

function resourceOf(
  id: string,
  { on = null, since, movedAtMs = null, ...rest }: TestResource,
  all: readonly ServerId[],
): PlanningResource {
  return {
    id: r(id),
    server: on === null ? null : s(on),
    since: since ?? (on === null ? null : g('1.1')),
    movedAtMs,
    standby: named(rest.standby),
    movingTo: named(rest.movingTo),
    pinned: named(rest.pinned),
    eligible: rest.eligible?.map(s) ?? all,
    ...(rest.wanted !== undefined && { wanted: s(rest.wanted) }),
    ...(rest.inFlight !== undefined && { inFlight: rest.inFlight }),
  };
}

function named(id: string | undefined): ServerId | null {
  return id === undefined ? null : s(id);
}

function demandOf(
  resources: TestFleet['resources'],
  steps: number,
): { readonly forecast: ForecastBlock; readonly last: Float32Array } {
  const rows = Object.entries(resources).flatMap(([id, resource]) =>
    Object.entries(resource.needs).map(([metric, need]) => ({
      key: { subject: 'resource', id: r(id), metric } as SeriesKey,
      need: typeof need === 'number' ? new Array<number>(steps).fill(need) : need,
      resource,
    })),
  );
  const forecast = forecastBlock(
    rows.map(({ key }) => key),
    { startMs: START_MS, stepMs: STEP_MS, steps },
  );
  const last = new Float32Array(rows.length);
  for (const [row, { need, resource }] of rows.entries()) {
    const { spread = 0, loading = 0 } = resource;
    last[row] = need[0]!;
    forecast.loadings[row] = loading;
    for (const [quantile] of QUANTILES.entries()) {
      const factor = 1 + (quantile - 1) * spread;
      for (let step = 0; step < steps; step++) {
        forecast.paths[(row * QUANTILES.length + quantile) * steps + step] = need[step]! * factor;
      }
      forecast.peaks[row * QUANTILES.length + quantile] = Math.max(...need) * factor;
    }
  }
  return { forecast, last };
}

import { z } from 'zod';
import type { Config } from '../../core/config/schema.js';
import type { Dimension, ResourceId, ServerId } from '../../core/domain.js';
import { DIMENSIONS } from '../../core/domain.js';
import type { MetricStore } from '../../core/metric-store/port.js';
import type { Grid, Panel } from '../../core/panel.js';
import { gridBefore, panelOf, rowOf } from '../../core/panel.js';
import type { Eligibility } from '../../core/table-store/eligibility.js';
import { PIN, SERVER } from '../../core/table-store/records/server.js';
import type { ServerRecord } from '../../core/table-store/records/server.js';
import { stateOf } from '../../core/table-store/server-state.js';
import type { TableView } from '../../core/table-store/view.js';
import { WARM_MS, usualWarmSteps } from '../../forecaster/backtest/warm-up.js';
import { parseReplayOptions } from '../options.js';
import { withoutGaps } from '../rules/gaps.js';
import { percentile } from '../rules/percentile.js';
import type { Scene } from '../scene.js';
import { TRIED_DAYS_MIN } from './tuning.js';

export interface FleetSceneParts {
  readonly view: TableView;
  readonly metricStore: Pick<MetricStore, 'readPanel'>;
  readonly eligibility: Eligibility;
}

export interface FleetSceneOptions {
  readonly nowMs: number;
  readonly forecast: Config['forecast'];
  readonly planner: Config['planner'];
  /** So far back the history is looked at. */
  readonly historyMs: number;
  /** Resources times decisions: what a tuning may cost. */
  readonly forecastsMax: number;
  readonly seed: number;
}

const HALF_HOUR_MS = 1_800_000;
const DAY_MS = 86_400_000;
/** Of a history, whatever the length of a step. */
const STEPS_MAX = 20_000;
const HIGH = 0.99;

export type FleetScene =
  { readonly kind: 'scene'; readonly scene: Scene } | { readonly kind: 'learning' | 'too-large' };

/**
 * The fleet with its own history as a scene: its servers with their capacities, who may serve what, pins, and the
 * assignment as it is now; the load of its resources in the dimension in which the fleet is fullest. What servers use
 * besides their resources is not in it. @throws ERR_STORE_UNAVAILABLE
 */
export async function fleetScene(
  parts: FleetSceneParts,
  options: FleetSceneOptions,
): Promise<FleetScene> {
  const fleet = fleetOf(parts);
  if (fleet.servers.length < 2 || fleet.resources.length === 0) return { kind: 'learning' };
  const { stepMs } = options.forecast;
  const stepsOf = (ms: number): number => Math.max(1, Math.round(ms / stepMs));
  const decisionSteps = stepsOf(HALF_HOUR_MS);
  const triedMin = stepsOf(TRIED_DAYS_MIN * DAY_MS);
  // Only as much as can be replayed is read.
  const affordable = Math.floor(options.forecastsMax / fleet.resources.length) * decisionSteps;
  if (affordable < triedMin) return { kind: 'too-large' };
  const steps = Math.min(stepsOf(options.historyMs), stepsOf(WARM_MS) + affordable, STEPS_MAX);
  const grid = gridBefore(options.nowMs, stepMs, steps);
  const fullest = await fullestDimension(fleet, grid, parts.metricStore);
  if (fullest === undefined) return { kind: 'learning' };
  const known = knownSteps(fullest.panel);
  const warmSteps = usualWarmSteps({ steps: known, stepMs });
  if (known - warmSteps < triedMin) return { kind: 'learning' };
  const recorded = lastSteps(fullest.panel, known);
  const defaults = parseReplayOptions({});
  const scene: Scene = {
    dimension: fullest.dimension,
    resources: fleet.resources,
    servers: fleet.servers.map(({ id }) => id),
    capacities: fullest.capacities,
    recorded,
    values: withoutGaps(recorded.values, recorded.grid.steps),
    warmSteps,
    decisionSteps,
    horizonSteps: options.forecast.horizonSteps,
    seasonsMs: options.forecast.seasonMs,
    movesMax: options.planner.movesMax,
    seed: options.seed,
    switch: defaults.switch,
    hasTriggers: false,
    planner: withoutTried(options.planner),
    fleet: fleet.rules,
  };
  return { kind: 'scene', scene };
}

/** The quantile is what is tried; the moves of a plan stand in the scene. */
function withoutTried(planner: Config['planner']): Scene['planner'] {
  const rest: Record<string, Scene['planner'][string]> = {};
  for (const [name, value] of Object.entries(planner)) {
    if (name !== 'quantile' && name !== 'movesMax' && value !== undefined)
      rest[name] = z.json().parse(value);
  }
  return rest;
}

interface Fleet {
  readonly servers: readonly { readonly id: ServerId; readonly record: ServerRecord }[];
  readonly resources: readonly ResourceId[];
  readonly rules: NonNullable<Scene['fleet']>;
}

/** The servers that stand ready, with what they serve. */
function fleetOf({ view, eligibility }: FleetSceneParts): Fleet {
  const servers = [...view.all(SERVER)]
    .flatMap(([id, { value }]) => (stateOf(view, id) === 'ready' ? [{ id, record: value }] : []))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const indices = new Map(servers.map(({ id }, index) => [id, index]));
  const placed = [...view.table.entries()]
    .flatMap(([resource, { server }]) => {
      const index = indices.get(server);
      return index === undefined ? [] : [{ resource, index }];
    })
    .sort((a, b) => (a.resource < b.resource ? -1 : 1));
  const eligible = eligibility.servers();
  const pinned = placed.map(({ resource }) => view.get(PIN, resource)?.value.server ?? null);
  return {
    servers,
    resources: placed.map(({ resource }) => resource),
    rules: {
      firstMap: Int32Array.from(placed, ({ index }) => index),
      eligible: placed.map(({ resource }) => eligible.get(resource) ?? []),
      pinned: pinned.map((server) => (server !== null && indices.has(server) ? server : null)),
      spare: servers.map(({ record }) => record.spare),
      zones: servers.map(({ record }) => record.zone),
    },
  };
}

interface DimensionLoad {
  readonly dimension: Dimension;
  readonly capacities: Float64Array;
  readonly panel: Panel;
}

/** By the P99 of the whole load, as a share of all capacity; only dimensions that all servers declare one in. */
async function fullestDimension(
  { servers, resources }: Fleet,
  grid: Grid,
  metricStore: FleetSceneParts['metricStore'],
): Promise<DimensionLoad | undefined> {
  let best: (DimensionLoad & { readonly share: number }) | undefined;
  for (const dimension of DIMENSIONS) {
    const capacities = Float64Array.from(
      servers,
      ({ record }) => record.capacity[dimension] ?? NaN,
    );
    if (capacities.some(Number.isNaN)) continue;
    const series = resources.map((id) => ({
      subject: 'resource' as const,
      id,
      metric: dimension,
    }));
    const panel = await metricStore.readPanel({ series, ...grid });
    const share = highOf(panel) / capacities.reduce((sum, capacity) => sum + capacity, 0);
    if (share > (best?.share ?? 0)) best = { dimension, capacities, panel, share };
  }
  return best;
}

function highOf({ values, grid }: Panel): number {
  const totals = new Float64Array(grid.steps);
  for (const [at, value] of values.entries()) {
    if (!Number.isNaN(value)) totals[at % grid.steps] = (totals[at % grid.steps] ?? 0) + value;
  }
  return percentile(totals, HIGH);
}

/** From the first step in which anything was measured to the end. */
function knownSteps({ values, grid }: Panel): number {
  let first = grid.steps;
  for (const [at, value] of values.entries()) {
    if (!Number.isNaN(value)) first = Math.min(first, at % grid.steps);
  }
  return grid.steps - first;
}

function lastSteps(panel: Panel, steps: number): Panel {
  const { series, grid } = panel;
  const values = new Float32Array(series.length * steps);
  for (const row of series.keys()) values.set(rowOf(panel, row).subarray(-steps), row * steps);
  const startMs = grid.startMs + (grid.steps - steps) * grid.stepMs;
  return panelOf(series, { startMs, stepMs: grid.stepMs, steps }, values);
}

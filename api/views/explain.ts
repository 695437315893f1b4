import type { ResourceId } from '../../core/domain.js';
import { fail } from '../../core/errors.js';
import type { ForecastRun } from '../../core/metric-store/port.js';
import { proposedPlans } from '../../core/table-store/plans.js';
import { PLACEMENT } from '../../core/table-store/records/table.js';
import type { TableView } from '../../core/table-store/view.js';
import { explain } from '../../forecaster/planner/explain.js';
import { explanationWords } from '../../forecaster/planner/explain-words.js';
import type { Explained } from '../contract/explain.js';
import type { PlanningOptions, PlanningParts } from './planning.js';
import { planningOf } from './planning.js';

/**
 * Why a resource is where it is, and what speaks for and against each server: planned anew, by the same code and
 * from the same records as a round. @throws ERR_RESOURCE_UNKNOWN, ERR_RESOURCE_SHARED, ERR_NO_FORECAST, ERR_STORE_UNAVAILABLE
 */
export async function explainedOf(
  resource: ResourceId,
  parts: PlanningParts,
  options: PlanningOptions,
): Promise<Explained> {
  const { view, eligibility } = parts;
  const isKnown =
    view.table.placementOf(resource) !== undefined || eligibility.servers().has(resource);
  if (eligibility.sharing().has(resource)) fail('ERR_RESOURCE_SHARED', { resource });
  if (!isKnown) fail('ERR_RESOURCE_UNKNOWN', { resource });
  const { inputs, run } = await planningOf(parts, options);
  const found = explain(inputs, resource) ?? fail('ERR_RESOURCE_UNKNOWN', { resource });
  const { verdict, server, demand } = found;
  const { headline, fits, notes } = explanationWords(found, inputs.nowMs);
  return {
    resource,
    server,
    verdict,
    headline,
    fits: [...fits],
    notes: [...notes],
    history: historyOf(resource, view),
    standby: view.get(PLACEMENT, resource)?.value.standby ?? null,
    demand: { ...demand },
    models: modelsOf(resource, run),
    next: verdict === 'moves' ? nextOf(resource, view) : null,
  };
}

function historyOf(resource: ResourceId, view: TableView): string | null {
  const placement = view.get(PLACEMENT, resource)?.value;
  if (placement === undefined) return null;
  const { server, by, movedAtMs } = placement;
  const when = new Date(movedAtMs).toISOString().slice(0, 16).replace('T', ' ');
  return `Plan ${by} put it on ${server} at ${when} UTC.`;
}

function modelsOf(resource: ResourceId, { block, models }: ForecastRun): Explained['models'] {
  return Object.fromEntries(
    block.series.flatMap(({ subject, id, metric }, row) =>
      subject === 'resource' && id === resource ? [[metric, models[row] ?? ''] as const] : [],
    ),
  );
}

function nextOf(resource: ResourceId, view: TableView): string {
  const waiting = proposedPlans(view).find(({ plan }) =>
    plan.batches.some(({ moves }) => moves.some((move) => move.resource === resource)),
  );
  return waiting === undefined ? 'foreshift plan' : `foreshift apply ${waiting.plan.id}`;
}

import type { ResourceId, ServerId } from '../../core/domain.js';
import { fail } from '../../core/errors.js';
import type { ForecastRun } from '../../core/metric-store/port.js';
import { proposedPlans } from '../../core/table-store/plans.js';
import { PLAN } from '../../core/table-store/records/plan.js';
import { PLACEMENT } from '../../core/table-store/records/table.js';
import type { TableView } from '../../core/table-store/view.js';
import type { Explanation } from '../../forecaster/planner/explain.js';
import { explanationWords } from '../../forecaster/planner/explain-words.js';
import { movesUnderWay } from '../../forecaster/planner/under-way.js';
import type { PlanningInputs } from '../../forecaster/planner/inputs.js';
import type { Explained } from '../contract/explain.js';
import type { AdvisedParts, Planning } from './planning.js';
import type { WhatIfParts } from './what-if.js';
import { whatIfIn } from './what-if.js';

export type ExplainParts = WhatIfParts & Pick<AdvisedParts, 'view' | 'eligibility' | 'memory'>;

/**
 * Why a resource is where it is, and what speaks for and against each server: by the same code and from the same records as a
 * round, planned ahead; and what would be if it were on a certain one.
 * @throws ERR_RESOURCE_UNKNOWN, ERR_RESOURCE_SHARED, ERR_SERVER_UNKNOWN, ERR_NO_FORECAST, ERR_ADVISER_BUSY, ERR_STORE_UNAVAILABLE
 */
export async function explainedOf(
  resource: ResourceId,
  { on, signal }: { readonly on: ServerId | undefined; readonly signal: AbortSignal },
  parts: ExplainParts,
): Promise<Explained> {
  const { view, eligibility, adviser, clock, plannings } = parts;
  const isServed = eligibility.counts().has(resource);
  const isKnown = view.table.placementOf(resource) !== undefined || isServed;
  if (isServed && eligibility.isShared(resource)) fail('ERR_RESOURCE_SHARED', { resource });
  if (!isKnown) fail('ERR_RESOURCE_UNKNOWN', { resource });
  const { inputs, run } = await plannings.recent((planning) =>
    isAsPlanned(resource, planning, parts),
  );
  const nowMs = clock.realtimeMs();
  const found =
    (await adviser.explain(inputs, { resource, nowMs }, signal)) ??
    fail('ERR_RESOURCE_UNKNOWN', { resource });
  const { plannedAtMs, verdict, server, demand } = found;
  const { headline, fits, notes } = explanationWords(found, nowMs);
  return {
    resource,
    plannedAtMs,
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
    on: on === undefined ? null : await onServer(on, { found, fits, inputs }, parts, signal),
  };
}

/** What a planning of an earlier moment says of a resource: it is where it was, and is to stay or to move as it was then. */
function isAsPlanned(
  resource: ResourceId,
  { inputs, plans }: Planning,
  { view, clock, memory }: ExplainParts,
): boolean {
  const placement = view.get(PLACEMENT, resource)?.value;
  const known = inputs.resources.find(({ id }) => id === resource);
  if (known === undefined) return false;
  if (known.server !== (placement?.server ?? null)) return false;
  if (known.movedAtMs !== (placement?.movedAtMs ?? null)) return false;
  if (plans === memory.fleet.stampOf([PLAN])) return true;
  const target = movesUnderWay(view, clock.realtimeMs()).get(resource);
  return known.movingTo === (target ?? null);
}

async function onServer(
  server: ServerId,
  {
    found,
    fits,
    inputs,
  }: {
    readonly found: Explanation;
    readonly fits: readonly string[];
    readonly inputs: PlanningInputs;
  },
  parts: WhatIfParts,
  signal: AbortSignal,
): Promise<NonNullable<Explained['on']>> {
  const index = found.fits.findIndex((fit) => fit.server === server);
  const fit = fits[index] ?? fail('ERR_SERVER_UNKNOWN', { server });
  const { resource } = found;
  const move = { kind: 'move-resource', resource, server } as const;
  const isThere = found.server === server;
  return { server, fit, whatIf: isThere ? null : await whatIfIn(inputs, [move], parts, signal) };
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

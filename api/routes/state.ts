import { z } from 'zod';
import { resourceIdSchema, serverIdSchema } from '../../core/schema.js';
import { parseChange } from '../../forecaster/planner/change-text.js';
import { explainSchema } from '../contract/explain.js';
import { historySchema } from '../contract/history.js';
import { outlookSchema, resourcesSchema, tableSchema } from '../contract/outlook.js';
import { statusSchema } from '../contract/status.js';
import { whatIfSchema } from '../contract/what-if.js';
import type { Preparations } from '../preparations.js';
import type { ApiRoute } from '../route.js';
import { route } from '../route.js';
import { explainedOf } from '../views/explain.js';
import { historyOf } from '../views/history.js';
import { outlookOf } from '../views/outlook.js';
import type { AdvisedParts, PlanningOptions } from '../views/planning.js';
import { Plannings } from '../views/planning.js';
import type { StatusOptions, StatusParts } from '../views/status.js';
import { statusOf } from '../views/status.js';
import { whatIfOf } from '../views/what-if.js';

const PAST_STEPS = 72;
/** Tried together. */
const CHANGES_MAX = 16;

export type StateRoutesOptions = StatusOptions & { readonly planning: PlanningOptions };
export type StateRoutesParts = StatusParts &
  Pick<AdvisedParts, 'adviser' | 'memory'> & { readonly preparations: Preparations };

const changeSchema = z.string().min(1).max(400);
/** One, or several of the same name; none: the fleet as it is. */
const changesSchema = z
  .union([changeSchema.transform((change) => [change]), z.array(changeSchema).max(CHANGES_MAX)])
  .default([]);

/** What is, and what would be: nothing here changes anything. */
export function stateRoutes(parts: StateRoutesParts, options: StateRoutesOptions): ApiRoute[] {
  const { view, clock, memory } = parts;
  const plannings = new Plannings(parts, options, {
    metrics: ['hits', 'inflight', 'latency'],
    ready: (inputs) => parts.adviser.plan(inputs),
  });
  parts.preparations.add(async () => {
    const { inputs } = await plannings.prepare();
    await parts.adviser.planForSearches(inputs);
  });
  const asked = { ...parts, plannings };
  const { stepMs } = options.forecast;
  return [
    route(
      {
        method: 'GET',
        path: '/v1/status',
        summary: 'How everything is.',
        answer: statusSchema,
      },
      () => statusOf(parts, options, memory),
    ),
    route(
      {
        method: 'GET',
        path: '/v1/outlook',
        summary: 'Past and forecast load of every server, as shares of its capacity.',
        answer: outlookSchema,
        query: z.strictObject({
          pastSteps: z.coerce.number().int().min(1).max(2016).default(PAST_STEPS),
        }),
      },
      ({ query: { pastSteps } }) =>
        outlookOf(parts, { nowMs: clock.realtimeMs(), stepMs, pastSteps }),
    ),
    route(
      {
        method: 'GET',
        path: '/v1/resources',
        summary: 'Where every resource is.',
        answer: resourcesSchema,
      },
      () => Promise.resolve(memory.resources()),
    ),
    route(
      {
        method: 'GET',
        path: '/v1/history',
        summary: 'The plans that are remembered, and who changed what.',
        answer: historySchema,
        query: z.strictObject({ limit: z.coerce.number().int().min(1).max(1000).default(50) }),
      },
      ({ query: { limit } }) => Promise.resolve(historyOf(view, limit)),
    ),
    route(
      {
        method: 'GET',
        path: '/v1/explain/:resource',
        summary: 'Why a resource is where it is, and what speaks for and against each server.',
        answer: explainSchema,
        params: z.object({ resource: resourceIdSchema }),
        query: z.strictObject({
          on: serverIdSchema.optional().describe('What would be if it were on this server.'),
        }),
      },
      ({ params: { resource }, query: { on }, signal }) =>
        explainedOf(resource, { on, signal }, asked),
    ),
    route(
      {
        method: 'GET',
        path: '/v1/what-if',
        summary:
          'What would be if changes were made, such as `change=lose s1`, `change=add s9 like s1`, `change=limit target=0.7`: scores, moves, breaches avoided, what stands in the way.',
        answer: whatIfSchema,
        query: z.strictObject({ change: changesSchema }),
      },
      ({ query: { change }, signal }) => whatIfOf(change.map(parseChange), asked, signal),
    ),
    route(
      {
        method: 'GET',
        path: '/v1/table',
        summary: 'The assignment table.',
        answer: tableSchema,
        isTagged: true,
      },
      () => Promise.resolve(memory.table()),
    ),
  ];
}

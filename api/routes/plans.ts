import { z } from 'zod';
import type { RoundResult } from '../../core/plan.js';
import { planIdSchema, resourceIdSchema } from '../../core/schema.js';
import { proposedPlans } from '../../core/table-store/plans.js';
import type { PlanRecord } from '../../core/table-store/records/plan.js';
import { PLAN } from '../../core/table-store/records/plan.js';
import { scheduledPlans } from '../../forecaster/planner/scheduled.js';
import { noPlanWords } from '../../forecaster/planner/words.js';
import type { ActParts } from '../acts/act.js';
import { approvePlan, planOf, rejectPlan, rollbackPlan } from '../acts/plans.js';
import type { PlanView, RoundAnswer } from '../contract/plans.js';
import { planScoreSchema } from '../contract/plan-score.js';
import { planViewSchema, roundAnswerSchema } from '../contract/plans.js';
import type { Preparations } from '../preparations.js';
import type { RoundRequestParts } from '../round-request.js';
import { requestRound } from '../round-request.js';
import type { ApiRoute } from '../route.js';
import { route } from '../route.js';
import { planViewOf } from '../views/plan.js';
import { PlanScores } from '../views/plan-score.js';
import type { AdvisedParts, PlanningOptions } from '../views/planning.js';
import { actorShape } from './acts.js';

export interface PlanRoutesOptions {
  readonly planLifeMs: number;
  readonly roundTimeoutMs: number;
}

export interface PlanRoutesParts extends ActParts, RoundRequestParts, AdvisedParts {
  readonly preparations: Preparations;
}

const paramsSchema = z.object({ plan: planIdSchema });
const actorSchema = z.strictObject(actorShape);
const LEFT_OUT_MAX = 1000;
const namesSchema = z
  .string()
  .default('')
  .transform((text) => text.split(',').filter((name) => name !== ''))
  .pipe(z.array(resourceIdSchema).max(LEFT_OUT_MAX))
  .describe('Resources whose moves are left out, with commas between.');

/** Plans: what waits, what was, and what operators decide on them. */
export function planRoutes(
  parts: PlanRoutesParts,
  options: PlanRoutesOptions,
  state: { readonly planning: PlanningOptions },
): ApiRoute[] {
  const { view, clock } = parts;
  const scores = new PlanScores(parts, state);
  parts.preparations.add(() => scores.prepare());
  const shown = (record: PlanRecord): PlanView => planViewOf(record, view, clock.realtimeMs());
  const answerOf = ({ atMs, plan, none }: RoundResult): RoundAnswer => {
    const record = plan === null ? undefined : view.get(PLAN, plan)?.value;
    return {
      atMs,
      plan: record === undefined ? null : shown(record),
      none: none === null ? null : { why: none.why, text: noPlanWords(none) },
    };
  };
  return [
    route(
      {
        method: 'GET',
        path: '/v1/plans',
        summary:
          'The plans that wait: for a decision, the newest first, then those that are approved for a time to come.',
        answer: z.object({ plans: z.array(planViewSchema) }),
      },
      () => {
        const scheduled = scheduledPlans(view, clock.realtimeMs());
        return Promise.resolve({ plans: [...proposedPlans(view), ...scheduled].map(shown) });
      },
    ),
    route(
      {
        method: 'GET',
        path: '/v1/plans/:plan',
        summary: 'One plan: moves, reasons, scores, and what became of it.',
        answer: planViewSchema,
        params: paramsSchema,
      },
      ({ params: { plan } }) => Promise.resolve(shown(planOf(view, plan))),
    ),
    route(
      {
        method: 'GET',
        path: '/v1/plans/:plan/score',
        summary: 'How good a plan is by the newest forecast, also with some of its moves left out.',
        answer: planScoreSchema,
        params: paramsSchema,
        query: z.strictObject({ without: namesSchema }),
      },
      ({ params: { plan }, query: { without } }) =>
        scores.scoreOf(planOf(view, plan).plan, without),
    ),
    route(
      {
        method: 'POST',
        path: '/v1/plans',
        summary: 'Hold a round now and answer with its plan, or why there is none.',
        answer: roundAnswerSchema,
        body: actorSchema,
      },
      async ({ body: { by }, signal }) =>
        answerOf(await requestRound(by, options.roundTimeoutMs, parts, signal)),
    ),
    route(
      {
        method: 'POST',
        path: '/v1/plans/:plan/approve',
        summary:
          'Approve a plan that waits; `startAtMs` schedules it, or gives one that is scheduled another time (null: now); `without` leaves moves of it out.',
        answer: planViewSchema,
        params: paramsSchema,
        body: z.strictObject({
          ...actorShape,
          startAtMs: z.number().min(0).nullable().default(null),
          without: z
            .array(resourceIdSchema)
            .max(LEFT_OUT_MAX)
            .default([])
            .describe('Resources whose moves are left out.'),
        }),
      },
      async ({ params: { plan }, body: { startAtMs, without: resources, ...actor } }) => {
        const leftOut =
          resources.length === 0
            ? undefined
            : {
                resources,
                analysis: await scores.analysisWithout(planOf(view, plan).plan, resources),
              };
        return shown(await approvePlan(plan, actor, { startAtMs, leftOut }, parts));
      },
    ),
    route(
      {
        method: 'POST',
        path: '/v1/plans/:plan/reject',
        summary: 'Reject a plan that waits, or that is scheduled.',
        answer: planViewSchema,
        params: paramsSchema,
        body: actorSchema,
      },
      async ({ params: { plan }, body }) => shown(await rejectPlan(plan, body, parts)),
    ),
    route(
      {
        method: 'POST',
        path: '/v1/plans/:plan/rollback',
        summary: 'Take back what a plan moved, by a plan of its own.',
        answer: planViewSchema,
        params: paramsSchema,
        body: actorSchema,
      },
      async ({ params: { plan }, body }) =>
        shown(await rollbackPlan(plan, body, options.planLifeMs, parts)),
    ),
  ];
}

import { z } from 'zod';
import type { PlanView, RoundAnswer } from '../../api/contract/plans.js';
import { planViewSchema, roundAnswerSchema } from '../../api/contract/plans.js';
import { fail } from '../../core/errors.js';
import { counted } from '../../core/text.js';
import { problemPlanSchema } from '../../forecaster/planner/packing/problem-plan.js';
import { REASON, actorOf } from '../acting.js';
import type { ApiClient } from '../api-client.js';
import type { Context } from '../context.js';
import { EXIT, Ended } from '../exit.js';
import { writeOut } from '../out-file.js';
import { outcomeLine, planText } from '../plan-text.js';
import type { Verb, VerbOptions } from '../verb.js';
import { planProblemFile } from './plan-problem.js';
import { textOption } from '../verb.js';

const POLL_MS = 100;

export const planVerb: Verb = {
  usage: 'plan [id]',
  summary:
    'The plan that waits for you or its time, or that one; none: hold a round. Nothing is applied.',
  options: [
    ['--new', 'hold a round even if a plan waits'],
    ['--verbose', 'every move and every server'],
    ['--out <file>', 'write it as JSON too'],
    [
      '--problem <file>',
      'plan this problem file instead (docs/PROBLEMS.md); nothing running is asked',
    ],
    ['--seconds <n>', 'of --problem: how long to search (default: a fixed amount of work)'],
    ['--seed <n>', 'of --problem: of all chance'],
    ['--detailed-exitcode', 'exit 2 if there is something to move'],
  ],
  answer: z.union([roundAnswerSchema.omit({ atMs: true }), problemPlanSchema]),
  run: async (context, [id = ''], options) => {
    const problem = textOption(options, 'problem');
    if (problem !== undefined) {
      await planProblemFile(problem, options, context);
      return;
    }
    const api = await context.api();
    const { plan, none } = await shownPlan(id, options, api, context);
    const out = textOption(options, 'out');
    if (out !== undefined) await writeOut(out, `${JSON.stringify(plan ?? none, undefined, 2)}\n`);
    const isVerbose = options.verbose === true;
    const { style } = context.terminal;
    const nowMs = context.clock.realtimeMs();
    context.show({ plan, none }, () =>
      plan === null
        ? `nothing to move: ${none?.text ?? ''}`
        : planText(plan, { style, nowMs, isVerbose }),
    );
    const hasMoves = plan?.status === 'proposed' && plan.moves.length > 0;
    if (options.detailedExitcode === true && hasMoves) throw new Ended(EXIT.changes);
  },
};

export const applyVerb: Verb = {
  usage: 'apply [id]',
  summary:
    'Approve the plan that waits, or that one, now or for a time, and watch it being applied.',
  options: [
    REASON,
    ['--at <time>', 'not before this time, such as 2026-05-12T02:00; returns at once'],
    ['--yes', 'do not ask'],
    ['--no-wait', 'say it and return'],
  ],
  answer: planViewSchema,
  run: async (context, [id = ''], options) => {
    const isWatched = options.wait !== false && textOption(options, 'at') === undefined;
    await approve(id, { ...options, isWatched }, context);
  },
};

export const approveVerb: Verb = {
  usage: 'approve [id]',
  summary: 'Approve the plan that waits, or that one, now or for a time, and return.',
  options: [
    REASON,
    ['--at <time>', 'not before this time, such as 2026-05-12T02:00'],
    ['--yes', 'do not ask'],
  ],
  answer: planViewSchema,
  run: (context, [id = ''], options) => approve(id, { ...options, isWatched: false }, context),
};

/** @param id empty: the plan that waits */
async function approve(
  id: string,
  { isWatched, ...options }: VerbOptions & { readonly isWatched: boolean },
  context: Context,
): Promise<void> {
  const api = await context.api();
  const plan = id === '' ? await waitingPlan(api) : await planNamed(id, api);
  await confirm(plan, options, context);
  const at = textOption(options, 'at');
  const startAtMs = at === undefined ? null : timeOf(at);
  const body = { ...actorOf(context, options), startAtMs };
  const approved = await api.post<PlanView>(`/v1/plans/${plan.id}/approve`, body);
  if (isWatched) return watch(approved, api, context);
  context.show(
    approved,
    () => `plan ${plan.id} is approved${at === undefined ? '' : ` for ${at}`}`,
  );
}

export const rejectVerb: Verb = {
  usage: 'reject [id]',
  summary: 'Reject the plan that waits, or one that is scheduled.',
  options: [REASON],
  answer: planViewSchema,
  run: async (context, [id = ''], options) => {
    const api = await context.api();
    const plan = id === '' ? await waitingPlan(api) : await planNamed(id, api);
    const body = actorOf(context, options);
    const rejected = await api.post<PlanView>(`/v1/plans/${plan.id}/reject`, body);
    context.show(rejected, () => `plan ${plan.id} is rejected`);
  },
};

export const rollbackVerb: Verb = {
  usage: 'rollback <id>',
  summary: 'Take back what a plan moved, and watch it.',
  options: [REASON],
  answer: planViewSchema,
  run: async (context, [id = ''], options) => {
    const api = await context.api();
    const body = actorOf(context, options);
    const inverse = await api.post<PlanView>(`/v1/plans/${encodeURIComponent(id)}/rollback`, body);
    context.terminal.say(
      `plan ${inverse.id} takes plan ${id} back: ${counted(inverse.moves.length, 'move')}`,
    );
    await watch(inverse, api, context);
  },
};

async function shownPlan(
  id: string,
  options: VerbOptions,
  api: ApiClient,
  context: Context,
): Promise<Pick<RoundAnswer, 'plan' | 'none'>> {
  if (id !== '') return { plan: await planNamed(id, api), none: null };
  if (options.new !== true) {
    const { plans } = await api.get<{ readonly plans: readonly PlanView[] }>('/v1/plans');
    const [plan] = plans;
    if (plan !== undefined) return { plan, none: null };
  }
  return api.post<RoundAnswer>('/v1/plans', { by: context.actor });
}

function planNamed(id: string, api: ApiClient): Promise<PlanView> {
  return api.get<PlanView>(`/v1/plans/${encodeURIComponent(id)}`);
}

async function waitingPlan(api: ApiClient): Promise<PlanView> {
  const { plans } = await api.get<{ readonly plans: readonly PlanView[] }>('/v1/plans');
  return plans[0] ?? fail('ERR_NO_PLAN_WAITS');
}

async function confirm(plan: PlanView, options: VerbOptions, context: Context): Promise<void> {
  const { terminal } = context;
  if (options.yes === true || !terminal.isInteractive || context.isJson) return;
  const nowMs = context.clock.realtimeMs();
  terminal.say(planText(plan, { style: terminal.style, nowMs, isVerbose: false }));
  const answer = await terminal.ask(`apply plan ${plan.id}? [y/N] `);
  if (/^y(es)?$/i.test(answer.trim())) return;
  terminal.say('nothing was applied');
  throw new Ended(EXIT.refused);
}

/** Says each batch as it is switched; the exit code tells how the plan ended. */
async function watch(plan: PlanView, api: ApiClient, context: Context): Promise<void> {
  const { terminal, clock } = context;
  let said = 0;
  for (;;) {
    const now = await planNamed(plan.id, api);
    if (!context.isJson) {
      for (const outcome of now.outcomes.slice(said))
        terminal.say(outcomeLine(outcome, terminal.style));
    }
    said = now.outcomes.length;
    if (now.status !== 'approved' && now.status !== 'applying') {
      context.show(now, () => endText(now));
      const exit = exitOf(now);
      if (exit !== EXIT.ok) throw new Ended(exit);
      return;
    }
    terminal.progress(`plan ${plan.id}: ${now.status}, ${said} of ${batchesOf(now)} batches`);
    await clock.sleep(POLL_MS);
  }
}

function endText({ id, status, outcomes }: PlanView): string {
  const failed = outcomes.reduce((sum, { failedRequests }) => sum + failedRequests, 0);
  const held = outcomes.reduce((sum, { heldRequests }) => sum + heldRequests, 0);
  const result = `plan ${id} ${status}: ${held} requests held, ${failed} failed`;
  return status === 'applied' || status === 'partly-applied'
    ? `${result}\n  undo: foreshift rollback ${id}`
    : result;
}

function exitOf({ status }: PlanView): number {
  if (status === 'applied') return EXIT.ok;
  return status === 'stale' ? EXIT.stale : EXIT.undone;
}

function batchesOf({ moves }: PlanView): number {
  return new Set(moves.map(({ batch }) => batch)).size;
}

function timeOf(text: string): number {
  const atMs = Date.parse(text);
  if (Number.isFinite(atMs)) return atMs;
  return fail('ERR_OPTION_INVALID', {
    option: '--at',
    value: text.slice(0, 80),
    allowed: 'a time',
  });
}

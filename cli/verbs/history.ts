import type { History } from '../../api/contract/history.js';
import { historySchema } from '../../api/contract/history.js';
import { textTable } from '../text-table.js';
import type { Verb } from '../verb.js';
import { numberOption } from '../verb.js';
import { clockTime, duration } from '../words.js';

export const historyVerb: Verb = {
  usage: 'history',
  summary: 'The plans that were made, what became of them, and who changed what.',
  options: [['--limit <n>', 'so many of each, the latest first', '20']],
  answer: historySchema,
  run: async (context, _args, options) => {
    const limit = numberOption(options, 'limit', { min: 1, max: 1000 }) ?? 20;
    const api = await context.api();
    const history = await api.get<History>(`/v1/history?limit=${limit}`);
    context.show(history, () => historyText(history, context.clock.realtimeMs()));
  },
};

function historyText({ plans, acts }: History, nowMs: number): string {
  if (plans.length === 0 && acts.length === 0) return 'nothing has happened yet';
  const planTable = textTable(
    [
      { title: 'TIME' },
      { title: 'PLAN' },
      { title: 'RESULT' },
      { title: 'MOVES', align: 'right' },
      { title: 'DRAIN', align: 'right' },
      { title: 'HOLD', align: 'right' },
      { title: 'HELD', align: 'right' },
      { title: 'FAILED', align: 'right' },
      { title: 'WHY' },
    ],
    plans.map((plan) => [
      clockTime(plan.madeAtMs, nowMs),
      plan.id,
      plan.status,
      plan.applied === plan.moves ? String(plan.moves) : `${plan.applied} of ${plan.moves}`,
      plan.applied === 0 ? '-' : duration(plan.drainMs),
      plan.applied === 0 ? '-' : duration(plan.holdMs),
      plan.applied === 0 ? '-' : String(plan.heldRequests),
      plan.applied === 0 ? '-' : String(plan.failedRequests),
      plan.why === '' ? plan.trigger : plan.why,
    ]),
  );
  if (acts.length === 0) return planTable;
  const actTable = textTable(
    [{ title: 'TIME' }, { title: 'WHO' }, { title: 'WHAT' }, { title: '' }],
    acts.map(({ atMs, who, what, detail }) => [clockTime(atMs, nowMs), who, what, detail]),
  );
  return plans.length === 0 ? actTable : `${planTable}\n\n${actTable}`;
}

import type { Address } from '../frame/address.js';
import { at, withQuery } from '../frame/address.js';
import type {
  Analysis,
  History,
  Move,
  Outlook,
  Plan,
  PlanScore,
  Plans,
  Status,
} from '../frame/answers.js';
import {
  changeButton,
  checkbox,
  link,
  rowLink,
  section,
  sentence,
  sentences,
  table,
} from '../frame/controls.js';
import type { Sentence } from '../frame/sentences.js';
import {
  NO_MATCH,
  NO_SWITCHES,
  PLAN_EMPTY,
  ended,
  noPlan,
  planImpossible,
  planOver,
  planStale,
  refused,
  viewing,
} from '../frame/sentences.js';
import type { Ask, Page, Question, Sight } from '../frame/sight.js';
import { REASON } from '../frame/sight.js';
import type { Tree } from '../frame/tree.js';
import { h } from '../frame/tree.js';
import {
  amount,
  clockTime,
  counted,
  duration,
  metricWord,
  percent,
  since,
} from '../frame/words.js';
import { shareBar } from '../figures/share-bar.js';

/* Page 3: a plan as it is to be decided on: how full servers are, would get and will get; each move with its reason; what if the forecast is wrong. */

const PLANS: Ask = { path: '/v1/plans', restMs: 1000 };
/** It changes with the forecast; of other moves it is another question. */
const SCORE_REST_MS = 15_000;
const STATUS: Ask = { path: '/v1/status', restMs: 2000 };
const HISTORY: Ask = { path: '/v1/history?limit=30', restMs: 3000 };

/** Named in the address, else the one that waits. */
function planIdOf(sight: Sight): string | undefined {
  return sight.address.parts[0] ?? sight.read<Plans>(PLANS.path)?.plans[0]?.id;
}

function planPath(id: string): string {
  return `/v1/plans/${encodeURIComponent(id)}`;
}

/** Resources whose moves are unticked: the address has them. */
export function leftOutIn({ query }: Address): string[] {
  return (query.without ?? '').split(',').filter((name) => name !== '');
}

function scorePath(plan: Plan, sight: Sight): string {
  const without = leftOutOf(plan, sight);
  const query = without.length === 0 ? '' : `?without=${encodeURIComponent(without.join(','))}`;
  return `${planPath(plan.id)}/score${query}`;
}

/** Of another plan the address may still name some: those are not this one's. */
function leftOutOf({ moves }: Plan, { address }: Sight): string[] {
  const named = new Set(leftOutIn(address));
  return moves.map(({ resource }) => resource).filter((resource) => named.has(resource));
}

function view(sight: Sight): Tree[] {
  const id = planIdOf(sight);
  const plan = id === undefined ? undefined : sight.read<Plan>(planPath(id));
  const problem = id === undefined ? undefined : sight.problemOf(planPath(id));
  const shown = plan === undefined ? empty(sight, problem === undefined) : whole(plan, sight);
  return [...(problem === undefined ? [] : [sentence(refused(problem))]), ...shown, recent(sight)];
}

function empty(sight: Sight, isLooking: boolean): Tree[] {
  if (isLooking && sight.read<Plans>(PLANS.path) === undefined) return [];
  if (isLooking && planIdOf(sight) !== undefined) return [];
  return [
    sentence(noPlan(sight.read<Status>(STATUS.path))),
    h('p', { class: 'bar' }, changeButton(sight, 'Hold a round now', newRound(), 'main')),
  ];
}

function newRound(): Question {
  return {
    title: 'Hold a round now?',
    text: 'It forecasts and plans with what is known now. A plan that waits gives way to a newer one.',
    fields: [],
    confirm: 'Hold a round',
    path: '/v1/plans',
    body: () => ({}),
    done: 'A round was held.',
  };
}

function whole(plan: Plan, sight: Sight): Tree[] {
  // The plan may be newer than the status.
  const nowMs = Math.max(plan.madeAtMs, sight.read<Status>(STATUS.path)?.atMs ?? 0);
  const isOpen = plan.status === 'proposed';
  const score = isOpen
    ? (sight.read<PlanScore>(scorePath(plan, sight)) ??
      sight.readLike<PlanScore>(`${planPath(plan.id)}/score`))
    : undefined;
  const analysis = score?.analysis ?? (plan.analysis as Analysis | null);
  return [
    head(plan, nowMs),
    sentences(planSentences(plan, score, sight)) ?? '',
    isOpen ? actions(plan, sight) : decided(plan, nowMs),
    ...(analysis === null ? [] : [bars(analysis, sight)]),
    h(
      'div',
      { class: 'columns' },
      moves(plan, sight),
      analysis === null ? '' : worlds(analysis, score),
    ),
  ].filter((tree) => tree !== '');
}

function head(plan: Plan, nowMs: number): Tree {
  const { id, status, madeAtMs, expiresAtMs, base, startAtMs } = plan;
  const facts = [
    status === 'proposed' ? `waiting for ${duration(nowMs - madeAtMs)}` : status,
    ...(status === 'proposed' ? [`expires ${since(expiresAtMs, nowMs)}`] : []),
    ...(status === 'approved' && startAtMs !== null
      ? [`starts ${clockTime(startAtMs, nowMs, true)}`]
      : []),
    `made on table ${base}`,
    counted(plan.moves.length, 'move'),
  ];
  return h(
    'div',
    { class: 'bar' },
    h('h2', { class: 'subject' }, `Plan ${id}`),
    h('span', { class: `state ${status}` }, facts.join(' · ')),
    h('p', { class: 'why' }, becauseWords(plan)),
  );
}

function becauseWords({ trigger: { kind, detail } }: Plan): string {
  if (kind === 'rebalance') return `Rebalance: ${ended(detail)}`;
  return kind === 'schedule' ? `Made on schedule: ${ended(detail)}` : `Trigger: ${ended(detail)}`;
}

export function planSentences(plan: Plan, score: PlanScore | undefined, sight: Sight): Sentence[] {
  const found: Sentence[] = [];
  if (plan.stale !== null) found.push(planStale(plan.stale));
  if (score !== undefined) {
    if (score.moves === 0) found.push(PLAN_EMPTY);
    if (score.impossible.length > 0) found.push(planImpossible(score.impossible));
    const over = score.analysis.outlook.filter(
      ({ plan: then, nothing }) => then > 1 && then > nothing + 0.0005,
    );
    const servers = [...new Set(over.map(({ server }) => server))];
    if (servers.length > 0) found.push(planOver(servers, score.without.length > 0));
  }
  const problem = plan.status === 'proposed' ? sight.problemOf(scorePath(plan, sight)) : undefined;
  if (problem !== undefined) found.push(refused(problem));
  const viewer = viewing(sight.session);
  if (viewer !== undefined && plan.status === 'proposed') found.push(viewer);
  return found;
}

function actions(plan: Plan, sight: Sight): Tree {
  const without = leftOutOf(plan, sight);
  const kept = plan.moves.length - without.length;
  const canApprove = plan.stale === null && kept > 0;
  const what =
    without.length === 0
      ? kept === 1
        ? 'its one move'
        : `all ${kept} moves`
      : `${counted(kept, 'move')} of ${plan.moves.length}, without ${without.join(', ')}`;
  const approve = (title: string, isLater: boolean): Question => ({
    title,
    text: `It makes ${what}. Each batch is held, drained and switched as one; what cannot be drained goes back.`,
    fields: isLater
      ? [{ name: 'at', label: 'Start', kind: 'time', isNeeded: true }, REASON]
      : [REASON],
    confirm: isLater ? 'Schedule' : 'Approve and apply',
    path: `${planPath(plan.id)}/approve`,
    body: ({ at: text = '' }) => ({
      startAtMs: isLater ? new Date(text).getTime() : null,
      without,
    }),
    done: isLater ? `Plan ${plan.id} is scheduled.` : `Plan ${plan.id} is approved.`,
  });
  const label = without.length === 0 ? 'Approve and apply' : `Approve ${counted(kept, 'move')}`;
  return h(
    'div',
    { class: 'bar actions' },
    canApprove
      ? changeButton(sight, label, approve(`Apply plan ${plan.id}?`, false), 'main')
      : null,
    canApprove
      ? changeButton(sight, 'Approve for later …', approve(`Schedule plan ${plan.id}`, true))
      : null,
    changeButton(sight, 'Reject …', {
      title: `Reject plan ${plan.id}?`,
      text: 'It is not carried out; the next round plans anew.',
      fields: [REASON],
      confirm: 'Reject',
      path: `${planPath(plan.id)}/reject`,
      body: () => ({}),
      done: `Plan ${plan.id} is rejected.`,
    }),
    changeButton(sight, 'New plan', newRound()),
  );
}

function decided(plan: Plan, nowMs: number): Tree {
  const { by, reason, decidedAtMs, status, outcomes } = plan;
  const when = decidedAtMs === null ? '' : ` ${since(decidedAtMs, nowMs)}`;
  const why = reason === '' ? '' : `: ${reason}`;
  const done = outcomes.filter(({ result }) => result === 'applied').length;
  const failed = outcomes.filter(({ result }) => result !== 'applied');
  return h(
    'div',
    {},
    h('p', {}, by === null ? `It is ${status}.` : `Decided by ${by}${when}${why}.`),
    outcomes.length === 0
      ? null
      : h(
          'p',
          {},
          `${done === 1 ? '1 batch' : `${done} batches`} switched. `,
          link(at('switches', [], { find: plan.id }), 'How it went'),
        ),
    failed.map(({ batch, result, why: cause }) =>
      h('p', { class: 'warn' }, `Batch ${batch + 1} ${result}: ${cause}.`),
    ),
  );
}

const BARS_MAX = 40;

/** How full servers are now, get if nothing is done, and get with the plan. */
function bars({ outlook, target, horizonMs, quantile }: Analysis, sight: Sight): Tree {
  const isAll = sight.address.query.all === 'yes';
  const shown = isAll ? outlook : outlook.filter(isOfInterest).slice(0, BARS_MAX);
  return section(
    [
      'How full ',
      h(
        'span',
        { class: 'quiet' },
        `peak of the next ${duration(horizonMs)}, planned for P${Math.round(100 * quantile)}; the fine line is the aim, ${percent(target)}`,
      ),
    ],
    h(
      'div',
      { class: 'bars' },
      table(
        'Servers now, if nothing is done, and with the plan',
        [
          { title: 'Server', isShort: true },
          { title: 'Now' },
          { title: 'If nothing' },
          { title: 'With plan' },
        ],
        (shown.length === 0 ? outlook.slice(0, BARS_MAX) : shown).map((row) => barRow(row, target)),
        NO_MATCH,
      ),
    ),
    outlook.length > shown.length || isAll
      ? checkbox({
          label: 'Servers that the plan leaves as they are, too',
          isChecked: isAll,
          onChange: (isChecked) => {
            sight.acts.change(withQuery(sight.address, { all: isChecked ? 'yes' : undefined }));
          },
        })
      : null,
  );
}

function isOfInterest({ nothing, plan }: Outlook): boolean {
  return Math.abs(nothing - plan) > 0.0005 || nothing > 1;
}

function barRow({ server, dimension, now, nothing, plan }: Outlook, target: number) {
  return {
    key: `${server} ${dimension}`,
    cells: [
      [link(at('explain', ['server', server]), server), ` ${metricWord(dimension)}`],
      shareBar(now, target),
      shareBar(nothing, target),
      shareBar(plan, target),
    ],
  };
}

function moves(plan: Plan, sight: Sight): Tree {
  const isOpen = plan.status === 'proposed';
  const without = new Set(isOpen ? leftOutOf(plan, sight) : []);
  return section(
    isOpen
      ? ['Moves ', h('span', { class: 'quiet' }, 'untick one to see what it is good for')]
      : 'Moves',
    table(
      'Moves of the plan',
      [
        ...(isOpen ? [{ title: '', isShort: true }] : []),
        { title: 'Resource', isShort: true },
        { title: 'From → to', isShort: true },
        { title: 'Expected peak' },
        { title: 'Why' },
      ],
      plan.moves.map((move) => ({
        key: move.resource,
        kind: without.has(move.resource) ? 'left-out' : '',
        cells: [
          ...(isOpen ? [tick(move, without, sight)] : []),
          rowLink(at('explain', ['resource', move.resource]), move.resource),
          `${move.source ?? 'nowhere'} → ${move.target}`,
          demandWords(move),
          ended(move.text),
        ],
      })),
      NO_SWITCHES,
    ),
  );
}

/** Looking at a plan without a move changes nothing: viewers may, too. */
function tick({ resource }: Move, without: ReadonlySet<string>, { address, acts }: Sight): Tree {
  return checkbox({
    label: h('span', { class: 'unseen' }, `Move ${resource}`),
    isChecked: !without.has(resource),
    onChange: (isChecked) => {
      const left = new Set(leftOutIn(address));
      if (isChecked) left.delete(resource);
      else left.add(resource);
      acts.change(
        withQuery(address, { without: left.size === 0 ? undefined : [...left].join(',') }),
      );
    },
  });
}

function demandWords({ demand }: Move): string {
  return Object.entries(demand)
    .filter(([, value]) => value > 0)
    .map(([dimension, value]) => amount(value, dimension))
    .join(', ');
}

/** What becomes of it if the forecast is wrong. */
function worlds(analysis: Analysis, score: PlanScore | undefined): Tree {
  const rows = [
    ['As planned for', analysis.score],
    ['Load is low (P10)', analysis.worlds.low],
    ['Load is high (P90)', analysis.worlds.high],
    ['Load stays as it is', analysis.worlds.last],
  ] as const;
  return section(
    'If the forecast is wrong',
    table(
      'Peak of the fullest server in other worlds',
      [{ title: '', isShort: true }, { title: 'If nothing' }, { title: 'With plan' }],
      rows.map(([name, { nothing, plan }]) => ({
        key: name,
        cells: [name, shareBar(nothing.peak, null), shareBar(plan.peak, null)],
      })),
      NO_MATCH,
    ),
    h(
      'p',
      { class: 'quiet' },
      score?.text ?? `No assignment can go below ${percent(analysis.bound)}.`,
    ),
  );
}

function recent(sight: Sight): Tree {
  const plans = sight.read<History>(HISTORY.path)?.plans ?? [];
  const nowMs = sight.read<Status>(STATUS.path)?.atMs ?? 0;
  return section(
    'Plans lately',
    table(
      'Plans lately',
      [
        { title: 'Plan', isShort: true },
        { title: 'Made', isShort: true },
        { title: 'Result' },
        { title: 'Moves', isNumber: true },
        { title: 'Trigger' },
        { title: 'Decided' },
      ],
      plans.map(({ id, madeAtMs, status, moves: count, applied, trigger, by, reason, why }) => ({
        key: id,
        cells: [
          rowLink(at('plan', [id]), `Plan ${id}`),
          since(madeAtMs, nowMs),
          h('span', { class: `state ${status}` }, status),
          status === 'applied' || applied === 0 ? count : `${applied} of ${count}`,
          why === '' ? trigger.replace(/^\w+: /, '') : why,
          by === null ? '' : reason === '' ? by : `${by}: ${reason}`,
        ],
      })),
      { tone: 'calm', text: 'No plan was made yet.' },
    ),
  );
}

export const planPage: Page = {
  title: (sight) => {
    const id = planIdOf(sight);
    return id === undefined ? 'Plan' : `Plan ${id}`;
  },
  asks: (sight) => {
    const id = planIdOf(sight);
    const plan = id === undefined ? undefined : sight.read<Plan>(planPath(id));
    return [
      PLANS,
      STATUS,
      HISTORY,
      ...(id === undefined ? [] : [{ path: planPath(id), restMs: 1000 }]),
      ...(plan?.status === 'proposed'
        ? [{ path: scorePath(plan, sight), restMs: SCORE_REST_MS }]
        : []),
    ];
  },
  view,
};

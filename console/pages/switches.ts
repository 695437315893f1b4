import { at } from '../frame/address.js';
import type { Status, Switch, Switches } from '../frame/answers.js';
import { changeButton, filter, fitsFilter, rowLink, section, table } from '../frame/controls.js';
import { NO_MATCH, NO_SWITCHES } from '../frame/sentences.js';
import type { Ask, Page, Sight } from '../frame/sight.js';
import { REASON } from '../frame/sight.js';
import type { Child, Tree } from '../frame/tree.js';
import { h } from '../frame/tree.js';
import { NONE, clockTime, duration } from '../frame/words.js';
import { phaseBar } from '../figures/phase-bar.js';

/* Page 4: what was switched, how long its clients waited, and the way back. */

const SWITCHES: Ask = { path: '/v1/switches', restMs: 1000 };
const STATUS: Ask = { path: '/v1/status', restMs: 1000 };

/** What an open switch goes through, in order. */
const STEPS = [
  ['opened', 'open'],
  ['prepared', 'prepared'],
  ['held', 'held, draining'],
  ['drained', 'drained'],
  ['released', 'released'],
  ['taken', 'taken'],
  ['attached', 'attached'],
  ['committed', 'committed'],
] as const;

function view(sight: Sight): Tree[] {
  const answer = sight.read<Switches>(SWITCHES.path);
  const status = sight.read<Status>(STATUS.path);
  if (answer === undefined) return [];
  const shown = answer.switches.filter((one) => fitsFilter(sight, ...namesIn(one)));
  const nowMs = status?.atMs ?? 0;
  const longestMs = Math.max(0, ...shown.map(({ holdMs }) => holdMs));
  const undoable = new Set(answer.undoable);
  return [
    h('div', { class: 'bar' }, filter(sight), holdWords(answer)),
    ...(status === undefined ? [] : openSwitch(status)),
    table(
      'Switches, the latest first',
      [
        { title: 'Time', isShort: true },
        { title: 'Plan', isShort: true },
        { title: 'Moved' },
        { title: 'Hold', isNumber: true },
        { title: 'Drain, hand-over' },
        { title: 'Held', isNumber: true },
        { title: 'Failed', isNumber: true },
        { title: 'Table', isNumber: true },
        { title: 'Result' },
        { title: '' },
      ],
      shown.map((one, index) => ({
        key: `${one.plan}/${one.batch}`,
        cells: cellsOf(one, sight, {
          nowMs,
          longestMs,
          canUndo:
            undoable.has(one.plan) && shown.findIndex(({ plan }) => plan === one.plan) === index,
        }),
      })),
      answer.switches.length === 0 ? NO_SWITCHES : NO_MATCH,
    ),
  ];
}

function namesIn({ plan, result, moves }: Switch): string[] {
  return [
    plan,
    result,
    ...moves.flatMap(({ resource, source, target }) => [resource, source ?? '', target]),
  ];
}

function holdWords({ holds }: Switches): Child {
  if (holds === null) return null;
  return h(
    'p',
    { class: 'score' },
    `Hold: half within ${duration(holds.p50Ms)}, 99 % within ${duration(holds.p99Ms)} `,
    h('span', { class: 'quiet' }, `of ${holds.count} that are remembered`),
  );
}

function openSwitch({ openSwitch: open, atMs }: Status): Tree[] {
  if (open === null) return [];
  const reached = STEPS.findIndex(([state]) => state === open.state);
  const isUndone = reached < 0;
  return [
    section(
      `Now: plan ${open.plan}, ${open.resources.join(', ')}`,
      h(
        'ol',
        { class: 'steps', 'aria-label': `state ${open.state}` },
        STEPS.map(([state, words], index) =>
          h(
            'li',
            {
              class: index < reached ? 'past' : index === reached ? 'present' : '',
              'aria-current': index === reached ? 'step' : undefined,
              key: state,
            },
            words,
          ),
        ),
      ),
      h(
        'p',
        { class: isUndone ? 'warn' : 'quiet' },
        isUndone ? `It goes back: ${open.state}. ` : '',
        `Since ${duration(atMs - open.sinceMs)}.`,
      ),
    ),
  ];
}

function cellsOf(
  one: Switch,
  sight: Sight,
  {
    nowMs,
    longestMs,
    canUndo,
  }: { readonly nowMs: number; readonly longestMs: number; readonly canUndo: boolean },
): Child[] {
  const isApplied = one.result === 'applied';
  return [
    clockTime(one.atMs, nowMs, true),
    rowLink(at('plan', [one.plan]), one.plan),
    waysOf(one).map(([way, resources]) =>
      h('div', { class: 'way' }, `${way}  `, h('span', { class: 'quiet' }, namesWords(resources))),
    ),
    isApplied ? duration(one.holdMs) : NONE,
    isApplied ? phaseBar(one, longestMs) : '',
    isApplied ? one.heldRequests.toLocaleString('en-US') : NONE,
    one.failedRequests === 0
      ? '0'
      : h('span', { class: 'bad' }, one.failedRequests.toLocaleString('en-US')),
    one.generation ?? NONE,
    resultWords(one),
    canUndo ? rollback(one.plan, sight) : '',
  ];
}

/** What went from where to where: resources of one way together. */
function waysOf({ moves }: Switch): [way: string, resources: string[]][] {
  const ways = new Map<string, string[]>();
  for (const { resource, source, target } of moves) {
    const way = `${source ?? 'nowhere'} → ${target}`;
    const known = ways.get(way);
    if (known === undefined) ways.set(way, [resource]);
    else known.push(resource);
  }
  return [...ways];
}

const NAMED_MAX = 4;

function namesWords(names: readonly string[]): string {
  const shown = names.slice(0, NAMED_MAX).join(', ');
  const more = names.length - NAMED_MAX;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

function resultWords({ result, why, attempts }: Switch): Child {
  const again = attempts > 1 ? ` at attempt ${attempts}` : '';
  if (result === 'applied') return h('span', { class: 'state applied' }, `switched${again}`);
  return h('span', { class: 'state failed' }, `${result}: ${why}${again}`);
}

function rollback(plan: string, sight: Sight): Child {
  return changeButton(sight, 'Roll back …', {
    title: `Roll back plan ${plan}?`,
    text: 'A plan of its own moves back what this one moved and what has not been moved since. It needs no other approval.',
    fields: [REASON],
    confirm: 'Roll back',
    path: `/v1/plans/${encodeURIComponent(plan)}/rollback`,
    body: () => ({}),
    done: `Plan ${plan} is being rolled back.`,
  });
}

export const switchesPage: Page = {
  title: () => 'Switches',
  asks: () => [SWITCHES, STATUS],
  view,
};

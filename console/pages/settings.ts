import { at } from '../frame/address.js';
import type { Resources, Status } from '../frame/answers.js';
import {
  changeButton,
  facts,
  filter,
  fitsFilter,
  rowLink,
  section,
  sentence,
  table,
} from '../frame/controls.js';
import { NO_PINS, ended, viewing } from '../frame/sentences.js';
import type { Ask, Page, Question, Sight } from '../frame/sight.js';
import { REASON } from '../frame/sight.js';
import type { Tree } from '../frame/tree.js';
import { h } from '../frame/tree.js';
import { bytes, duration, percent, since } from '../frame/words.js';

/* What operators set while it runs: mode, pause, pins. */

const STATUS: Ask = { path: '/v1/status', restMs: 2000 };
const RESOURCES: Ask = { path: '/v1/resources', restMs: 10_000 };

const MODES = [
  ['observe', 'Forecasts only: nothing is proposed'],
  ['propose', 'Plans wait for an operator'],
  ['auto', 'Plans are carried out by themselves'],
] as const;

function view(sight: Sight): Tree[] {
  const status = sight.read<Status>(STATUS.path);
  if (status === undefined) return [];
  const viewer = viewing(sight.session);
  return [
    ...(viewer === undefined ? [] : [sentence(viewer)]),
    h(
      'div',
      { class: 'columns even' },
      h('div', {}, modeSection(status, sight), pauseSection(status, sight)),
      known(status),
    ),
    pinSection(sight),
  ];
}

function modeSection({ mode, fellBack, atMs }: Status, sight: Sight): Tree {
  return section(
    'Mode',
    fellBack === null
      ? null
      : h('p', { class: 'warn' }, `${since(fellBack.sinceMs, atMs)}: ${ended(fellBack.text)}`),
    h(
      'ul',
      { class: 'modes' },
      MODES.map(([name, words]) =>
        h(
          'li',
          {
            key: name,
            class: name === mode ? 'present' : '',
            'aria-current': name === mode ? 'true' : undefined,
          },
          h('strong', {}, name),
          h('span', { class: 'quiet' }, ` ${words} `),
          name === mode
            ? h('span', { class: 'state applied' }, 'now')
            : changeButton(sight, `Set ${name} …`, modeQuestion(name, words)),
        ),
      ),
    ),
    h(
      'p',
      { class: 'quiet' },
      'First placements, failover and drains need no approval in any mode.',
    ),
  );
}

function modeQuestion(mode: string, words: string): Question {
  return {
    title: `Set the mode to ${mode}?`,
    text: `${words}.`,
    fields: [REASON],
    confirm: `Set ${mode}`,
    path: '/v1/mode',
    body: () => ({ mode }),
    done: `The mode is ${mode}.`,
  };
}

function pauseSection({ paused, atMs }: Status, sight: Sight): Tree {
  const question: Question =
    paused === null
      ? {
          title: 'Pause balancing?',
          text: 'Nothing is moved for load until somebody resumes. Failover and first placements go on.',
          fields: [REASON],
          confirm: 'Pause',
          path: '/v1/pause',
          body: () => ({}),
          done: 'Balancing is paused.',
        }
      : {
          title: 'Balance again?',
          text: 'The next round plans as before.',
          fields: [REASON],
          confirm: 'Resume',
          path: '/v1/resume',
          body: () => ({}),
          done: 'Balancing goes on.',
        };
  return section(
    'Pause',
    h(
      'p',
      {},
      paused === null
        ? 'Balancing is on. '
        : `Paused ${since(paused.sinceMs, atMs)} by ${paused.by}${paused.reason === '' ? '' : `: ${paused.reason}`}. `,
      changeButton(sight, paused === null ? 'Pause …' : 'Resume …', question),
    ),
  );
}

function known(status: Status): Tree {
  const { cluster, generation, resources, redirectors, forecast, policy, score, atMs } = status;
  const waitingBytes = status.processes.reduce(
    (sum, { spool }) => sum + (spool?.waitingBytes ?? 0),
    0,
  );
  return section(
    'What runs',
    facts([
      ['Cluster', cluster],
      ['Table', generation],
      ['Resources', resources.toLocaleString('en-US')],
      ['Redirectors', redirectors.map(({ id }) => id).join(', ') || 'none'],
      [
        'Processes',
        status.processes
          .map(({ id, saidAtMs, isSilent }) =>
            isSilent ? `${id} (silent, last heard of ${since(saidAtMs, atMs)})` : id,
          )
          .join(', '),
      ],
      ['Samples that wait', waitingBytes === 0 ? 'none' : `${bytes(waitingBytes)} on disk`],
      [
        'Forecast',
        forecast === null
          ? 'none yet'
          : `${duration(atMs - forecast.madeAtMs)} old, ${duration(forecast.horizonMs)} ahead, coverage ${percent(forecast.coverage)}`,
      ],
      ['Policy', ended(policy.text)],
      ['Score', score === null ? 'none yet' : ended(score.text)],
      ['Jobs', h('a', { href: '/jobs' }, 'what runs in the background')],
      ['API', h('a', { href: '/openapi.json' }, 'OpenAPI 3.1')],
    ]),
  );
}

function pinSection(sight: Sight): Tree {
  const resources = sight.read<Resources>(RESOURCES.path)?.resources ?? [];
  const pinned = resources.filter(({ pin }) => pin !== null);
  return section(
    'Pins',
    h(
      'div',
      { class: 'bar' },
      filter(sight),
      changeButton(sight, 'Pin a resource …', {
        title: 'Pin a resource to a server',
        text: 'It moves there without an approval, and stays until the pin is taken away.',
        fields: [
          { name: 'resource', label: 'Resource', kind: 'text', isNeeded: true },
          { name: 'server', label: 'Server', kind: 'text', isNeeded: true },
          REASON,
        ],
        confirm: 'Pin',
        path: '/v1/pins',
        body: ({ resource = '', server = '' }) => ({ resource, server }),
        done: 'It is pinned.',
      }),
    ),
    table(
      'Pinned resources',
      [
        { title: 'Resource', isShort: true },
        { title: 'Pinned to' },
        { title: 'Is on' },
        { title: '', isShort: true },
      ],
      pinned
        .filter(({ id, pin }) => fitsFilter(sight, id, pin ?? ''))
        .map(({ id, pin, server }) => ({
          key: id,
          cells: [
            rowLink(at('explain', ['resource', id]), id),
            pin,
            server ?? 'none',
            changeButton(sight, 'Unpin …', {
              title: `Take the pin of ${id} away?`,
              text: 'It stays where it is until a plan moves it.',
              fields: [REASON],
              confirm: 'Unpin',
              path: '/v1/pins',
              body: () => ({ resource: id, server: null }),
              done: `${id} is not pinned any more.`,
            }),
          ],
        })),
      NO_PINS,
    ),
  );
}

export const settingsPage: Page = {
  title: () => 'Settings',
  asks: () => [STATUS, RESOURCES],
  view,
};

import type { Address } from '../frame/address.js';
import { at } from '../frame/address.js';
import type {
  Explained,
  Placements,
  Residents,
  Resources,
  Score,
  Servers,
  Status,
} from '../frame/answers.js';
import {
  choice,
  facts,
  filter,
  fitsFilter,
  link,
  rowLink,
  section,
  sentence,
  table,
} from '../frame/controls.js';
import { NO_MATCH, NO_PLACEMENTS, NO_RESOURCES, ended, refused } from '../frame/sentences.js';
import type { Ask, Page, Sight } from '../frame/sight.js';
import type { Tree } from '../frame/tree.js';
import { h } from '../frame/tree.js';
import { amount, clockTime, counted, duration, metricWord, since } from '../frame/words.js';
import { shareBar } from '../figures/share-bar.js';
import { healthCell, noteWords, residentTable, stateWords } from './server-cells.js';

/* Page 5: why something is where it is, in the same words as the command line has; what fills a server. */

const RESOURCES: Ask = { path: '/v1/resources', restMs: 30_000 };
const STATUS: Ask = { path: '/v1/status', restMs: 3000 };
const SERVERS: Ask = { path: '/v1/servers', restMs: 5000 };

/** With the server that it might be on instead, if the address names one. */
function explainPath(id: string, { query: { on } }: Address): string {
  const wanted = on === undefined ? '' : `?on=${encodeURIComponent(on)}`;
  return `/v1/explain/${encodeURIComponent(id)}${wanted}`;
}

const placementsPath = (id: string): string => `/v1/resources/${encodeURIComponent(id)}/placements`;
const residentsPath = (id: string): string => `/v1/servers/${encodeURIComponent(id)}/resources`;

function view(sight: Sight): Tree[] {
  const [kind, id] = sight.address.parts;
  if (kind === 'resource' && id !== undefined) return ofResource(id, sight);
  if (kind === 'server' && id !== undefined) return ofServer(id, sight);
  return index(sight);
}

function ofResource(id: string, sight: Sight): Tree[] {
  const path = explainPath(id, sight.address);
  const problem = sight.problemOf(path);
  const explained = sight.read<Explained>(path);
  const head = h(
    'div',
    { class: 'bar' },
    h('h2', { class: 'subject' }, id),
    link(at('forecast', ['resource', id]), 'Forecast'),
    serverChoice(sight),
  );
  if (problem !== undefined) return [head, sentence(refused(problem)), history(id, sight)];
  if (explained === undefined) return [head];
  const { headline, next, fits, notes, standby, demand, models } = explained;
  return [
    head,
    h('p', { class: `verdict ${explained.verdict}` }, headline),
    ...(next === null ? [] : [nextLine(next)]),
    ...(explained.on === null ? [] : [whatIf(explained.on)]),
    h(
      'div',
      { class: 'columns' },
      section('Where it would fit', h('ul', { class: 'fits' }, fits.map(fitLine))),
      h(
        'div',
        {},
        section(
          'What it rests on',
          facts([
            ...Object.entries(demand).map(
              ([dimension, value]) =>
                [
                  `Expected peak, ${metricWord(dimension)}`,
                  `${amount(value, dimension)} (${modelWords(models[dimension])})`,
                ] as const,
            ),
            [
              'If its server is lost',
              standby === null ? 'it has no standby' : `it goes to ${standby}`,
            ],
          ]),
          explained.history === null ? null : h('p', {}, explained.history),
          notes.map((note) => h('p', { class: 'quiet' }, note)),
        ),
        history(id, sight),
      ),
    ),
  ];
}

function serverChoice(sight: Sight): Tree {
  const servers = sight.read<Status>(STATUS.path)?.servers ?? [];
  return choice(sight, {
    label: 'What if it were on',
    name: 'on',
    value: sight.address.query.on ?? '',
    options: [{ value: '', text: '–' }, ...servers.map(({ id }) => ({ value: id, text: id }))],
  });
}

/** How full the fullest server is as things are, if it were there and nothing more were done, and with the plan that would follow. */
function whatIf({ server, fit, whatIf: found }: NonNullable<Explained['on']>): Tree {
  if (found === null) return section(`What if on ${server}`, h('p', {}, fit));
  const peak = (score: unknown): number => (score as Score).peak;
  const rows = [
    ['As it is', found.asIs, found.scores.asIs],
    [`On ${server}`, found.nothing, found.scores.nothing],
    ['With the plan that follows', found.plan, found.scores.plan],
  ] as const;
  return section(
    `What if on ${server}`,
    h('p', { class: 'score' }, found.headline),
    h('p', {}, fit),
    table(
      `The fullest server if it were on ${server}`,
      [
        { title: '', isShort: true },
        { title: 'Fullest server', isShort: true },
        { title: 'In words' },
      ],
      rows.map(([name, words, score]) => ({
        key: name,
        cells: [name, shareBar(peak(score), null), words],
      })),
      NO_MATCH,
    ),
    [...found.avoided, ...found.left, ...found.blocked, ...found.moves.map(({ text }) => text)].map(
      (text) => h('p', {}, ended(text)),
    ),
    found.notes.map((note) => h('p', { class: 'quiet' }, note)),
  );
}

/** "foreshift apply 42": what a person could do, and where it is done here. */
function nextLine(next: string): Tree {
  const plan = /^foreshift apply (\S+)$/.exec(next)?.[1];
  return h(
    'p',
    {},
    'Next: ',
    plan === undefined
      ? link(at('plan'), 'hold a round')
      : link(at('plan', [plan]), `review plan ${plan}`),
    h('span', { class: 'quiet' }, ` (${next})`),
  );
}

/** "s4: no, would reach 108 % …": the server leads to what fills it. */
function fitLine(line: string): Tree {
  const [, server = '', rest = ''] = /^(\S+): (.*)$/.exec(line) ?? [];
  const kind = /^(best|yes|no)/.exec(rest)?.[1] ?? 'no';
  return h(
    'li',
    { class: `fit ${kind}`, key: server },
    rowLink(at('explain', ['server', server]), server),
    `: ${rest}`,
  );
}

function history(id: string, sight: Sight): Tree {
  const placements = sight.read<Placements>(placementsPath(id))?.placements ?? [];
  const nowMs = sight.read<Status>(STATUS.path)?.atMs ?? 0;
  return section(
    'Where it was',
    table(
      'Where it was, the latest first',
      [
        { title: 'Server', isShort: true },
        { title: 'From', isShort: true },
        { title: 'For', isNumber: true },
      ],
      placements.map(({ server, fromMs, untilMs }, index) => ({
        key: `${index} ${server}`,
        cells: [
          link(at('explain', ['server', server]), server),
          fromMs === null ? 'before all that is remembered' : clockTime(fromMs, nowMs, true),
          fromMs === null ? '' : duration((untilMs ?? nowMs) - fromMs),
        ],
      })),
      NO_PLACEMENTS,
    ),
  );
}

function ofServer(id: string, sight: Sight): Tree[] {
  const problem = sight.problemOf(residentsPath(id));
  if (problem !== undefined) return [sentence(refused(problem))];
  const status = sight.read<Status>(STATUS.path);
  const server = status?.servers.find((each) => each.id === id);
  const residents = sight.read<Residents>(residentsPath(id))?.residents ?? [];
  const detail = sight.read<Servers>(SERVERS.path)?.servers.find((each) => each.id === id);
  const nowMs = status?.atMs ?? 0;
  return [
    h(
      'div',
      { class: 'bar' },
      h('h2', { class: 'subject' }, id),
      server === undefined ? null : stateWords(server),
      link(at('forecast', ['server', id]), 'Forecast'),
      link(at('servers', [], { find: id }), 'Drain or take back'),
    ),
    ...(server === undefined
      ? []
      : [h('p', { class: 'verdict' }, serverWords(server, residents, nowMs))]),
    h(
      'div',
      { class: 'columns' },
      section('What fills it', residentTable(residents)),
      section(
        'How it stands',
        facts([
          ['Answers', detail === undefined ? '' : healthCell(detail.health, nowMs)],
          ['Address', server?.address ?? ''],
          ['Zone', server?.zone ?? 'none'],
          ['Fence', server?.fence ?? ''],
          ...(server?.because == null
            ? []
            : [
                [
                  'Since',
                  `${since(server.because.sinceMs, nowMs)} by ${server.because.by}${server.because.reason === '' ? '' : `: ${server.because.reason}`}`,
                ] as const,
              ]),
        ]),
      ),
    ),
  ];
}

/** A server in one sentence: whether it gets full, by what, and what a plan does about it. */
export function serverWords(
  server: Status['servers'][number],
  residents: Residents['residents'],
  nowMs: number,
): string {
  const { id, predicted } = server;
  const note = noteWords(server, nowMs);
  const largest = residents.filter(({ share }) => share !== null).slice(0, 3);
  const leaving = residents.filter(({ target }) => target !== null && target !== id);
  const peak =
    predicted === null
      ? `${id} is not forecast.`
      : `${id} is expected to reach ${Math.round(100 * predicted.p90)} % of its ${metricWord(predicted.dimension)} (P90).`;
  const carried =
    largest.length === 0
      ? ''
      : ` Most of it: ${largest.map(({ resource, share }) => `${resource} ${Math.round(100 * (share ?? 0))} %`).join(', ')}.`;
  const moved =
    leaving.length === 0 ? '' : ` ${counted(leaving.length, 'resource')} would leave it by a plan.`;
  return `${peak}${note === '' ? '' : ` ${ended(note)}`}${carried}${moved}`;
}

function index(sight: Sight): Tree[] {
  const resources = sight.read<Resources>(RESOURCES.path)?.resources ?? [];
  const nowMs = sight.read<Status>(STATUS.path)?.atMs ?? 0;
  return [
    h('div', { class: 'bar' }, filter(sight, 'Resources')),
    table(
      'Where everything is',
      [
        { title: 'Resource', isShort: true },
        { title: 'Server', isShort: true },
        { title: 'Since table', isNumber: true },
        { title: 'Last moved', isShort: true },
        { title: 'Standby' },
        { title: 'Pin' },
        { title: 'May serve it', isNumber: true },
      ],
      resources
        .filter(({ id, server }) => fitsFilter(sight, id, server ?? ''))
        .map(({ id, server, since: table, movedAtMs, standby, pin, eligible, isShared }) => ({
          key: id,
          cells: [
            rowLink(at('explain', ['resource', id]), id),
            server === null
              ? isShared
                ? `shared by ${eligible}`
                : h('span', { class: 'bad' }, 'none')
              : link(at('explain', ['server', server]), server),
            table ?? '',
            movedAtMs === null ? '' : clockTime(movedAtMs, nowMs, true),
            standby ?? '',
            pin ?? '',
            eligible,
          ],
        })),
      resources.length === 0 ? NO_RESOURCES : NO_MATCH,
    ),
  ];
}

export const explainPage: Page = {
  title: ({ address: { parts } }) => (parts[1] === undefined ? 'Explain' : `Explain ${parts[1]}`),
  asks: ({ address }) => {
    const [kind, id] = address.parts;
    if (kind === 'resource' && id !== undefined) {
      return [
        { path: explainPath(id, address), restMs: 10_000 },
        { path: placementsPath(id), restMs: 4000 },
        STATUS,
      ];
    }
    if (kind === 'server' && id !== undefined) {
      return [STATUS, SERVERS, { path: residentsPath(id), restMs: 4000 }];
    }
    return [RESOURCES, STATUS];
  },
  view,
};

/** Models that are taken together have a line to be broken at between them. */
function modelWords(model = 'no model'): string {
  return model.replaceAll('+', ' + ');
}

import { at } from '../frame/address.js';
import type {
  Explained,
  Placements,
  Residents,
  Resources,
  Servers,
  Status,
} from '../frame/answers.js';
import {
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
import { healthCell, noteWords, residentTable, stateWords } from './server-cells.js';

/* Page 5: why something is where it is, in the same words as the command line has; what fills a server. */

const RESOURCES: Ask = { path: '/v1/resources', restMs: 30_000 };
const STATUS: Ask = { path: '/v1/status', restMs: 3000 };
const SERVERS: Ask = { path: '/v1/servers', restMs: 5000 };

const explainPath = (id: string): string => `/v1/explain/${encodeURIComponent(id)}`;
const placementsPath = (id: string): string => `/v1/resources/${encodeURIComponent(id)}/placements`;
const residentsPath = (id: string): string => `/v1/servers/${encodeURIComponent(id)}/resources`;

function view(sight: Sight): Tree[] {
  const [kind, id] = sight.address.parts;
  if (kind === 'resource' && id !== undefined) return ofResource(id, sight);
  if (kind === 'server' && id !== undefined) return ofServer(id, sight);
  return index(sight);
}

function ofResource(id: string, sight: Sight): Tree[] {
  const problem = sight.problemOf(explainPath(id));
  const explained = sight.read<Explained>(explainPath(id));
  const head = h(
    'div',
    { class: 'bar' },
    h('h2', { class: 'subject' }, id),
    link(at('forecast', ['resource', id]), 'Forecast'),
  );
  if (problem !== undefined) return [head, sentence(refused(problem)), history(id, sight)];
  if (explained === undefined) return [head];
  const { headline, next, fits, notes, standby, demand, models } = explained;
  return [
    head,
    h('p', { class: `verdict ${explained.verdict}` }, headline),
    ...(next === null ? [] : [nextLine(next)]),
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
                  `${amount(value, dimension)} (${models[dimension] ?? 'no model'})`,
                ] as const,
            ),
            [
              'If its server is lost',
              standby === null ? 'it has no standby' : `it goes to ${standby}`,
            ],
          ]),
          notes.map((note) => h('p', { class: 'quiet' }, note)),
        ),
        history(id, sight),
      ),
    ),
  ];
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
  asks: ({ address: { parts } }) => {
    const [kind, id] = parts;
    if (kind === 'resource' && id !== undefined) {
      return [
        { path: explainPath(id), restMs: 4000 },
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

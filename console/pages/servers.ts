import { at } from '../frame/address.js';
import type { ServerDetail, ServerStatus, Servers, Status } from '../frame/answers.js';
import {
  changeButton,
  filter,
  fitsFilter,
  link,
  rowLink,
  sentence,
  table,
} from '../frame/controls.js';
import { NO_MATCH, NO_SERVERS, drained, viewing } from '../frame/sentences.js';
import type { Ask, Page, Question, Sight } from '../frame/sight.js';
import { REASON } from '../frame/sight.js';
import type { Child, Tree } from '../frame/tree.js';
import { h } from '../frame/tree.js';
import { counted, duration, percent, since } from '../frame/words.js';
import { healthCell, noteWords, stateWords } from './server-cells.js';

/* Servers: how each stands and answers, and its drain, with what is in the way. */

const STATUS: Ask = { path: '/v1/status', restMs: 1000 };
const SERVERS: Ask = { path: '/v1/servers', restMs: 1000 };

function view(sight: Sight): Tree[] {
  const status = sight.read<Status>(STATUS.path);
  if (status === undefined) return [];
  const details = new Map(
    (sight.read<Servers>(SERVERS.path)?.servers ?? []).map((detail) => [detail.id, detail]),
  );
  const { servers, atMs } = status;
  const viewer = viewing(sight.session);
  return [
    h('div', { class: 'bar' }, filter(sight)),
    ...(viewer === undefined ? [] : [sentence(viewer)]),
    table(
      'Servers',
      [
        { title: 'Server', isShort: true },
        { title: 'State' },
        { title: 'Answers', isShort: true },
        { title: 'Resources', isNumber: true },
        { title: 'Now', isNumber: true },
        { title: 'Zone' },
        { title: 'Address', isShort: true },
        { title: 'Note' },
        { title: '', isShort: true },
      ],
      servers
        .filter(({ id, state, zone, address }) => fitsFilter(sight, id, state, zone ?? '', address))
        .map((server) => {
          const detail = details.get(server.id);
          return {
            key: server.id,
            cells: [
              rowLink(at('explain', ['server', server.id]), server.id),
              [stateWords(server), because(server, atMs)],
              detail === undefined ? '' : healthCell(detail.health, atMs),
              server.resources,
              percent(server.overall),
              server.zone ?? '',
              server.address,
              [noteWords(server, atMs), drainLines(server, detail, atMs)],
              buttons(server, sight),
            ],
          };
        }),
      servers.length === 0 ? NO_SERVERS : NO_MATCH,
    ),
  ];
}

function because({ because: cause }: ServerStatus, nowMs: number): Child {
  if (cause === null) return null;
  return h('div', { class: 'quiet' }, `${since(cause.sinceMs, nowMs)} by ${cause.by}`);
}

/** What is left, how long it may take, and what is in the way, by name. */
export function drainLines(
  { id }: Pick<ServerStatus, 'id'>,
  detail: Pick<ServerDetail, 'drain'> | undefined,
  nowMs: number,
): Child {
  const drain = detail?.drain ?? null;
  if (drain === null) return null;
  const { remaining, moved, etaMs, resources, blockers, sinceMs } = drain;
  if (remaining === 0) return sentence(drained(id));
  const eta =
    etaMs === null
      ? `nothing has moved in ${duration(nowMs - sinceMs)}`
      : `about ${duration(etaMs)} at the pace so far`;
  const named = resources.slice(0, 8).join(', ');
  const more = remaining > 8 ? ` and ${remaining - 8} more` : '';
  return h(
    'div',
    { class: 'drain' },
    h('p', {}, `${counted(remaining, 'resource')} left, ${moved} moved, ${eta}.`),
    h('p', { class: 'quiet' }, `${named}${more}`),
    blockers.map(({ resource, why }) =>
      h(
        'p',
        { class: 'warn' },
        resource === null
          ? `In the way: ${why}.`
          : [link(at('explain', ['resource', resource]), resource), `: ${why}.`],
      ),
    ),
  );
}

function buttons(server: ServerStatus, sight: Sight): Child {
  const { id, state } = server;
  if (state === 'lost') return null;
  if (state === 'ready') {
    return h(
      'span',
      { class: 'buttons' },
      changeButton(sight, 'Drain …', change(server, 'draining')),
      changeButton(sight, 'Maintenance …', change(server, 'maintenance')),
    );
  }
  return changeButton(sight, `Make ready …`, {
    title: `Make ${id} ready again?`,
    text: 'It may get resources again from the next round on.',
    fields: [REASON],
    confirm: 'Make ready',
    path: statePath(id),
    body: () => ({ state: 'ready' }),
    done: `${id} is ready.`,
  });
}

function change({ id, resources }: ServerStatus, state: 'draining' | 'maintenance'): Question {
  const word = state === 'draining' ? 'Drain' : 'Maintenance of';
  return {
    title: `${word} ${id}?`,
    text: `Its ${counted(resources, 'resource')} move to other servers, and it gets nothing until it is made ready again. That outlives restarts.`,
    fields: [REASON],
    confirm: state === 'draining' ? 'Drain' : 'Begin maintenance',
    path: statePath(id),
    body: () => ({ state }),
    done: `${id} is ${state === 'draining' ? 'draining' : 'in maintenance'}.`,
  };
}

function statePath(id: string): string {
  return `/v1/servers/${encodeURIComponent(id)}/state`;
}

export const serversPage: Page = { title: () => 'Servers', asks: () => [STATUS, SERVERS], view };

import type { HeatMap } from '../api/contract/heat-map.js';
import type { ServerStatus, Status } from '../api/contract/status.js';
import type { Style } from './terminal.js';
import { textTable } from './text-table.js';
import { doingLines, headline, serverTable } from './verbs/status.js';
import { percent } from './words.js';

/* What `foreshift top` shows: the lines of `foreshift status`, servers in an order of one's own, and what rises most. */

export const TOP_ORDERS = [
  'peak',
  'name',
  'cpu',
  'memory',
  'network',
  'hits',
  'resources',
] as const;
export type TopOrder = (typeof TOP_ORDERS)[number];

/** What is asked at once. */
export interface TopFrame {
  readonly status: Status;
  /** Resources whose load is expected to rise most, the most first. */
  readonly movers: HeatMap['movers'];
}

/** What somebody looks at: changed by keys. */
export interface TopView {
  readonly order: TopOrder;
  /** Servers that are scrolled away above. */
  readonly skipped: number;
}

const MOVERS_SHOWN = 5;
/** Of the servers so many are shown before anything else is. */
const SERVERS_SHOWN_MIN = 4;

/** The fullest first, or by name; what is not known comes last. */
export function inOrder(frame: TopFrame, order: TopOrder): TopFrame {
  const { status } = frame;
  const servers = [...status.servers].sort(
    (a, b) => amountOf(b, order) - amountOf(a, order) || (a.id < b.id ? -1 : 1),
  );
  return { ...frame, status: { ...status, servers } };
}

function amountOf(server: ServerStatus, order: TopOrder): number {
  switch (order) {
    case 'name':
      return 0;
    case 'peak':
      return server.predicted?.p90 ?? -1;
    case 'hits':
      return server.hitsPerSecond ?? -1;
    case 'resources':
      return server.resources;
    case 'cpu':
    case 'memory':
    case 'network':
      return server.utilization[order] ?? -1;
  }
}

/** All of it, one after the other. */
export function topText(frame: TopFrame, style: Style): string {
  const { status, movers } = frame;
  return [
    headline(status, style),
    serverTable(status, style),
    ...moverLines(movers),
    ...doingLines(status, style),
  ].join('\n');
}

/**
 * As many lines as there is room for. Of little room the servers get the first, then what is done about them, then what rises.
 * The view comes back without what there is nothing to scroll for.
 * @param frame in the order of the view
 * @param fault why it is not the newest; empty: it is
 */
export function topLines(
  { status, movers }: TopFrame,
  { order, skipped }: TopView,
  {
    rows,
    style,
    fault,
  }: { readonly rows: number; readonly style: Style; readonly fault: readonly string[] },
): { readonly lines: string[]; readonly view: TopView } {
  const [titles = '', ...servers] = serverTable(status, style).split('\n');
  let room = rows - 3 - fault.length;
  const take = (lines: readonly string[]): readonly string[] => {
    const taken = lines.slice(0, Math.max(0, room));
    room -= taken.length;
    return taken;
  };
  const first = take(servers.slice(0, SERVERS_SHOWN_MIN)).length;
  const doing = take(doingLines(status, style));
  const rising = room > 1 ? take(moverLines(movers.slice(0, MOVERS_SHOWN))) : [];
  const count = first + Math.max(0, Math.min(room, servers.length - first));
  const from = Math.max(0, Math.min(skipped, servers.length - count));
  const keys = ['q quit', `s sort: ${order}`];
  if (servers.length > count)
    keys.push(`up/down: ${from + 1}-${from + count} of ${servers.length} servers`);
  const lines = [
    headline(status, style),
    style.bold(titles),
    ...servers.slice(from, from + count),
    ...rising,
    ...doing,
    ...fault,
    style.dim(keys.join('   ')),
  ];
  return { lines, view: { order, skipped: from } };
}

function moverLines(movers: HeatMap['movers']): string[] {
  if (movers.length === 0) return ['no load is expected to rise'];
  return textTable(
    [
      { title: 'TOP MOVERS' },
      { title: 'ON' },
      { title: '' },
      { title: 'NEXT', align: 'right' },
      { title: 'PEAK', align: 'right' },
    ],
    movers.map(({ resource, server, dimension, now, peak }) => {
      return [resource, server, dimension, percent(now), percent(peak)];
    }),
  ).split('\n');
}

/** What a key makes of it; the same where it means nothing. @param servers how many there are */
export function afterKey(view: TopView, key: string, servers: number): TopView {
  const to = (skipped: number): TopView => ({
    ...view,
    skipped: Math.max(0, Math.min(skipped, servers - 1)),
  });
  switch (key) {
    case 's':
      return { order: next(view.order), skipped: 0 };
    case 'down':
    case 'j':
      return to(view.skipped + 1);
    case 'up':
    case 'k':
      return to(view.skipped - 1);
    default:
      return view;
  }
}

function next(order: TopOrder): TopOrder {
  return TOP_ORDERS[(TOP_ORDERS.indexOf(order) + 1) % TOP_ORDERS.length] ?? order;
}

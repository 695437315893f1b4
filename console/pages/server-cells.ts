import { at } from '../frame/address.js';
import type { Residents, ServerStatus, Servers } from '../frame/answers.js';
import { rowLink, table } from '../frame/controls.js';
import { NO_RESIDENTS } from '../frame/sentences.js';
import type { Child, Tree } from '../frame/tree.js';
import { h } from '../frame/tree.js';
import { clockTime, metricWord, since } from '../frame/words.js';
import { shareBar } from '../figures/share-bar.js';

/* How servers are told of on every page. */

export function stateWords({ state, spare }: ServerStatus): Child {
  const text = spare && state === 'ready' ? 'spare' : state;
  return h('span', { class: `state ${state}` }, text);
}

/** What is to be known of it: what was said of it, else when it gets full. */
export function noteWords({ predicted, note }: ServerStatus, nowMs: number): string {
  if (note !== '') return note;
  if (predicted?.overAtMs == null) return '';
  return `${metricWord(predicted.dimension)} full at about ${clockTime(predicted.overAtMs, nowMs, true)}`;
}

export function healthCell(
  { isWell, text, sinceMs }: Servers['servers'][number]['health'],
  nowMs: number,
): Child {
  const when = sinceMs === null ? '' : ` (${since(sinceMs, nowMs)})`;
  return h('span', { class: isWell ? undefined : 'bad' }, `${text}${when}`);
}

export function residentTable(residents: Residents['residents']): Tree {
  return table(
    'Resources of the server, the largest first',
    [{ title: 'Resource' }, { title: 'P90 of its peak' }, { title: 'Plan' }],
    residents.map(({ resource, dimension, share, target }) => ({
      key: resource,
      cells: [
        rowLink(at('explain', ['resource', resource]), resource),
        share === null
          ? 'not forecast'
          : [shareBar(share, null), h('span', { class: 'quiet' }, metricWord(dimension ?? ''))],
        target === null ? '' : `to ${target}`,
      ],
    })),
    NO_RESIDENTS,
  );
}

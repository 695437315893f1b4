import type { History, Status } from '../frame/answers.js';
import { filter, fitsFilter, table } from '../frame/controls.js';
import { NO_ACTS, NO_MATCH } from '../frame/sentences.js';
import type { Ask, Page, Sight } from '../frame/sight.js';
import type { Tree } from '../frame/tree.js';
import { h } from '../frame/tree.js';
import { clockTime } from '../frame/words.js';

/* Who changed what, the latest first. */

const HISTORY: Ask = { path: '/v1/history?limit=1000', restMs: 3000 };
const STATUS: Ask = { path: '/v1/status', restMs: 10_000 };

function view(sight: Sight): Tree[] {
  const history = sight.read<History>(HISTORY.path);
  if (history === undefined) return [];
  const nowMs = sight.read<Status>(STATUS.path)?.atMs ?? 0;
  return [
    h('div', { class: 'bar' }, filter(sight)),
    table(
      'Changes, the latest first',
      [
        { title: 'Time', isShort: true },
        { title: 'Who', isShort: true },
        { title: 'What', isShort: true },
        { title: 'Which' },
      ],
      history.acts
        .map((act, index) => ({ ...act, key: String(history.acts.length - index) }))
        .filter(({ who, what, detail }) => fitsFilter(sight, who, what, detail))
        .map(({ key, atMs, who, what, detail }) => ({
          key,
          kind: what === 'refused' ? 'warn' : '',
          cells: [clockTime(atMs, nowMs, true), who, what, detail],
        })),
      history.acts.length === 0 ? NO_ACTS : NO_MATCH,
    ),
  ];
}

export const auditPage: Page = { title: () => 'Audit', asks: () => [HISTORY, STATUS], view };

import { levelOf } from '../frame/scale.js';
import type { Branch } from '../frame/tree.js';
import { h } from '../frame/tree.js';
import { percent } from '../frame/words.js';

/** The bar of a share is drawn up to this; what is beyond is cut off, and its number says how much. */
const SHARE_MAX = 1.25;
const WIDTH = 125;

/** A share as its number and a bar, with marks where plans aim below and where the server is full. */
export function shareBar(share: number | null, target: number | null): Branch {
  if (share === null) return h('span', { class: 'quiet' }, '–');
  const x = (value: number): number => (Math.min(value, SHARE_MAX) / SHARE_MAX) * WIDTH;
  return h(
    'span',
    { class: 'share' },
    h('span', { class: share > 1 ? 'value over' : 'value' }, percent(share), share > 1 ? ' !' : ''),
    h(
      'svg',
      { viewBox: `0 0 ${WIDTH} 12`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
      h('rect', { class: 'ground', x: 0, y: 0, width: x(1), height: 12 }),
      h('rect', { class: `level-${levelOf(share)}`, x: 0, y: 2, width: x(share), height: 8 }),
      target === null
        ? null
        : h('line', { class: 'target', x1: x(target), x2: x(target), y1: 0, y2: 12 }),
      h('line', { class: 'limit', x1: x(1), x2: x(1), y1: 0, y2: 12 }),
    ),
  );
}

import type { Switch } from '../frame/answers.js';
import type { Branch } from '../frame/tree.js';
import { h } from '../frame/tree.js';
import { duration } from '../frame/words.js';

const WIDTH = 200;

/** What becomes of the time of a hold: first what was under way ends, then the resource changes hands and held work goes on. */
export function phaseBar({ drainMs, holdMs }: Switch, longestMs: number): Branch {
  const x = (ms: number): number => (longestMs <= 0 ? 0 : (ms / longestMs) * WIDTH);
  const drain = Math.min(drainMs, holdMs);
  return h(
    'svg',
    {
      class: 'phases',
      viewBox: `0 0 ${WIDTH} 12`,
      preserveAspectRatio: 'none',
      role: 'img',
      'aria-label': phaseWords({ drainMs, holdMs }),
    },
    h('title', {}, phaseWords({ drainMs, holdMs })),
    h('rect', { class: 'drain', x: 0, y: 1, width: x(drain).toFixed(2), height: 10 }),
    h('rect', {
      class: 'hand-over',
      x: x(drain).toFixed(2),
      y: 1,
      width: Math.max(1, x(holdMs - drain)).toFixed(2),
      height: 10,
    }),
  );
}

export function phaseWords({ drainMs, holdMs }: Pick<Switch, 'drainMs' | 'holdMs'>): string {
  const drain = Math.min(drainMs, holdMs);
  return `held ${duration(holdMs)}: drain ${duration(drain)}, hand-over ${duration(holdMs - drain)}`;
}

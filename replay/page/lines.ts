import type { PolicyName } from '../options.js';
import type { Frame } from './axes.js';
import { axes, fixed, niceStep, xOf, yOf } from './axes.js';
import { escaped, quantity } from './text.js';

export interface Line {
  readonly policy: PolicyName;
  /** One value a bucket. */
  readonly values: readonly number[];
}

export interface LinesOptions {
  readonly label: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly bucketMs: number;
  /** The least value shown; default 0. */
  readonly low?: number;
}

const WIDTH = 960;
const HEIGHT = 250;
/** Between two labels at the ends of lines. */
const LABEL_HEIGHT = 15;

/** One line a policy over the replayed time, each named at its end. */
export function lineChart(lines: readonly Line[], options: LinesOptions): string {
  const { label, fromMs, toMs, bucketMs, low = 0 } = options;
  const highest = Math.max(low, ...lines.flatMap(({ values }) => values));
  const step = niceStep((highest - low) / 4);
  const frame: Frame = {
    width: WIDTH,
    height: HEIGHT,
    left: 56,
    right: 130,
    top: 12,
    bottom: 28,
    fromMs,
    toMs,
    low,
    high: low + step * Math.max(1, Math.ceil((highest - low) / step)),
  };
  const paths = lines.map(({ policy, values }) => {
    const points = values.map((value, bucket) => {
      const endMs = Math.min(toMs, fromMs + (bucket + 1) * bucketMs);
      return `${fixed(xOf(frame, endMs))} ${fixed(yOf(frame, value))}`;
    });
    const last = quantity(values.at(-1) ?? 0);
    const d = `M${points.join('L')}`;
    return `<path class="line of-${policy}" d="${d}"><title>${policy}: ${last} at the end</title></path>`;
  });
  return (
    `<svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(label)}">` +
    `${axes(frame)}${paths.join('')}${endLabels(lines, frame)}</svg>`
  );
}

/** Names beside the ends of their lines, moved apart where they would overlap. */
function endLabels(lines: readonly Line[], frame: Frame): string {
  const labels = lines
    .map(({ policy, values }) => ({ policy, y: yOf(frame, values.at(-1) ?? 0) }))
    .sort((a, b) => a.y - b.y);
  let below = -Infinity;
  const placed = labels.map(({ policy, y }) => {
    below = Math.max(y, below + LABEL_HEIGHT);
    return { policy, y: below };
  });
  const overflow = Math.max(0, below - (frame.height - frame.bottom));
  return placed
    .map(({ policy, y }) => {
      const x = frame.width - frame.right + 8;
      return `<text class="name of-${policy}" x="${x}" y="${fixed(y - overflow)}" dy="0.32em">${policy}</text>`;
    })
    .join('');
}

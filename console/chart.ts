import type { Outlook, OutlookLine, Path } from './answers.js';
import { drawing, element } from './elements.js';
import { percent } from './words.js';

const WIDTH = 400;
const HEIGHT = 110;

/** One server in one dimension: its past, the line of now, and the band of what is expected. */
export function chartOf(line: OutlookLine, outlook: Outlook): HTMLElement {
  const futureSteps = line.p50.length;
  const steps = line.past.length + futureSteps;
  const top = Math.max(1.1, ...numbers(line.past), ...numbers(line.p90));
  const x = (step: number): number => (step / Math.max(1, steps)) * WIDTH;
  const y = (share: number): number => HEIGHT - (share / top) * (HEIGHT - 4);
  const offset = futureStart(line, outlook);
  const parts = [
    drawing('line', {
      class: 'limit',
      x1: '0',
      x2: String(WIDTH),
      y1: fixed(y(1)),
      y2: fixed(y(1)),
    }),
    drawing('path', { class: 'past', d: pathData(line.past, x, y, 0) }),
    drawing('path', { class: 'band', d: bandData(line, x, y, offset) }),
    drawing('path', { class: 'median', d: pathData(line.p50, x, y, offset) }),
    drawing('line', {
      class: 'now',
      x1: fixed(x(line.past.length)),
      x2: fixed(x(line.past.length)),
      y1: '0',
      y2: String(HEIGHT),
    }),
  ];
  const present = line.past.findLast((value) => value !== null) ?? null;
  const peak = line.p90.length === 0 ? null : Math.max(...numbers(line.p90));
  const isFull = peak !== null && peak > 1;
  const words = `now ${percent(present)}, P90 ${percent(peak)}${isFull ? ' – full' : ''}`;
  const label = `${line.server} ${line.dimension}: ${words}`;
  return element(
    'figure',
    {},
    element(
      'figcaption',
      {},
      `${line.server} · ${line.dimension}`,
      element('span', { class: isFull ? 'full' : 'value' }, words),
    ),
    drawing(
      'svg',
      {
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        preserveAspectRatio: 'none',
        role: 'img',
        'aria-label': label,
      },
      ...parts,
    ),
  );
}

/** The step of the past at which the forecast begins: behind now, if it is not fresh. */
function futureStart(
  { past }: OutlookLine,
  { pastFromMs, forecastFromMs, stepMs }: Outlook,
): number {
  return forecastFromMs === null ? past.length : (forecastFromMs - pastFromMs) / stepMs;
}

type Scale = (value: number) => number;

function pathData(path: Path, x: Scale, y: Scale, offset: number): string {
  let data = '';
  let isDown = false;
  path.forEach((value, step) => {
    if (value === null) {
      isDown = false;
      return;
    }
    data += `${isDown ? 'L' : 'M'}${fixed(x(offset + step + 0.5))} ${fixed(y(value))}`;
    isDown = true;
  });
  return data;
}

function bandData({ p10, p90 }: OutlookLine, x: Scale, y: Scale, offset: number): string {
  if (p90.length === 0) return '';
  const point = (value: number | null, step: number): string =>
    `${fixed(x(offset + step + 0.5))} ${fixed(y(value ?? 0))}`;
  const above = p90.map((value, step) => point(value, step));
  const below = p10.map((value, step) => point(value, step)).reverse();
  return `M${[...above, ...below].join('L')}Z`;
}

function numbers(path: Path): number[] {
  return path.filter((value) => value !== null);
}

function fixed(value: number): string {
  return value.toFixed(1);
}

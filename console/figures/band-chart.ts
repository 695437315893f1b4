import type { Path, SeriesForecast } from '../frame/answers.js';
import type { Branch, Child } from '../frame/tree.js';
import { h } from '../frame/tree.js';
import { amount, clockTime } from '../frame/words.js';
import { ticksOf } from './heat-picture.js';

/* One series: what was, what is expected between P10 and P90, what bounds it, and what had been said of the past. */

/** Of a wide screen, and of one on which that would be too small to read. */
const WIDE = 1120;
const NARROW = 460;
const NARROW_BELOW_PX = 700;
const HEIGHT = 320;
const LEFT = 74;
const BOTTOM = 26;
const TOP = 20;

/** Of a time below the chart, with some air. */
const TICK_WIDTH = 70;

type Scale = (value: number) => number;

interface Frame {
  readonly width: number;
  /** From a time to where it is drawn. */
  readonly x: Scale;
  /** From a load to where it is drawn. */
  readonly y: Scale;
  readonly stepMs: number;
}

/**
 * @param leadMs what was said so long before is laid over; undefined: nothing is
 * @param roomPx how wide the screen is
 */
export function bandChart(
  series: SeriesForecast,
  leadMs: number | undefined,
  roomPx: number,
): Branch {
  const width = roomPx < NARROW_BELOW_PX ? NARROW : WIDE;
  const { past, pastFromMs, stepMs, forecast, limit, nowMs, metric } = series;
  const said = series.said.find((each) => each.leadMs === leadMs);
  const futureSteps = forecast?.p50.length ?? 0;
  const endMs = Math.max(
    pastFromMs + past.length * stepMs,
    forecast === null ? 0 : forecast.fromMs + futureSteps * stepMs,
  );
  const highest = Math.max(
    ...numbers(past),
    ...numbers(forecast?.p90 ?? []),
    ...numbers(said?.p90 ?? []),
    0,
  );
  const top = topOf(highest, limit);
  const frame: Frame = {
    width,
    x: (atMs) => LEFT + ((atMs - pastFromMs) / (endMs - pastFromMs || 1)) * (width - LEFT - 8),
    y: (value) => HEIGHT - BOTTOM - (Math.min(value, top) / top) * (HEIGHT - BOTTOM - TOP),
    stepMs,
  };
  const isFine = stepMs < 60_000;
  return h(
    'svg',
    {
      class: 'chart',
      viewBox: `0 0 ${width} ${HEIGHT}`,
      role: 'img',
      'aria-label': chartWords(series),
    },
    h(
      'defs',
      {},
      h(
        'pattern',
        {
          id: 'to-come',
          width: 6,
          height: 6,
          patternUnits: 'userSpaceOnUse',
          patternTransform: 'rotate(45)',
        },
        h('line', { class: 'hatch', x1: 0, x2: 0, y1: 0, y2: 6 }),
      ),
    ),
    future(frame, pastFromMs + past.length * stepMs, endMs),
    loadAxis(frame, top, metric),
    timeAxis(frame, { fromMs: pastFromMs, endMs, nowMs }),
    said === undefined
      ? null
      : [
          h('path', { class: 'said-band', d: bandData(said, pastFromMs, frame) }),
          h('path', { class: 'said', d: pathData(said.p50, pastFromMs, frame) }),
        ],
    forecast === null
      ? null
      : [
          h('path', { class: 'band', d: bandData(forecast, forecast.fromMs, frame) }),
          h('path', { class: 'median', d: pathData(forecast.p50, forecast.fromMs, frame) }),
        ],
    h('path', { class: 'past', d: pathData(past, pastFromMs, frame) }),
    limit === null || limit > top ? null : limitLine(frame, limit, metric),
    nowLine(frame, nowMs, isFine),
    probes(series, frame),
  );
}

/** Steps that are told of under the pointer; of more there is no place for each. */
const PROBES_MAX = 400;

/** What each step was or may be, in words, where the pointer is. */
function probes(series: SeriesForecast, { x, stepMs }: Frame): Child {
  const { past, pastFromMs, forecast, nowMs, metric } = series;
  const told = new Map<number, string>();
  const isFine = stepMs < 60_000;
  for (const [step, value] of past.entries()) {
    if (value === null) continue;
    const atMs = pastFromMs + step * stepMs;
    told.set(atMs, `${clockTime(atMs, nowMs, isFine)}: ${amount(value, metric)}`);
  }
  for (const [step, median] of forecast?.p50.entries() ?? []) {
    const atMs = (forecast?.fromMs ?? 0) + step * stepMs;
    const [low, high] = [forecast?.p10[step], forecast?.p90[step]];
    const band = `P50 ${amount(median, metric)}, P10 ${amount(low, metric)}, P90 ${amount(high, metric)}`;
    const came = told.get(atMs);
    told.set(
      atMs,
      came === undefined ? `${clockTime(atMs, nowMs, isFine)}: ${band}` : `${came} (${band})`,
    );
  }
  if (told.size > PROBES_MAX) return null;
  return [...told].map(([atMs, text]) =>
    h(
      'rect',
      {
        key: String(atMs),
        class: 'probe',
        x: fixed(x(atMs)),
        y: TOP,
        width: fixed(x(atMs + stepMs) - x(atMs)),
        height: HEIGHT - BOTTOM - TOP,
      },
      h('title', {}, text),
    ),
  );
}

/** A little above the highest value, and above what bounds it unless that is far away. */
function topOf(highest: number, limit: number | null): number {
  const wanted = limit !== null && limit < 4 * highest ? Math.max(highest, limit) : highest;
  return wanted <= 0 ? (limit ?? 1) : 1.08 * wanted;
}

function numbers(path: Path): number[] {
  return path.filter((value) => value !== null);
}

function future({ x }: Frame, fromMs: number, endMs: number): Child {
  const width = x(endMs) - x(fromMs);
  if (width <= 0) return null;
  return h('rect', {
    class: 'future',
    x: fixed(x(fromMs)),
    y: TOP,
    width: fixed(width),
    height: HEIGHT - BOTTOM - TOP,
    fill: 'url(#to-come)',
  });
}

function loadAxis({ y, width }: Frame, top: number, metric: string): Child {
  const step = niceStep(top / 4);
  const marks = Array.from({ length: Math.floor(top / step) + 1 }, (_, at) => at * step);
  return marks.map((value) => [
    h('line', { class: 'grid', x1: LEFT, x2: width - 8, y1: fixed(y(value)), y2: fixed(y(value)) }),
    h(
      'text',
      { class: 'mark', x: LEFT - 8, y: fixed(y(value) + 4), 'text-anchor': 'end' },
      amount(value, metric),
    ),
  ]);
}

/** 1, 2 or 5 times a power of ten. */
function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const [step = 10] = [1, 2, 5, 10].filter((each) => each * power >= rough);
  return step * power;
}

function timeAxis(
  { x, stepMs, width }: Frame,
  {
    fromMs,
    endMs,
    nowMs,
  }: { readonly fromMs: number; readonly endMs: number; readonly nowMs: number },
): Child {
  const columns = (endMs - fromMs) / stepMs;
  const ticks = ticksOf({ fromMs, columnMs: stepMs, columns, nowMs });
  const every = Math.ceil((ticks.length * TICK_WIDTH) / (width - LEFT));
  const shown = ticks.filter((_tick, at) => at % every === 0);
  return shown.map(({ column, text }) =>
    h(
      'text',
      {
        class: 'mark',
        x: fixed(x(fromMs + column * stepMs)),
        y: HEIGHT - 8,
        'text-anchor': 'middle',
      },
      text,
    ),
  );
}

function limitLine({ y, width }: Frame, limit: number, metric: string): Child {
  const at = y(limit);
  return [
    h('line', { class: 'limit', x1: LEFT, x2: width - 8, y1: fixed(at), y2: fixed(at) }),
    h(
      'text',
      { class: 'mark limit', x: LEFT + 6, y: fixed(at - 5) },
      `limit ${amount(limit, metric)}`,
    ),
  ];
}

function nowLine({ x, width }: Frame, nowMs: number, isFine: boolean): Child {
  const at = fixed(x(nowMs));
  const isAtEdge = x(nowMs) + TICK_WIDTH / 2 > width;
  return [
    h('line', { class: 'now', x1: at, x2: at, y1: TOP, y2: HEIGHT - BOTTOM }),
    h(
      'text',
      { class: 'mark now', x: at, y: TOP - 6, 'text-anchor': isAtEdge ? 'end' : 'middle' },
      `NOW ${clockTime(nowMs, nowMs, isFine)}`,
    ),
  ];
}

/** Each value in the middle of its step; a gap is a gap. */
function pathData(path: Path, fromMs: number, { x, y, stepMs }: Frame): string {
  let data = '';
  let isDown = false;
  for (const [step, value] of path.entries()) {
    if (value === null) {
      isDown = false;
      continue;
    }
    data += `${isDown ? 'L' : 'M'}${fixed(x(fromMs + (step + 0.5) * stepMs))} ${fixed(y(value))}`;
    // A step alone between gaps is a dot.
    const isAlone = !isDown && (path[step + 1] ?? null) === null;
    if (isAlone) data += 'h.01';
    isDown = true;
  }
  return data;
}

/** One closed shape a stretch in which both are known. */
function bandData(
  { p10, p90 }: { readonly p10: Path; readonly p90: Path },
  fromMs: number,
  { x, y, stepMs }: Frame,
): string {
  const shapes: string[] = [];
  let above: string[] = [];
  let below: string[] = [];
  const close = (): void => {
    if (above.length > 0) shapes.push(`M${[...above, ...below.reverse()].join('L')}Z`);
    [above, below] = [[], []];
  };
  for (const [step, high] of p90.entries()) {
    const low = p10[step] ?? null;
    if (high === null || low === null) {
      close();
      continue;
    }
    const isFirst = above.length === 0;
    const isLast = (p90[step + 1] ?? null) === null || (p10[step + 1] ?? null) === null;
    // A stretch is as long as its steps, so that one step alone is seen, too.
    const places = [...(isFirst ? [0] : []), 0.5, ...(isLast ? [1] : [])];
    for (const place of places) {
      const at = fixed(x(fromMs + (step + place) * stepMs));
      above.push(`${at} ${fixed(y(high))}`);
      below.push(`${at} ${fixed(y(low))}`);
    }
  }
  close();
  return shapes.join('');
}

function fixed(value: number): string {
  return value.toFixed(1);
}

/** The picture in one sentence. */
export function chartWords({ id, metric, past, forecast, limit }: SeriesForecast): string {
  const last = past.findLast((value) => value !== null) ?? null;
  const now = last === null ? 'not measured lately' : `now ${amount(last, metric)}`;
  const high = numbers(forecast?.p90 ?? []);
  const peak = high.length === 0 ? null : Math.max(...high);
  const ahead = peak === null ? 'no forecast' : `P90 of the peak ${amount(peak, metric)}`;
  const bound =
    limit === null || peak === null
      ? ''
      : peak > limit
        ? `, above its limit of ${amount(limit, metric)}`
        : `, below its limit of ${amount(limit, metric)}`;
  return `${id}: ${now}, ${ahead}${bound}.`;
}

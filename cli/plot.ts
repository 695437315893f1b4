import type { Style } from './terminal.js';
import { quantity } from './words.js';

/** A load and what is expected of it. Steps that nobody measured are NaN. */
export interface Plotted {
  /** Before now. */
  readonly history: ArrayLike<number>;
  /** From now on, of equal length. */
  readonly low: ArrayLike<number>;
  readonly middle: ArrayLike<number>;
  readonly high: ArrayLike<number>;
}

export interface PlotOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly height?: number;
  readonly style: Style;
  /** Below the axis, at its left end, at now and at its right end. */
  readonly labels: readonly [from: string, now: string, to: string];
}

const HEIGHT = 14;
const WIDTH_MIN = 20;
/** A step is drawn at most so wide. */
const STRETCH_MAX = 4;

const MARKS = { history: '*', middle: 'o', band: ':', peak: '^', now: '|', empty: ' ' } as const;
type Mark = (typeof MARKS)[keyof typeof MARKS];

/**
 * The load before now as `*`, P50 after it as `o`, P10 to P90 as `:`, the highest of P90 as `^`; in plain characters,
 * as wide as there is room. Where many steps share a column, their whole range is drawn.
 */
export function plot(plotted: Plotted, { width, height = HEIGHT, style, labels }: PlotOptions) {
  const top = highestOf(plotted);
  const scale = scaleLabels(top, height);
  const margin = Math.max(...scale.map(({ length }) => length)) + 1;
  const room = Math.max(WIDTH_MIN, width - margin - 1);
  const columns = columnsOf(plotted, room, { top, height });
  const lines = Array.from({ length: height }, (_, row) => {
    const label = (scale[row] ?? '').padStart(margin - 1);
    const cells = columns.map((column) => styled(column[height - 1 - row] ?? MARKS.empty, style));
    return `${label} ${cells.join('')}`.trimEnd();
  });
  const now = columns.findIndex((column) => column[0] === MARKS.now);
  return [...lines, axis(labels, { margin, now, length: columns.length })].join('\n');
}

function styled(mark: Mark, { bold, dim, yellow }: Style): string {
  if (mark === MARKS.middle) return bold(mark);
  if (mark === MARKS.peak) return yellow(mark);
  return mark === MARKS.band || mark === MARKS.now ? dim(mark) : mark;
}

function highestOf({ history, middle, high }: Plotted): number {
  const tops = [history, middle, high].map((values) => values[indexOfHighest(values)] ?? 0);
  const top = Math.max(...tops.filter((value) => value > 0), 0);
  return top > 0 ? top : 1;
}

/** By row from the top: every fourth has one, and the lowest. */
function scaleLabels(top: number, height: number): string[] {
  return Array.from({ length: height }, (_, row) => {
    const isLabelled = row % 4 === 0 || row === height - 1;
    return isLabelled ? quantity((top * (height - 1 - row)) / (height - 1)) : '';
  });
}

interface Frame {
  readonly top: number;
  readonly height: number;
}

/** Marks by column and row, row 0 below. */
function columnsOf(plotted: Plotted, room: number, frame: Frame): Mark[][] {
  const { history, low, middle, high } = plotted;
  const steps = history.length + middle.length;
  const perColumn = Math.max(1, Math.ceil(steps / (room - 1)));
  const stretch = Math.max(1, Math.min(STRETCH_MAX, Math.floor((room - 1) / steps)));
  const peak = indexOfHighest(high);
  const columns: Mark[][] = [];
  for (let from = 0; from < history.length; from += perColumn) {
    const column = emptyColumn(frame);
    fill(column, history, { from, to: from + perColumn, mark: MARKS.history, frame });
    repeat(columns, column, stretch);
  }
  columns.push(new Array<Mark>(frame.height).fill(MARKS.now));
  for (let from = 0; from < middle.length; from += perColumn) {
    const to = from + perColumn;
    const column = emptyColumn(frame);
    band(column, { low, high, from, to, frame });
    fill(column, middle, { from, to, mark: MARKS.middle, frame });
    if (peak >= from && peak < to) column[rowOf(high[peak] ?? NaN, frame)] = MARKS.peak;
    repeat(columns, column, stretch);
  }
  return columns;
}

function emptyColumn({ height }: Frame): Mark[] {
  return new Array<Mark>(height).fill(MARKS.empty);
}

function repeat(columns: Mark[][], column: Mark[], times: number): void {
  for (let time = 0; time < times; time++) columns.push(column);
}

interface Fill {
  readonly from: number;
  readonly to: number;
  readonly mark: Mark;
  readonly frame: Frame;
}

/** The range of the values from the lowest to the highest of them. */
function fill(column: Mark[], values: ArrayLike<number>, { from, to, mark, frame }: Fill): void {
  const known = knownIn(values, from, to);
  if (known.length === 0) return;
  const first = rowOf(Math.min(...known), frame);
  const last = rowOf(Math.max(...known), frame);
  for (let row = first; row <= last; row++) column[row] = mark;
}

function band(column: Mark[], of: Pick<Plotted, 'low' | 'high'> & Omit<Fill, 'mark'>): void {
  const lows = knownIn(of.low, of.from, of.to);
  const highs = knownIn(of.high, of.from, of.to);
  if (lows.length === 0 || highs.length === 0) return;
  const first = rowOf(Math.min(...lows), of.frame);
  const last = rowOf(Math.max(...highs), of.frame);
  for (let row = first; row <= last; row++) column[row] = MARKS.band;
}

function knownIn(values: ArrayLike<number>, from: number, to: number): number[] {
  const known: number[] = [];
  for (let at = from; at < Math.min(to, values.length); at++) {
    const value = values[at] ?? NaN;
    if (!Number.isNaN(value)) known.push(value);
  }
  return known;
}

function rowOf(value: number, { top, height }: Frame): number {
  return Math.min(height - 1, Math.max(0, Math.round((value / top) * (height - 1))));
}

function indexOfHighest(values: ArrayLike<number>): number {
  let best = 0;
  for (let at = 1; at < values.length; at++) {
    if (!((values[at] ?? NaN) <= (values[best] ?? NaN)) && !Number.isNaN(values[at])) best = at;
  }
  return best;
}

/** The times below the picture; the one of now below its line, if there is room between the others. */
function axis(
  [from, now, to]: PlotOptions['labels'],
  {
    margin,
    now: at,
    length,
  }: { readonly margin: number; readonly now: number; readonly length: number },
): string {
  const cells = new Array<string>(length).fill(' ');
  const write = (text: string, start: number): void => {
    for (let at = 0; at < text.length; at++) cells[start + at] = text.charAt(at);
  };
  const middle = Math.min(at - (now.length >> 1), length - now.length);
  const end = Math.max(0, length - to.length);
  write(from, 0);
  if (middle > from.length) write(now, middle);
  if (end > middle + now.length) write(to, end);
  return `${' '.repeat(margin)}${cells.join('')}`.trimEnd();
}

import { dayOf, quantity, timeOf } from './text.js';

/** A plot's place and scales, in the units of its viewBox. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** Lowest and highest value shown. */
  readonly low: number;
  readonly high: number;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const TIME_STEPS_MS = [
  HOUR_MS,
  3 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
  ...[1, 2, 7, 14, 28, 91, 182, 364].map((days) => days * DAY_MS),
];
const TIME_TICKS_MAX = 12;
/** Labels nearer than this to the right edge end where they would else be centred. */
const EDGE = 40;
const VALUE_TICKS = 4;

export function xOf(frame: Frame, atMs: number): number {
  const { left, right, width, fromMs, toMs } = frame;
  return left + ((atMs - fromMs) / (toMs - fromMs)) * (width - left - right);
}

export function yOf(frame: Frame, value: number): number {
  const { top, bottom, height, low, high } = frame;
  return height - bottom - ((value - low) / (high - low)) * (height - top - bottom);
}

/** Lines and labels of both axes. */
export function axes(frame: Frame): string {
  return timeAxis(frame) + valueAxis(frame);
}

export function timeAxis(frame: Frame): string {
  const { fromMs, toMs, height, bottom, top } = frame;
  const fits = (ms: number): boolean => (toMs - fromMs) / ms <= TIME_TICKS_MAX;
  const stepMs = TIME_STEPS_MS.find(fits) ?? toMs - fromMs;
  const label = stepMs < DAY_MS ? timeOf : dayOf;
  let text = '';
  for (let atMs = Math.ceil(fromMs / stepMs) * stepMs; atMs <= toMs; atMs += stepMs) {
    const x = fixed(xOf(frame, atMs));
    const anchor = xOf(frame, atMs) > frame.width - EDGE ? 'end' : 'middle';
    text += `<line class="grid" x1="${x}" x2="${x}" y1="${top}" y2="${height - bottom}"/>`;
    text += `<text class="tick" x="${x}" y="${height - bottom + 16}" text-anchor="${anchor}">${label(atMs)}</text>`;
  }
  return text;
}

function valueAxis(frame: Frame): string {
  const { low, high, left, right, width } = frame;
  const step = niceStep((high - low) / VALUE_TICKS);
  let text = '';
  for (let value = Math.ceil(low / step) * step; value <= high + step / 1e6; value += step) {
    const y = fixed(yOf(frame, value));
    text += `<line class="grid" x1="${left}" x2="${width - right}" y1="${y}" y2="${y}"/>`;
    text += `<text class="tick" x="${left - 8}" y="${y}" dy="0.32em" text-anchor="end">${quantity(value)}</text>`;
  }
  return text;
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
export function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1e-9)));
  return power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10);
}

/** Coordinates: a tenth of a unit is finer than a screen. */
export function fixed(value: number): string {
  return value.toFixed(1);
}

import { shareWords } from '../core/text.js';

/* Numbers and times as people read them. */

export function percent(share: number | null | undefined): string {
  return share === null || share === undefined ? '-' : shareWords(share);
}

/** 1,204 or 0.42. */
export function quantity(value: number | null | undefined): string {
  if (value === null || value === undefined) return '-';
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

export { durationWords as duration } from '../core/text.js';

/** `09:44` today, else `12 May 09:44`: local time, as the person's clock shows it. */
export function clockTime(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  const time = at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  const isToday = at.toDateString() === new Date(nowMs).toDateString();
  if (isToday) return time;
  return `${at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })} ${time}`;
}

/** A bar of `width` cells for a share of 1; what is beyond 1 is marked. */
export function bar(share: number, width: number): string {
  const cells = Math.round(Math.min(1, Math.max(0, share)) * width);
  return `${'#'.repeat(cells)}${share > 1 ? '!' : ''}`;
}

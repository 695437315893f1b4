/* Numbers and times as people read them, as the command line writes them. */

export const NONE = '–';

export function percent(share: number | null | undefined): string {
  return share === null || share === undefined ? NONE : `${Math.round(100 * share)} %`;
}

/** 1,204 or 0.42. */
export function quantity(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** "1.4 GiB": three digits. */
export function bytes(value: number): string {
  let left = value;
  let unit = 0;
  for (; left >= 1023.5 && unit < BYTE_UNITS.length - 1; unit++) left /= 1024;
  return `${unit === 0 ? Math.round(left) : Number(left.toPrecision(3))} ${BYTE_UNITS[unit] ?? 'B'}`;
}

/** A load in its unit: "1.2 cores", "3.1 GiB", "210/s"; a utilization as a share. */
export function amount(value: number | null | undefined, metric: string): string {
  if (value === null || value === undefined) return NONE;
  switch (metric) {
    case 'utilization':
      return percent(value);
    case 'cpu':
      return `${quantity(value)} cores`;
    case 'memory':
      return bytes(value);
    case 'network':
      return `${bytes(value)}/s`;
    default:
      return `${quantity(value)}/s`;
  }
}

/** `38 ms`, `2.1 s`, `14 min`, `3 h`, `12 d`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Number((ms / 1000).toFixed(1))} s`;
  if (ms < 2 * 3_600_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 2 * 86_400_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

/** `1 move`, `3 moves`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}

/** `09:44` today, else `12 May 09:44`: local time, as the person's clock shows it. @param isFine with seconds */
export function clockTime(atMs: number, nowMs: number, isFine = false): string {
  const at = new Date(atMs);
  const time = at.toLocaleTimeString('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    ...(isFine && { second: '2-digit' }),
  });
  if (at.toDateString() === new Date(nowMs).toDateString()) return time;
  return `${at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })} ${time}`;
}

/** "3 min ago", "in 2 h". */
export function since(atMs: number, nowMs: number): string {
  const ms = nowMs - atMs;
  if (Math.abs(ms) < 1000) return 'just now';
  return ms > 0 ? `${duration(ms)} ago` : `in ${duration(-ms)}`;
}

export const METRIC_WORDS: Readonly<Record<string, string>> = {
  utilization: 'Overall',
  cpu: 'CPU',
  memory: 'Memory',
  network: 'Network',
  hits: 'Requests',
};

export function metricWord(metric: string): string {
  return METRIC_WORDS[metric] ?? metric;
}

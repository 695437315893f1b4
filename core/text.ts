/** Text of unknown origin, made safe for a message or a log: printable ASCII, at most 80 characters. */
export function clip(text: string): string {
  const safe = text.slice(0, 81).replaceAll(/[^\x20-\x7e]/g, '?');
  return safe.length > 80 ? `${safe.slice(0, 77)}...` : safe;
}

/** "1 move", "3 moves". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `38 ms`, `2.1 s`, `14 min`, `3 h`, `12 d`. */
export function durationWords(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Number((ms / 1000).toFixed(1))} s`;
  if (ms < 2 * 3_600_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 2 * 86_400_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

/** Of a share of 1: `83 %`. */
export function shareWords(share: number): string {
  return `${Math.round(100 * share)} %`;
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** "1.4 GiB": three digits. */
export function bytesWords(bytes: number): string {
  let left = bytes;
  let unit = 0;
  for (; left >= 1023.5 && unit < BYTE_UNITS.length - 1; unit++) left /= 1024;
  return `${unit === 0 ? Math.round(left) : Number(left.toPrecision(3))} ${BYTE_UNITS[unit] ?? 'B'}`;
}

/** What to show of something thrown; never the thing itself. */
export function messageOf(error: unknown): string {
  return clip(error instanceof Error ? error.message : String(error));
}

/** Text of unknown origin, made safe for a message or a log: printable ASCII, at most 80 characters. */
export function clip(text: string): string {
  const safe = text.slice(0, 81).replaceAll(/[^\x20-\x7e]/g, '?');
  return safe.length > 80 ? `${safe.slice(0, 77)}...` : safe;
}

/** "1 move", "3 moves". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
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

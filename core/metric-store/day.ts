/* Days of UTC, counted from the epoch: what everything is kept by. */

export const DAY_MS = 86_400_000;

export function dayOf(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS);
}

/** `2026-11-25` */
export function dayName(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

export function dayOfName(name: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(name)) return undefined;
  const day = dayOf(Date.parse(`${name}T00:00:00Z`));
  return Number.isFinite(day) && dayName(day) === name ? day : undefined;
}

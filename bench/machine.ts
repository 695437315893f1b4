import { availableParallelism, cpus, loadavg } from 'node:os';

/* On what, and beside what, figures were taken. */

export function machineName(): string {
  return `${cpus()[0]?.model.trim() ?? ''}, ${availableParallelism()} cores`;
}

/** @param before load averages of that time */
export function loadsSince(before: readonly number[]): string {
  return [...before, ...loadavg()].map((load) => load.toFixed(1)).join(' ');
}

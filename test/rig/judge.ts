import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Generation } from '../../core/generation.js';
import { compareGenerations, parseGeneration } from '../../core/generation.js';
import type { Entry } from './traffic.js';

/* What really happened, from what clients and servers wrote down: nobody's counters are believed. */

interface Run {
  readonly id: string;
  readonly resource: string;
  readonly since: Generation;
  /** Nanoseconds, one clock for all. */
  readonly stamp: bigint;
  readonly server: string;
}

export interface Judgement {
  readonly requests: number;
  readonly answered: number;
  /** In words, the first of each kind; none: all is well. */
  readonly violations: readonly string[];
}

/**
 * @param ledger of the clients
 * @param journals of the servers, as `host-process` writes them: of others' requests, too
 * @param offsets where in each the ledger begins
 */
export async function judge(
  ledger: readonly Entry[],
  journals: readonly string[],
  offsets: readonly number[] = [],
): Promise<Judgement> {
  const runs: Run[] = [];
  for (const [number, journal] of journals.entries()) {
    for (const run of await readRuns(journal, offsets[number] ?? 0)) runs.push(run);
  }
  const counts = new Map<string, number>();
  for (const { id } of runs) counts.set(id, (counts.get(id) ?? 0) + 1);
  const found = new Map<string, { count: number; readonly first: string }>();
  const violation = (kind: string, what: string): void => {
    const known = found.get(kind) ?? { count: 0, first: what };
    known.count += 1;
    found.set(kind, known);
  };
  for (const { id, resource, isIdempotent, told, status } of ledger) {
    const count = counts.get(id) ?? 0;
    const what = `${id} for ${resource}, told ${told} (${status}), ran ${count} times`;
    if (told === 'foreign') violation('another request’s answer', what);
    if (told === 'answered' && count === 0) violation('answered, and never ran', what);
    if (told === 'not-executed' && count > 0) violation('told as not executed, and ran', what);
    if (told === 'silent') violation('an error that does not say whether it ran', what);
    if (!isIdempotent && count > 1) violation('not idempotent, and ran again', what);
  }
  for (const what of disorders(runs)) violation('ran after a newer owner had begun', what);
  return {
    requests: ledger.length,
    answered: ledger.filter(({ told }) => told === 'answered').length,
    violations: [...found].map(([kind, { count, first }]) => `${count} × ${kind}: ${first}`),
  };
}

/** S1: nothing of a resource runs at a server after something ran at another under a newer generation. */
export function disorders(runs: readonly Run[]): string[] {
  const newest = new Map<string, Run>();
  const found: string[] = [];
  for (const run of [...runs].sort((a, b) => (a.stamp < b.stamp ? -1 : 1))) {
    const { id, resource, since, server } = run;
    const last = newest.get(resource);
    const order = last === undefined ? 1 : compareGenerations(since, last.since);
    if (order >= 0) newest.set(resource, run);
    else if (server !== last?.server) {
      found.push(`${id} for ${resource} at ${server}, after ${last?.id} at ${last?.server}`);
    }
  }
  return found;
}

async function readRuns(journal: string, start: number): Promise<Run[]> {
  const runs: Run[] = [];
  for await (const line of createInterface(createReadStream(journal, { start }))) {
    const [id = '', resource = '', since = '', stamp = '', server] = line.split(' ');
    // The last line of a host that was killed may be torn: what it belongs to was not answered.
    if (server === undefined || server === '') continue;
    runs.push({ id, resource, since: parseGeneration(since), stamp: BigInt(stamp), server });
  }
  return runs;
}

import { readFile } from 'node:fs/promises';

/* What really happened, from what clients and servers wrote down: nobody's counters are believed. */

export interface Verdict {
  /** Requests whose clients were answered with their own answer. */
  readonly answered: number;
  /** Answered with an error, or not at all. */
  readonly failed: number;
  /** Answered, and no server ran it. */
  readonly lost: number;
  /** Ran more than once. */
  readonly doubled: number;
  /** Another request's answer. */
  readonly foreign: number;
  /** Told as not executed, and yet a server ran it. */
  readonly untrue: number;
}

/** @param ledger the clients', `id outcome status` a line; @param journals the servers', `id resource since` a line */
export async function verdictOf(ledger: string, journals: readonly string[]): Promise<Verdict> {
  const runs = new Map<string, number>();
  for (const journal of journals) {
    for (const line of await linesOf(journal)) {
      const id = line.split(' ')[0] ?? '';
      runs.set(id, (runs.get(id) ?? 0) + 1);
    }
  }
  const verdict = { answered: 0, failed: 0, lost: 0, doubled: 0, foreign: 0, untrue: 0 };
  for (const line of await linesOf(ledger)) {
    const [id = '', outcome = ''] = line.split(' ');
    const count = runs.get(id) ?? 0;
    if (outcome === 'answered') verdict.answered += 1;
    else verdict.failed += 1;
    if (outcome === 'answered' && count === 0) verdict.lost += 1;
    if (outcome === 'foreign') verdict.foreign += 1;
    if (outcome === 'no' && count > 0) verdict.untrue += 1;
    if (count > 1) verdict.doubled += 1;
  }
  return verdict;
}

async function linesOf(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8');
  return text.split('\n').filter((line) => line !== '');
}

import { readFile } from 'node:fs/promises';
import { z } from 'zod';

/* What really happened, from what clients and servers wrote down: nobody's counters are believed. */

export const verdictSchema = z.object({
  /** Requests whose clients were answered with their own answer. */
  answered: z.number(),
  /** Answered with an error, or not at all. */
  failed: z.number(),
  /** Answered, and no server ran it. */
  lost: z.number(),
  /** Ran more than once. */
  doubled: z.number(),
  /** Another request's answer. */
  foreign: z.number(),
  /** Told as not executed, and yet a server ran it. */
  untrue: z.number(),
});
export type Verdict = Readonly<z.output<typeof verdictSchema>>;

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

import { register } from 'node:module';
import { MUTANTS } from './all.js';

/*
 * `node dist/test/simulation/mutants/main.js NAME [--seeds N]`: plants one mutant and runs seeds until one notices
 * it: first the one that is known to, then 1, 2, 3 … at most N. Says which rule it was, or that it survived.
 * `--unplanted`: the known seeds of all, without their mutants; says which rule one of them breaks all the same.
 */

const name = process.argv[2];
if (name === '--unplanted') process.exit(await runUnplanted());
const seedsMax = Number(process.argv[4] ?? 300);
const mutant = MUTANTS.find((candidate) => candidate.name === name);
if (mutant === undefined) {
  process.stderr.write(`there are: ${MUTANTS.map((known) => known.name).join(', ')}\n`);
  process.exit(64);
}
register('./loader.js', import.meta.url, { data: mutant });
Error.stackTraceLimit = 0;
// Loaded only now, so that it is changed.
const { simulate } = await import('../simulate.js');

/** An assertion that fails or an error that nobody expects is noticed too. */
let crash: string | undefined;
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    crash ??= error instanceof Error ? error.message : String(error);
  });
}

for (let run = 0; run <= seedsMax; run++) {
  const seed = run === 0 ? mutant.seed : run;
  const options = mutant.faults === undefined ? {} : { faults: mutant.faults };
  const outcome = await simulate(seed, options).then(
    ({ violation }) => violation,
    (error: unknown) => {
      crash ??= error instanceof Error ? error.message : String(error);
      return undefined;
    },
  );
  const rule = outcome?.rule ?? (crash === undefined ? undefined : 'crash');
  if (rule === undefined) continue;
  const what = outcome?.message ?? `crash: ${crash ?? ''}`;
  process.stdout.write(`${JSON.stringify({ name, rule, seed, runs: run + 1, what })}\n`);
  process.exit(0);
}
process.stdout.write(`${JSON.stringify({ name, rule: null, runs: seedsMax + 1 })}\n`);
process.exit(1);

/** How many of the known seeds break a rule without their mutant: those prove nothing. */
async function runUnplanted(): Promise<number> {
  const { simulate } = await import('../simulate.js');
  Error.stackTraceLimit = 0;
  let failed = 0;
  for (const { name, seed, faults } of MUTANTS) {
    const { violation } = await simulate(seed, faults === undefined ? {} : { faults });
    if (violation === undefined) continue;
    failed += 1;
    process.stdout.write(`seed ${seed} of "${name}" breaks ${violation.message}\n`);
  }
  return failed;
}

import { createLog } from '../../core/log.js';
import { simulate } from './simulate.js';

/* `node dist/test/simulation/main.js --from 1 --to 100 [--trail] [--log]`: seeds one after the other. */

const args = new Map<string, string>();
for (let at = 2; at < process.argv.length; at++) {
  const name = process.argv[at] ?? '';
  const value = process.argv[at + 1];
  if (name.startsWith('--'))
    args.set(name.slice(2), value?.startsWith('--') === false ? value : '');
}
const from = Number(args.get('from') ?? 1);
const to = Number(args.get('to') ?? from);
// Thousands of expected errors are made: their stacks would cost more than the errors.
Error.stackTraceLimit = args.has('stack') ? 30 : 0;
const log = args.has('log') ? createLog({ level: 'debug' }) : undefined;

let failed = 0;
const sums = { requests: 0, answered: 0, commits: 0, giveBacks: 0, failovers: 0 };
const startedMs = process.cpuUsage().user / 1000;
for (let seed = from; seed <= to; seed++) {
  const result = await simulate(seed, log === undefined ? {} : { log });
  sums.requests += result.requests;
  sums.answered += result.answered;
  sums.commits += result.counts.commits;
  sums.giveBacks += result.counts.giveBacks;
  sums.failovers += result.counts.failovers;
  if (args.has('trail')) process.stdout.write(`${result.trail.join('\n')}\n`);
  if (args.has('hash')) process.stdout.write(`${seed} ${result.hash}\n`);
  if (result.violation === undefined) continue;
  failed += 1;
  process.stdout.write(`seed ${seed}: ${result.violation.message}\n`);
}
const cpuMs = process.cpuUsage().user / 1000 - startedMs;
process.stdout.write(
  `${to - from + 1} seeds, ${failed} failed, ${JSON.stringify(sums)}, ${Math.round(cpuMs / (to - from + 1))} ms CPU a seed\n`,
);
process.exit(failed > 0 ? 1 : 0);

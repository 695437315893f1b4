import { createLog } from '../../core/log.js';
import type { Fault } from './faults.js';
import { FAULTS } from './faults.js';
import { simulate } from './simulate.js';

/*
 * `node dist/test/simulation/main.js --from 1 --to 100`: seeds one after the other, in a process of their own.
 * `--faults "crash server,swizzle"`: of these kinds only. `--trail`: all that happened. `--hash`: of that.
 * `--twice N`: every Nth once more, to the same end. `--log`: what the processes log.
 */

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
Error.stackTraceLimit = 0;
const faults = args.get('faults')?.split(',') as Fault[] | undefined;
const unknown = faults?.filter((fault) => !FAULTS.includes(fault)) ?? [];
if (unknown.length > 0) {
  process.stderr.write(`no such fault: ${unknown.join(', ')}; there are ${FAULTS.join(', ')}\n`);
  process.exit(64);
}
const options = {
  ...(args.has('log') && { log: createLog({ level: 'debug' }) }),
  ...(faults !== undefined && { faults }),
};

const twice = Number(args.get('twice') ?? Infinity);

let failed = 0;
const sums = { requests: 0, answered: 0, commits: 0, giveBacks: 0, failovers: 0 };
const startedMs = process.cpuUsage().user / 1000;
for (let seed = from; seed <= to; seed++) {
  const result = await simulate(seed, options);
  sums.requests += result.requests;
  sums.answered += result.answered;
  sums.commits += result.counts.commits;
  sums.giveBacks += result.counts.giveBacks;
  sums.failovers += result.counts.failovers;
  if (args.has('trail')) process.stdout.write(`${result.trail.join('\n')}\n`);
  if (args.has('hash')) process.stdout.write(`${seed} ${result.hash}\n`);
  const isSame = seed % twice !== 0 || (await simulate(seed, options)).hash === result.hash;
  const failure = result.violation?.message ?? (isSame ? undefined : 'ran twice, and differently');
  if (failure === undefined) continue;
  failed += 1;
  const again = `node dist/test/simulation/main.js --from ${seed} --trail`;
  process.stdout.write(`seed ${seed}: ${failure}; look again: ${again}\n`);
}
const cpuMs = process.cpuUsage().user / 1000 - startedMs;
process.stdout.write(
  `${to - from + 1} seeds, ${failed} failed, ${JSON.stringify(sums)}, ${Math.round(cpuMs / (to - from + 1))} ms CPU a seed\n`,
);
process.exit(failed > 0 ? 1 : 0);

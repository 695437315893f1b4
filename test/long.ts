import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { productFolder } from '../cli/product.js';
import { LARGE_PROMISES } from './model/checks.js';
import { search } from './model/spin.js';
import { CELLS, KillMatrix } from './rig/kill-matrix.js';
import { StoreFailovers } from './rig/store-failovers.js';
import { codeName } from './support/code-name.js';
import { plannerFailure } from './support/planner-properties.js';
import { simulateTwice } from './simulation/twice.js';

/*
 * `npm run long -- NAME --from A --to B --out FILE.jsonl`: long runs that CI has a short form of. Each seed adds a
 * line with its commit and code; begun again, it goes on after the seeds that the file has for this code: of a run in
 * one process the modules that it is made of, of any other the commit. Seeds may be shared out among processes, each
 * with a file of its own. Ends with 1 if a seed failed.
 */

/** What a seed came to: more facts are welcome. */
export interface LongResult {
  readonly failure: string | undefined;
}

interface LongRun {
  run(seed: number): Promise<LongResult>;
  stop(): Promise<void>;
}

interface Kind {
  /** Of a run in this process: the module that imports all that it runs. */
  readonly module?: string;
  begin(): Promise<LongRun>;
}

const KINDS: Readonly<Record<string, Kind>> = {
  // One seed in a hundred runs twice: both must be the same to the last byte.
  simulation: {
    module: './simulation/twice.js',
    begin: () =>
      Promise.resolve({
        run: (seed) => simulateTwice(seed, seed % 100 === 0),
        stop: () => Promise.resolve(),
      }),
  },
  // A seed is a cell, the first is 1; those beyond the last cell are the same ones again, with other moves.
  'kill-matrix': {
    begin: async () => {
      const matrix = await KillMatrix.start();
      return {
        run: (seed) => {
          const cell = CELLS[(seed - 1) % CELLS.length];
          assert.ok(cell !== undefined, 'seeds are positive');
          return matrix.run(cell, seed);
        },
        stop: () => matrix.stop(),
      };
    },
  },
  // An odd seed loses what was acknowledged last.
  'store-failovers': { begin: () => StoreFailovers.start() },
  // What an unit test tries with a few hundred seeds.
  'planner-properties': {
    module: './support/planner-properties.js',
    begin: () =>
      Promise.resolve({
        run: (seed) => Promise.resolve({ failure: plannerFailure(seed) }),
        stop: () => Promise.resolve(),
      }),
  },
  model: { begin: () => Promise.resolve({ run: searchLarge, stop: () => Promise.resolve() }) },
};

/** The larger searches of the model, by their number. */
async function searchLarge(number: number): Promise<LongResult> {
  const variant = LARGE_PROMISES[number - 1];
  if (variant === undefined) return { failure: `there are ${LARGE_PROMISES.length}` };
  const limits = { memoryMb: 12_000, timeoutMs: 3_600_000 };
  const { violation: failure, ...cost } = await search(variant, limits);
  const result = { failure, what: variant.name, size: variant.size, ...cost };
  return result;
}

async function main([name = '', ...rest]: readonly string[]): Promise<number> {
  const kind = KINDS[name];
  const options = new Map(
    rest.flatMap((word, at) =>
      word.startsWith('--') ? [[word.slice(2), rest[at + 1] ?? '']] : [],
    ),
  );
  const out = options.get('out');
  const from = Number(options.get('from') ?? NaN);
  const to = Number(options.get('to') ?? NaN);
  if (kind === undefined || out === undefined || !(from <= to)) {
    const names = Object.keys(KINDS).join(' | ');
    process.stderr.write(`npm run long -- ${names} --from A --to B --out FILE.jsonl\n`);
    return 64;
  }
  const commit = commitName();
  const code = kind.module === undefined ? commit : codeName(new URL(kind.module, import.meta.url));
  const done = seedsIn(out, name, code);
  const long = await kind.begin();
  let failed = 0;
  for (let seed = from; seed <= to; seed++) {
    if (done.has(seed)) continue;
    const startedMs = Date.now();
    const result = await long.run(seed);
    const line = { seed, commit, code, ms: Date.now() - startedMs, ...result, name };
    appendFileSync(out, `${JSON.stringify(line)}\n`);
    if (result.failure === undefined) continue;
    failed += 1;
    process.stdout.write(`seed ${seed}: ${result.failure}\n`);
  }
  await long.stop();
  process.stdout.write(`${name} ${from} to ${to} at ${commit}, code ${code}: ${failed} failed\n`);
  return failed > 0 ? 1 : 0;
}

/** What is not committed cannot be found again: it is said. */
function commitName(): string {
  const head = git('rev-parse', '--short=12', 'HEAD');
  if (head === undefined) return 'no checkout';
  const isClean = git('status', '--porcelain', '--untracked-files=no') === '';
  return `${head}${isClean ? '' : '+changes'}`;
}

/** Undefined: this is no checkout of git, or there is no git. */
function git(...args: string[]): string | undefined {
  const { status, stdout } = spawnSync('git', args, { cwd: productFolder, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

function seedsIn(out: string, name: string, code: string): Set<number> {
  if (!existsSync(out)) return new Set();
  const lines = readFileSync(out, 'utf8').split('\n').filter(Boolean);
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const ours = records.filter((line) => line.name === name && line.code === code);
  return new Set(ours.map((line) => Number(line.seed)));
}

process.exitCode = await main(process.argv.slice(2));

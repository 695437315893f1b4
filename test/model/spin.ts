import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A model and how large it is: what is defined for it, for spin's preprocessor. */
export interface Check {
  readonly model: 'switch' | 'failover' | 'store';
  readonly size: readonly string[];
}

export interface Verdict {
  /** What is violated; undefined: the whole state space was searched, and nothing is. */
  readonly violation: string | undefined;
  readonly states: number;
  readonly seconds: number;
  readonly memoryMb: number;
}

export interface Limits {
  readonly memoryMb: number;
  readonly timeoutMs: number;
  /** Looks for a run that never ends, instead of for assertions and states in which nothing can happen. */
  readonly cycles?: boolean;
  /** A violation will be found before a searcher that runs twice as fast has paid for its compiling. */
  readonly endsSoon?: boolean;
}

/** The models are read from the sources: they are not compiled. */
const MODELS = join(import.meta.dirname, '..', '..', '..', 'test', 'model');
/** Steps of one run; a search that gets as deep is not complete, and fails. */
const DEPTH_MAX = 200_000;

/** Searches all states of a model. @throws if it could not be built, or not be searched within the limits */
export async function search(
  { model, size }: Check,
  { cycles = false, endsSoon = false, ...limits }: Limits,
): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), 'foreshift-model-'));
  try {
    const run = (program: string, ...args: readonly string[]): Promise<string> =>
      output(program, args, folder, limits.timeoutMs);
    copyFileSync(join(MODELS, `${model}.pml`), join(folder, `${model}.pml`));
    await run('spin', ...size.map((name) => `-D${name}`), '-a', `${model}.pml`);
    const memory = `-DMEMLIM=${limits.memoryMb}`;
    const kind = cycles ? '-DNP' : '-DSAFETY';
    await run(
      'gcc',
      endsSoon ? '-O0' : '-O1',
      '-w',
      kind,
      '-DVECTORSZ=512',
      memory,
      '-o',
      'pan',
      'pan.c',
    );
    const looking = cycles ? ['-l'] : [];
    return verdict(await run('./pan', ...looking, `-m${DEPTH_MAX}`, '-w20'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function verdict(said: string): Verdict {
  const number = (pattern: RegExp): number => Number(pattern.exec(said)?.[1] ?? NaN);
  const violation = /^pan:1: (.+)$/m.exec(said)?.[1];
  const isComplete = /^State-vector.*errors: 0$/m.test(said) && !said.includes('not completed');
  if (violation === undefined && !isComplete) throw new Error(`not searched to the end: ${said}`);
  return {
    violation: violation?.replace(/ \(at depth.*/, ''),
    states: number(/^ *([0-9.e+]+) states, stored/m),
    seconds: number(/elapsed time ([0-9.]+) seconds/),
    memoryMb: number(/^ *([0-9.]+)\s+total actual memory usage/m),
  };
}

function output(
  program: string,
  args: readonly string[],
  cwd: string,
  timeout: number,
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd, timeout, maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout + stderr);
      else reject(new Error(`${program} ${args.join(' ')}: ${error.message}\n${stdout}${stderr}`));
    });
  });
}

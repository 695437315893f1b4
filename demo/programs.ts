import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { spawn } from 'node:child_process';
import { ForeshiftError } from '../core/errors.js';

/** So much of what a program said is kept, for whoever asks why it ended. */
const SAID_MAX = 10_000;
const START_TIMEOUT_MS = 20_000;

export interface ProgramOptions {
  readonly args: readonly string[];
  /** What it says once it serves. */
  readonly serves: RegExp;
  /** What it says of errors is for whoever started this process. */
  readonly isHeard?: boolean;
  readonly spawn?: Pick<SpawnOptions, 'env' | 'cwd' | 'detached'>;
}

export interface StartedProgram {
  readonly child: ChildProcess;
  /** What it said when it began to serve. */
  readonly match: RegExpExecArray;
  /** Resolves with its exit code; null: a signal ended it. */
  readonly ended: Promise<number | null>;
}

/**
 * A program of this machine, started until it says that it serves.
 * @throws ERR_PROGRAM_ABSENT, ERR_PROGRAM_FAILED
 */
export function startProgram(program: string, options: ProgramOptions): Promise<StartedProgram> {
  const child = spawn(program, [...options.args], {
    stdio: ['ignore', 'pipe', options.isHeard === true ? 'inherit' : 'pipe'],
    ...options.spawn,
  });
  return new Promise((resolve, reject) => {
    let said = '';
    const late = setTimeout(() => {
      child.kill('SIGKILL');
    }, START_TIMEOUT_MS);
    const ended = new Promise<number | null>((end) => {
      child.once('error', (cause) => {
        clearTimeout(late);
        reject(new ForeshiftError('ERR_PROGRAM_ABSENT', { program }, { cause }));
        end(null);
      });
      child.once('close', (code) => {
        clearTimeout(late);
        const facts = { program, how: code ?? 'a signal', said: said.trim().slice(-400) };
        reject(new ForeshiftError('ERR_PROGRAM_FAILED', facts));
        end(code);
      });
    });
    let isServing = false;
    const hear = (chunk: Buffer): void => {
      if (isServing) return;
      said = (said + chunk.toString()).slice(-SAID_MAX);
      const match = options.serves.exec(said);
      if (match === null) return;
      isServing = true;
      clearTimeout(late);
      resolve({ child, match, ended });
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
  });
}

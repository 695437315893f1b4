import { spawn } from 'node:child_process';
import type { Clock } from './clock/port.js';
import { fail } from './errors.js';
import { clip } from './text.js';

export interface CommandOptions {
  /** Killed when it takes longer. */
  readonly timeoutMs: number;
}

export interface QuestionOptions extends CommandOptions {
  /** Killed when it says more. */
  readonly answerBytesMax: number;
  /** Its whole environment; left out: that of this process. */
  readonly environment?: NodeJS.ProcessEnv;
}

/** Of what it says of errors, so much is read: the rest is thrown away. */
const SAID_MAX = 4096;

/**
 * Runs a program to its end, without a shell and without input, and lets it go on only so long.
 * @throws ERR_COMMAND_MISSING – it is not there, or may not be run: nothing happened; ERR_COMMAND_FAILED – its exit was not
 * 0, or it was killed, too late
 */
export async function runCommand(
  command: readonly [string, ...string[]],
  clock: Clock,
  options: CommandOptions,
): Promise<void> {
  await carriedOut(command, clock, { ...options, answerBytesMax: undefined });
}

/**
 * The same for a program that says what is wanted of it.
 * @returns its standard output
 * @throws as `runCommand`; ERR_COMMAND_FAILED too if it says more than it may
 */
export function askCommand(
  command: readonly [string, ...string[]],
  clock: Clock,
  options: QuestionOptions,
): Promise<string> {
  return carriedOut(command, clock, options);
}

/** @param options without a length of the answer: it is not read, and a child of the program may go on with it */
function carriedOut(
  [program, ...args]: readonly [string, ...string[]],
  clock: Clock,
  options: CommandOptions & {
    readonly answerBytesMax: number | undefined;
    readonly environment?: NodeJS.ProcessEnv;
  },
): Promise<string> {
  const { timeoutMs, answerBytesMax, environment } = options;
  const command = clip([program, ...args].join(' '));
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['ignore', answerBytesMax === undefined ? 'ignore' : 'pipe', 'pipe'],
      detached: true,
      ...(environment && { env: environment }),
    });
    let said = '';
    let tooMuch: string | undefined;
    const answer: Buffer[] = [];
    let answerBytes = 0;
    const stop = (why: string): void => {
      tooMuch ??= why;
      killGroup(child.pid);
    };
    const cancel = clock.after(timeoutMs, () => {
      stop(`no end within ${timeoutMs} ms`);
    });
    child.stderr?.on('data', (bytes: Buffer) => {
      if (said.length < SAID_MAX) said += bytes.toString('latin1');
    });
    child.stdout?.on('data', (bytes: Buffer) => {
      answerBytes += bytes.length;
      if (answerBytes <= (answerBytesMax ?? 0)) answer.push(bytes);
      else stop(`it says more than ${answerBytesMax ?? 0} bytes`);
    });
    let isSettled = false;
    const settle = (end: () => string): void => {
      // One that could not be started is closed all the same.
      if (isSettled) return;
      isSettled = true;
      cancel();
      child.stderr?.destroy();
      // What `end` throws is what the caller gets.
      resolve(Promise.resolve().then(end));
    };
    child.once('error', (cause) => {
      settle(() => fail('ERR_COMMAND_MISSING', { command, why: clip(cause.message) }, { cause }));
    });
    // An answer is whole at 'close'; but a child of it may keep the standard error open for ever.
    const end = answerBytesMax === undefined ? 'exit' : 'close';
    child.once(end, (code: number | null, signal: NodeJS.Signals | null) => {
      settle(() => {
        if (tooMuch !== undefined) fail('ERR_COMMAND_FAILED', { command, why: tooMuch });
        if (code === 0) return Buffer.concat(answer).toString();
        const [line = ''] = said.trim().split('\n');
        const how = code === null ? `ended by ${String(signal)}` : `exit ${code}`;
        fail('ERR_COMMAND_FAILED', { command, why: line === '' ? how : `${how}: ${clip(line)}` });
      });
    });
  });
}

/** With whatever it started: a script that hangs in a child of its own would leave that behind. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended in this very moment.
  }
}

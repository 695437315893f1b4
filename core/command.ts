import { spawn } from 'node:child_process';
import type { Clock } from './clock/port.js';
import { fail } from './errors.js';
import { clip } from './text.js';

export interface CommandOptions {
  /** Killed when it takes longer. */
  readonly timeoutMs: number;
}

/** Of what it says, so much is read: the rest is thrown away. */
const SAID_MAX = 4096;

/**
 * Runs a program to its end, without a shell and without input, and lets it go on only so long.
 * @throws ERR_COMMAND_MISSING – it is not there, or may not be run: nothing happened; ERR_COMMAND_FAILED – its exit was not
 * 0, or it was killed, too late
 */
export function runCommand(
  [program, ...args]: readonly [string, ...string[]],
  clock: Clock,
  { timeoutMs }: CommandOptions,
): Promise<void> {
  const command = clip([program, ...args].join(' '));
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    let said = '';
    let isLate = false;
    const cancel = clock.after(timeoutMs, () => {
      isLate = true;
      killGroup(child.pid);
    });
    child.stderr.on('data', (bytes: Buffer) => {
      if (said.length < SAID_MAX) said += bytes.toString('latin1');
    });
    const settle = (end: () => void): void => {
      cancel();
      child.stderr.destroy();
      // What `end` throws is what the caller gets.
      resolve(Promise.resolve().then(end));
    };
    child.once('error', (cause) => {
      settle(() => fail('ERR_COMMAND_MISSING', { command, why: clip(cause.message) }, { cause }));
    });
    // Not its 'close': a child of it may keep the standard error open for ever.
    child.once('exit', (code, signal) => {
      settle(() => {
        if (isLate) fail('ERR_COMMAND_FAILED', { command, why: `no end within ${timeoutMs} ms` });
        if (code === 0) return;
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

import { CommanderError } from 'commander';
import { z } from 'zod';
import { ForeshiftError } from '../core/errors.js';
import { messageOf } from '../core/text.js';
import { ApiRefusal } from './api-client.js';
import type { Style, Terminal } from './terminal.js';

/** How a process ends: 0 well, 1 error, 2 changes present, 3 refused, 4 stale, 5 timed out and undone, 64 usage. */
export const EXIT = {
  ok: 0,
  error: 1,
  changes: 2,
  refused: 3,
  stale: 4,
  undone: 5,
  usage: 64,
} as const;

/** What `--json` prints in place of an answer. */
export const failureSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), remedy: z.string() }),
});
type Failure = Readonly<z.output<typeof failureSchema>>;

/** Thrown by a verb that has said everything itself. */
export class Ended extends Error {
  readonly exit: number;

  constructor(exit: number) {
    super(`exit ${exit}`);
    this.exit = exit;
  }
}

/** What went wrong, and what to do. */
export function failureLines(
  { code, message, remedy }: ForeshiftError | ApiRefusal,
  style: Style,
): string[] {
  const what = `${style.red('error')} ${code}: ${message}`;
  return remedy === '' ? [what] : [what, `  fix: ${remedy}`];
}

/** Says what went wrong, once, with what to do, and returns the exit code. */
export function explainFailure(error: unknown, terminal: Terminal, isJson: boolean): number {
  if (error instanceof Ended) return error.exit;
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof ForeshiftError || error instanceof ApiRefusal) {
    const { code, message, remedy, exit } = error;
    const failure: Failure = { error: { code, message, remedy } };
    if (isJson) terminal.print(JSON.stringify(failure));
    else for (const line of failureLines(error, terminal.style)) terminal.say(line);
    return exit;
  }
  terminal.say(`${terminal.style.red('error')}: ${messageOf(error)}`);
  if (error instanceof Error && error.stack !== undefined) terminal.say(error.stack);
  return EXIT.error;
}

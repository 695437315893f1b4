import { runProgram } from '../../cli/program.js';
import type { Terminal } from '../../cli/terminal.js';
import { styleOf } from '../../cli/terminal.js';
import { VERBS } from '../../cli/verbs/all.js';

/** A terminal that nobody watches: writes down what is printed and said. */
export class Recorder implements Terminal {
  readonly style = styleOf(false);
  readonly isInteractive = false;
  readonly columns = 80;
  readonly printed: string[] = [];
  readonly said: string[] = [];

  print(text: string): void {
    this.printed.push(text);
  }

  say(text: string): void {
    this.said.push(text);
  }

  progress(): void {
    // nobody watches
  }

  ask(): Promise<string> {
    return Promise.resolve('');
  }
}

export interface Recorded {
  readonly exit: number;
  readonly printed: string;
  readonly said: string;
}

/** The command line in this process. */
export async function runRecorded(...args: readonly string[]): Promise<Recorded> {
  const terminal = new Recorder();
  const exit = await runProgram(args, {
    version: '1.2.3',
    verbs: VERBS,
    makeTerminal: () => terminal,
  });
  return { exit, printed: terminal.printed.join('\n'), said: terminal.said.join('\n') };
}

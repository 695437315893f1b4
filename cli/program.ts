import { Command, Option } from 'commander';
import { SystemClock } from '../core/clock/system.js';
import type { GlobalOptions } from './context.js';
import { Context } from './context.js';
import { explainFailure } from './exit.js';
import { ProcessTerminal } from './process-terminal.js';
import { GLOBAL_OPTIONS } from './global-options.js';
import type { Terminal } from './terminal.js';
import type { Verb } from './verb.js';

export interface ProgramParts {
  readonly version: string;
  readonly verbs: readonly Verb[];
  readonly makeTerminal?: (options: { readonly isColourless: boolean }) => Terminal;
}

/** Reads the command line, does what it says, and returns the exit code. */
export async function runProgram(args: readonly string[], parts: ProgramParts): Promise<number> {
  const { makeTerminal = (options) => new ProcessTerminal(options) } = parts;
  const isColourless = args.includes('--no-color');
  const isJson = args.includes('--json');
  const terminal = makeTerminal({ isColourless });
  const clock = new SystemClock();
  const program = new Command('foreshift')
    .description('Predictive load balancer: moves a resource before its server runs full.')
    .version(parts.version)
    .showHelpAfterError('(foreshift --help lists the verbs)')
    .configureOutput({
      writeOut: (text) => {
        terminal.print(text.trimEnd());
      },
      writeErr: (text) => {
        terminal.say(text.trimEnd());
      },
    })
    .exitOverride();
  for (const verb of parts.verbs)
    addVerb(program, verb, (options) => {
      return new Context(terminal, clock, options);
    });
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    return explainFailure(error, terminal, isJson);
  }
}

function addVerb(
  parent: Command,
  verb: Verb,
  contextOf: (options: GlobalOptions) => Context,
): void {
  const command = parent.command(verb.usage).description(verb.summary).exitOverride();
  command.copyInheritedSettings(parent);
  for (const [flags, text, fallback] of verb.options ?? []) {
    const option = new Option(flags, text);
    command.addOption(fallback === undefined ? option : option.default(fallback));
  }
  if (verb.notes !== undefined) command.addHelpText('after', `\n${verb.notes.join('\n')}`);
  if (verb.verbs !== undefined) {
    for (const inner of verb.verbs) addVerb(command, inner, contextOf);
    return;
  }
  for (const [flags, text] of GLOBAL_OPTIONS) command.option(flags, text);
  command.action(async (...given: unknown[]) => {
    const args = given
      .slice(0, -2)
      .flat()
      .map((value) => (typeof value === 'string' ? value : ''));
    const options = command.opts<GlobalOptions & Record<string, string | boolean | undefined>>();
    await verb.run?.(contextOf(options), args, options);
  });
}

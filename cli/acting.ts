import type { Context } from './context.js';
import type { VerbOptions } from './verb.js';
import { textOption } from './verb.js';

/** Of every verb that changes something. */
export const REASON: readonly [string, string] = ['--reason <text>', 'why, for the others'];

/** Who acts, and why: in the body of what is sent. */
export function actorOf(
  { actor }: Pick<Context, 'actor'>,
  options: VerbOptions,
): { readonly by: string; readonly reason: string } {
  return { by: actor, reason: textOption(options, 'reason') ?? '' };
}

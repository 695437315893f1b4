import type { z } from 'zod';
import type { Address } from '../core/domain.js';
import { parseAddress } from '../core/domain.js';
import { codeOf, fail } from '../core/errors.js';
import type { Context } from './context.js';

export type VerbOptions = Readonly<Record<string, string | boolean | undefined>>;

/** One word of the command line. */
export interface Verb {
  /** The word and its arguments, as commander writes them: `apply [plan]`. */
  readonly usage: string;
  readonly summary: string;
  /** Flags, what they mean, and their default. */
  readonly options?: readonly (readonly [flags: string, text: string, fallback?: string])[];
  /** Words to choose from, by the flag that they follow (`--mode`) or the argument that they are (`mode`): a shell offers them. */
  readonly choices?: Readonly<Record<string, readonly string[]>>;
  /** Lines below the options of its help. */
  readonly notes?: readonly string[];
  /** Instead of `run`: words that follow this one. */
  readonly verbs?: readonly Verb[];
  /** The one value that `--json` prints when it went well; `foreshift schema` tells it to others. */
  readonly answer?: z.ZodType;
  /** Arguments that were left out are empty; those of a list stand one after the other. */
  readonly run?: (context: Context, args: readonly string[], options: VerbOptions) => Promise<void>;
}

/** An option as text; undefined if it was not given. */
export function textOption(options: VerbOptions, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** One of a few words; undefined if it was not given. @param name as it is typed, without its dashes. @throws ERR_OPTION_INVALID */
export function choiceOption<Choice extends string>(
  options: VerbOptions,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const text = textOption(options, keyOf(name));
  if (text === undefined) return undefined;
  const allowed = `one of ${choices.join(', ')}`;
  return (
    choices.find((choice) => choice === text) ??
    fail('ERR_OPTION_INVALID', { option: `--${name}`, value: text.slice(0, 80), allowed })
  );
}

/** @param name as it is typed, without its dashes: `warm-days`. @throws ERR_OPTION_INVALID */
export function numberOption(
  options: VerbOptions,
  name: string,
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined {
  const text = textOption(options, keyOf(name));
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== '' && value >= min && value <= max) return value;
  const allowed = `a number from ${min} to ${max}`;
  return fail('ERR_OPTION_INVALID', { option: `--${name}`, value: text.slice(0, 80), allowed });
}

/** @param text its value, or a part of it. @throws ERR_OPTION_INVALID — no address */
export function addressOf(name: string, text: string): Address {
  try {
    return parseAddress(text);
  } catch (error) {
    if (codeOf(error) !== 'ERR_ADDRESS_INVALID') throw error;
    const allowed = 'host:port, or [v6]:port';
    return fail('ERR_OPTION_INVALID', { option: `--${name}`, value: text.slice(0, 80), allowed });
  }
}

/** @throws ERR_OPTION_INVALID — a fraction, too */
export function wholeOption(
  options: VerbOptions,
  name: string,
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined {
  const value = numberOption(options, name, { min, max });
  if (value === undefined || Number.isInteger(value)) return value;
  const allowed = `a whole number from ${min} to ${max}`;
  return fail('ERR_OPTION_INVALID', { option: `--${name}`, value, allowed });
}

/** By which commander keeps an option: `warmDays`. */
export function keyOf(name: string): string {
  return name.replace(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase());
}

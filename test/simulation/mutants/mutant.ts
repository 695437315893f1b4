import type { Fault } from '../faults.js';
import type { Rule } from '../violation.js';

/** A small change of behaviour, planted from outside into the compiled code: the suite must notice it. */
export interface Mutant {
  readonly name: string;
  /** Of the compiled code, from its root. */
  readonly file: string;
  /** Each text is there exactly once: else the mutant must be thought over with the code. */
  readonly edits: readonly (readonly [find: string, replace: string])[];
  /** Those that may notice it first. */
  readonly rules: readonly Rule[];
  /** A seed that notices it, to be tried first; found again by a search when the code has changed. */
  readonly seed: number;
  /** Only this harm is done; undefined: what the seed chooses. */
  readonly faults?: readonly Fault[];
}

/** The code with the change. @throws if it does not fit */
export function mutated(source: string, { name, edits }: Mutant): string {
  return edits.reduce((text, [find, replace]) => {
    const parts = text.split(find);
    if (parts.length !== 2)
      throw new Error(`${name}: "${find}" is there ${parts.length - 1} times`);
    return parts.join(replace);
  }, source);
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../core/errors.js';
import { readTrace } from '../core/trace/read.js';
import type { Trace } from '../core/trace/trace.js';

/** The traces of a folder by name, each read once: `NAME/NAME.csv.gz`, or without gz, or without the folder. */
export class TraceFolder {
  readonly #path: string;
  readonly #traces = new Map<string, Promise<Trace>>();

  constructor(path: string) {
    this.#path = path;
  }

  /** @throws ERR_TRACE_UNREADABLE, ERR_TRACE_INVALID */
  read(name: string): Promise<Trace> {
    const known = this.#traces.get(name);
    if (known !== undefined) return known;
    const candidates = [`${name}/${name}.csv.gz`, `${name}/${name}.csv`, `${name}.csv.gz`];
    const paths = [...candidates, `${name}.csv`].map((path) => join(this.#path, path));
    const trace = readTrace(paths.find((path) => existsSync(path)) ?? paths[0] ?? name);
    this.#traces.set(name, trace);
    return trace;
  }
}

/** A file that does not fit another one: the message says which, and how. */
export class InputFault extends Error {}

/** What is missing or malformed is the caller's to mend; anything else is a bug and keeps its stack. */
export function isInputFault(error: unknown): error is Error {
  if (error instanceof InputFault || error instanceof SyntaxError) return true;
  if (codeOf(error) !== undefined) return true;
  return error instanceof Error && ('code' in error || error.name === 'ZodError');
}

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { codeOf } from '../core/errors.js';
import { readTrace } from '../core/trace/read.js';
import type { Trace } from '../core/trace/trace.js';
import { messageOf } from '../core/text.js';

/** The traces of a folder by name, each read once: `NAME/NAME.csv.gz`, or without gz, or without the folder. */
export class TraceFolder {
  readonly #path: string;
  readonly #traces = new Map<string, Promise<Trace>>();

  constructor(path: string) {
    this.#path = path;
  }

  /** @throws InputFault — with what needs it, what is wrong, and where it was looked for */
  async readFor(what: string, name: string): Promise<Trace> {
    try {
      return await this.read(name);
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      const message = error instanceof Error ? error.message : '';
      throw new InputFault(`${what} needs trace ${name} in ${this.#path}: ${message}`);
    }
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

/** A file of JSON of some shape. @throws InputFault — with the file, the place in it and what is wrong */
export async function readJson<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  const parsed = schema.safeParse(await jsonIn(path));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue?.path.map(String).join('.') ?? '';
  throw new InputFault(`${path}: ${place}: ${issue?.message ?? 'not of this format'}`);
}

async function jsonIn(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (error) {
    throw new InputFault(`${path} cannot be used: ${messageOf(error)}`);
  }
}

/** Runs a bench: where a file that it needs is not there or cannot be used, one line says so, and the exit is 2. */
export async function withInputs(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!isInputFault(error)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}

/** What is missing or malformed is the caller's to mend; anything else is a bug and keeps its stack. */
function isInputFault(error: unknown): error is Error {
  if (error instanceof InputFault || error instanceof SyntaxError) return true;
  return codeOf(error) !== undefined || (error instanceof Error && 'code' in error);
}

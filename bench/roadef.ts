import { readFile } from 'node:fs/promises';
import { InputFault } from './inputs.js';

/**
 * The machine reassignment problem of the ROADEF/EURO challenge 2012 (Google), as its files have it: integers
 * apart by white space, indices from 0.
 */
export interface Reassignment {
  readonly resources: readonly { readonly isTransient: boolean; readonly weight: number }[];
  readonly machines: readonly Machine[];
  readonly services: readonly { readonly spreadMin: number; readonly needs: readonly number[] }[];
  readonly processes: readonly Process[];
  readonly balances: readonly Balance[];
  readonly weights: {
    readonly process: number;
    readonly service: number;
    readonly machine: number;
  };
  /** Where each process is. */
  readonly start: readonly number[];
}

interface Machine {
  readonly neighborhood: number;
  readonly location: number;
  readonly capacity: readonly number[];
  readonly soft: readonly number[];
  /** Cost of moving from here to each machine. */
  readonly moveCosts: readonly number[];
}

interface Process {
  readonly service: number;
  readonly demand: readonly number[];
  readonly moveCost: number;
}

/** Of what is free on a machine, there should be `target` times as much of the second resource as of the first. */
export interface Balance {
  readonly first: number;
  readonly second: number;
  readonly target: number;
  readonly weight: number;
}

/** @throws InputFault if a file ends too early, or has more than it says */
export async function readReassignment(
  modelPath: string,
  startPath: string,
): Promise<Reassignment> {
  return parseReassignment(await readFile(modelPath, 'utf8'), await readFile(startPath, 'utf8'));
}

/** @throws InputFault if a text ends too early, or has more than it says */
export function parseReassignment(modelText: string, startText: string): Reassignment {
  const model = new Integers('model', modelText);
  const start = new Integers('assignment', startText);
  const read = readModel(model);
  const instance = { ...read, start: start.list(read.processes.length) };
  model.end();
  start.end();
  return instance;
}

function readModel(from: Integers): Omit<Reassignment, 'start'> {
  const resources = from.repeat(() => ({ isTransient: from.next() === 1, weight: from.next() }));
  const machineCount = from.count();
  const machines = Array.from({ length: machineCount }, (): Machine => ({
    neighborhood: from.next(),
    location: from.next(),
    capacity: from.list(resources.length),
    soft: from.list(resources.length),
    moveCosts: from.list(machineCount),
  }));
  const services = from.repeat(() => {
    const spreadMin = from.next();
    return { spreadMin, needs: from.list(from.count()) };
  });
  const processes = from.repeat(() => ({
    service: from.next(),
    demand: from.list(resources.length),
    moveCost: from.next(),
  }));
  const balances = from.repeat(() => ({
    first: from.next(),
    second: from.next(),
    target: from.next(),
    weight: from.next(),
  }));
  const weights = { process: from.next(), service: from.next(), machine: from.next() };
  return { resources, machines, services, processes, balances, weights };
}

class Integers {
  readonly #name: string;
  readonly #text: string;
  #at = 0;

  /** @param name of the text, for messages */
  constructor(name: string, text: string) {
    this.#name = name;
    this.#text = text;
  }

  next(): number {
    const text = this.#text;
    while (isSpace(text.charCodeAt(this.#at))) this.#at++;
    const from = this.#at;
    while (this.#at < text.length && !isSpace(text.charCodeAt(this.#at))) this.#at++;
    const value = Number(text.slice(from, this.#at));
    if (from === this.#at || !Number.isInteger(value) || value < 0) {
      throw this.#fault(`an integer was expected at character ${from}`);
    }
    return value;
  }

  list(count: number): number[] {
    return Array.from({ length: count }, () => this.next());
  }

  /** The next number, of something that follows: there are not more of it than there are characters. */
  count(): number {
    const value = this.next();
    if (value <= this.#text.length) return value;
    throw this.#fault(`a count was expected before character ${this.#at}`);
  }

  /** As many as the next number says. */
  repeat<T>(read: () => T): T[] {
    return Array.from({ length: this.count() }, read);
  }

  #fault(message: string): InputFault {
    return new InputFault(`${this.#name}: ${message}`);
  }

  end(): void {
    if (this.#text.slice(this.#at).trim() !== '') {
      throw this.#fault(`nothing was expected after character ${this.#at}`);
    }
  }
}

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

import { DAY_MS, dayOf } from '../day.js';
import type { Cells } from './segment.js';

interface Growing {
  readonly names: string[];
  readonly ms: number[];
  readonly values: number[];
}

/** Sorts what is to be written into days. Times are kept to the millisecond. */
export class CellsByDay {
  readonly #days = new Map<number, Growing>();
  /** Neighbours mostly share a day. */
  #day = NaN;
  #cells: Growing = emptyCells();

  get days(): ReadonlyMap<number, Cells> {
    return this.#days;
  }

  add(name: string, timeMs: number, ...values: number[]): void {
    const day = dayOf(timeMs);
    if (day !== this.#day) this.#turnTo(day);
    this.#cells.names.push(name);
    this.#cells.ms.push(Math.floor(timeMs) - day * DAY_MS);
    for (const value of values) this.#cells.values.push(value);
  }

  #turnTo(day: number): void {
    this.#day = day;
    this.#cells = this.#days.get(day) ?? emptyCells();
    this.#days.set(day, this.#cells);
  }
}

function emptyCells(): Growing {
  return { names: [], ms: [], values: [] };
}

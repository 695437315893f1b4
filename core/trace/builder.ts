import type { Dimension, ResourceId } from '../domain.js';
import { DIMENSIONS, isName } from '../domain.js';
import { fail } from '../errors.js';
import type { Grid } from '../panel.js';
import { clip } from '../text.js';
import type { TraceLimits } from './limits.js';
import { ResourceRows, Spacings } from './rows.js';
import type { Trace } from './trace.js';
import { TRACE_HEADER } from './trace.js';

export interface TraceBuilderOptions {
  /** As messages name it. */
  readonly file: string;
  /** Default: the commonest time between two rows of a resource. */
  readonly stepMs?: number | undefined;
  readonly limits: TraceLimits;
}

const TIME = /^[0-9]{1,15}$/;
const VALUE = /^(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?$/;
const ORDER = 'Sort the rows by resource, then by time; one row a resource and step.';

/**
 * Makes a trace of the fields of one line after the other and refuses the first line that breaks the
 * format, with file, line, what is wrong and what to do.
 */
export class TraceBuilder {
  readonly #options: TraceBuilderOptions;
  readonly #done = new Map<ResourceId, ResourceRows>();
  readonly #spacings = new Spacings();
  #current: ResourceRows | undefined;
  #rows = 0;
  #hasHeader = false;
  /** By column: whether any row has a value there. */
  readonly #isPresent = new Array<boolean>(DIMENSIONS.length).fill(false);
  /** Of the row under way. */
  readonly #values = new Array<number>(DIMENSIONS.length).fill(NaN);

  constructor(options: TraceBuilderOptions) {
    this.#options = options;
  }

  /** @param line counted from 1 @throws ERR_TRACE_INVALID, ERR_TRACE_OVERSIZED */
  add(fields: readonly string[], line: number): void {
    if (!this.#hasHeader) {
      this.#checkHeader(fields, line);
      return;
    }
    if (fields.length !== TRACE_HEADER.length) {
      this.#refuse(
        line,
        `${fields.length} fields instead of ${TRACE_HEADER.length}`,
        `Write ${TRACE_HEADER.join(',')}, and leave a field empty where there is no value.`,
      );
    }
    const timeMs = this.#timeMs(fields[0] ?? '', line);
    const rows = this.#rowsOf(fields[1] ?? '', timeMs, line);
    for (const [column] of DIMENSIONS.entries()) {
      this.#values[column] = this.#value(fields[column + 2] ?? '', column, line);
    }
    rows.add(timeMs, this.#values);
    this.#rows++;
    if (this.#rows > this.#options.limits.cellsMax) this.#refuseSize('rows', this.#rows);
  }

  /** @throws ERR_TRACE_INVALID, ERR_TRACE_OVERSIZED */
  finish(): Trace {
    const all = [...this.#done.values()];
    const grid = this.#grid(all);
    const present = DIMENSIONS.filter((_, column) => this.#isPresent[column]);
    const cells = all.length * grid.steps * present.length;
    if (cells > this.#options.limits.cellsMax) this.#refuseSize('cells', cells);
    const loads: Partial<Record<Dimension, Float32Array>> = {};
    for (const dimension of present) {
      loads[dimension] = new Float32Array(all.length * grid.steps).fill(NaN);
    }
    for (const [index, rows] of all.entries()) this.#place(rows, index * grid.steps, grid, loads);
    return { resources: all.map(({ resource }) => resource), grid, loads };
  }

  /** From the first to the last row of any resource. */
  #grid(all: readonly ResourceRows[]): Grid {
    if (!this.#isPresent.includes(true)) {
      this.#refuse(1, 'there is no load in it', 'Look whether it is the right file.');
    }
    const { stepMs = this.#spacings.commonestMs() } = this.#options;
    if (stepMs === undefined) {
      const fix = 'Say how long a step is (--step).';
      return this.#refuse(2, 'no resource has two rows, so the step cannot be found', fix);
    }
    const first = all.reduce((ms, { firstMs }) => Math.min(ms, firstMs), Infinity);
    const last = all.reduce((ms, { lastMs }) => Math.max(ms, lastMs), 0);
    const start = Math.floor(first / stepMs);
    return { startMs: start * stepMs, stepMs, steps: Math.floor(last / stepMs) - start + 1 };
  }

  #place(
    rows: ResourceRows,
    from: number,
    { startMs, stepMs }: Grid,
    loads: Readonly<Partial<Record<Dimension, Float32Array>>>,
  ): void {
    let before = -1;
    for (let row = 0; row < rows.count; row++) {
      const step = Math.floor((rows.timeMs(row) - startMs) / stepMs);
      if (step === before) {
        this.#refuse(
          rows.line + row,
          `a second row of ${rows.resource} within one step of ${stepMs} ms`,
          'Average the rows of a step, or say how long a step is (--step).',
        );
      }
      before = step;
      for (const [column, dimension] of DIMENSIONS.entries()) {
        const load = loads[dimension];
        if (load !== undefined) load[from + step] = rows.value(row, column);
      }
    }
  }

  #checkHeader(fields: readonly string[], line: number): void {
    const header = TRACE_HEADER.join(',');
    this.#hasHeader = fields.join(',') === header;
    if (this.#hasHeader) return;
    this.#refuse(
      line,
      `the header is "${clip(fields.join(','))}"`,
      `Begin the file with ${header}`,
    );
  }

  #timeMs(text: string, line: number): number {
    if (TIME.test(text)) return Number(text);
    return this.#refuse(
      line,
      `"${clip(text)}" is not a time`,
      'Write the start of the step as whole milliseconds since 1970, UTC.',
    );
  }

  #rowsOf(name: string, timeMs: number, line: number): ResourceRows {
    const current = this.#current;
    if (current?.resource === name) {
      const spacingMs = timeMs - current.lastMs;
      if (spacingMs <= 0) {
        const what = spacingMs === 0 ? 'a second row of' : 'an earlier row after a later one of';
        this.#refuse(line, `${what} ${name} at ${timeMs}`, ORDER);
      }
      this.#spacings.add(spacingMs);
      return current;
    }
    if (!isName(name)) {
      this.#refuse(
        line,
        `"${clip(name)}" is not a name of a resource`,
        'Use 1 to 128 of the characters A-Z a-z 0-9 . _ : -',
      );
    }
    const resource = name as ResourceId;
    if (this.#done.has(resource)) {
      this.#refuse(line, `the rows of ${name} do not stand together`, ORDER);
    }
    if (this.#done.size === this.#options.limits.resourcesMax) {
      this.#refuseSize('resources', this.#done.size + 1);
    }
    const rows = new ResourceRows(resource, line);
    this.#done.set(resource, rows);
    this.#current = rows;
    return rows;
  }

  #value(text: string, column: number, line: number): number {
    if (text === '') return NaN;
    const value = VALUE.test(text) ? Math.fround(Number(text)) : NaN;
    if (!Number.isFinite(value)) {
      this.#refuse(
        line,
        `${DIMENSIONS[column] ?? ''} is "${clip(text)}"`,
        'Write a finite number that is not negative, or leave the field empty for a gap.',
      );
    }
    this.#isPresent[column] = true;
    return value;
  }

  #refuse(line: number, what: string, fix: string): never {
    return fail('ERR_TRACE_INVALID', { file: this.#options.file, line, what, fix });
  }

  #refuseSize(what: 'rows' | 'cells' | 'resources', count: number): never {
    const { file, limits } = this.#options;
    const limit = what === 'resources' ? limits.resourcesMax : limits.cellsMax;
    return fail('ERR_TRACE_OVERSIZED', { file, what, count, limit });
  }
}

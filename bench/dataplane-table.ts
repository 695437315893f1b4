import type { Clock } from '../core/clock/port.js';
import type { ResourceId, ServerId } from '../core/domain.js';
import { AssignmentTable } from '../core/table.js';

/** Of the table that a bench begins with. */
const INCARNATION = 1;

/** A switch to come. */
export interface NextTable {
  readonly table: AssignmentTable;
  readonly source: ServerId;
  readonly target: ServerId;
  /** How long it took to make it from the one before. */
  readonly makingMs: number;
}

/** Who serves what in a bench: `vol-0`, `vol-1`, …, all at `s0`, until the last of them move to `s1` and back. */
export class BenchTable {
  readonly #clock: Clock;
  #table: AssignmentTable;
  #epoch = 1;

  constructor(clock: Clock, resources: number) {
    this.#clock = clock;
    this.#table = this.#with(AssignmentTable.empty, namesOf(0, resources));
  }

  /** As it is now. */
  get table(): AssignmentTable {
    return this.#table;
  }

  /** The names of the last `count` resources, made anew: whoever moves them has read them from a plan. */
  last(count: number): readonly ResourceId[] {
    const { size } = this.#table;
    return namesOf(size - count, size);
  }

  /** These go to the other server. */
  next(resources: readonly ResourceId[]): NextTable {
    const source = this.#server;
    this.#epoch += 1;
    const fromMs = this.#clock.monotonicMs();
    this.#table = this.#with(this.#table, resources);
    const makingMs = this.#clock.monotonicMs() - fromMs;
    return { table: this.#table, source, target: this.#server, makingMs };
  }

  get #server(): ServerId {
    return `s${(this.#epoch - 1) % 2}` as ServerId;
  }

  #with(table: AssignmentTable, resources: readonly ResourceId[]): AssignmentTable {
    const generation = { incarnation: INCARNATION, epoch: this.#epoch };
    const placement = { server: this.#server, since: generation, standby: null };
    return table.with(
      resources.map((resource) => [resource, placement]),
      generation,
    );
  }
}

function namesOf(from: number, to: number): ResourceId[] {
  return Array.from({ length: to - from }, (_, at) => `vol-${from + at}` as ResourceId);
}

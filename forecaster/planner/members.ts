import { NOWHERE } from './problem.js';

/** Which resources each server has: lists that any may leave or join in one step. */
export class Members {
  /** By server. */
  readonly counts: Int32Array;
  /** Of each resource the next on its server; `next[resources + s]` is the first on s. */
  readonly #next: Int32Array;
  readonly #previous: Int32Array;

  constructor(counts: Int32Array, next: Int32Array, previous: Int32Array) {
    this.counts = counts;
    this.#next = next;
    this.#previous = previous;
  }

  copy(): Members {
    return new Members(this.counts.slice(), this.#next.slice(), this.#previous.slice());
  }

  /** The first resource on a server, then `nextOf` each; `NOWHERE` ends. */
  firstOn(server: number): number {
    return this.#next[this.#previous.length + server]!;
  }

  nextOf(resource: number): number {
    return this.#next[resource]!;
  }

  join(resource: number, server: number): void {
    this.counts[server]!++;
    const head = this.#previous.length + server;
    const first = this.#next[head]!;
    this.#next[resource] = first;
    this.#previous[resource] = head;
    this.#next[head] = resource;
    if (first !== NOWHERE) this.#previous[first] = resource;
  }

  leave(resource: number, server: number): void {
    this.counts[server]!--;
    const next = this.#next[resource]!;
    const previous = this.#previous[resource]!;
    this.#next[previous] = next;
    if (next !== NOWHERE) this.#previous[next] = previous;
  }
}

const known = new WeakMap<Int32Array, Members>();

/** By where everything is at the start, in ascending order; whoever asks may change them. Each search of a planning begins with the same. */
export function membersAt(start: Int32Array, servers: number): Members {
  const before = known.get(start);
  if (before?.counts.length === servers) return before.copy();
  const members = new Members(
    new Int32Array(servers),
    new Int32Array(start.length + servers).fill(NOWHERE),
    new Int32Array(start.length).fill(NOWHERE),
  );
  for (let resource = start.length - 1; resource >= 0; resource--) {
    const server = start[resource]!;
    if (server !== NOWHERE) members.join(resource, server);
  }
  known.set(start, members);
  return members.copy();
}

import type { ResourceId } from '../../core/domain.js';
import type { Generation } from '../../core/generation.js';
import {
  NO_GENERATION,
  compareGenerations,
  formatGeneration,
  isSameGeneration,
  newestGeneration,
} from '../../core/generation.js';
import type { Placement } from '../../core/table.js';
import type { Gate } from '../../redirector/gate.js';
import type { KnownGenerations } from './known-generations.js';
import type { Records } from './records.js';
import { Violation } from './violation.js';

/** When a generation gave a resource to a server, and to which. */
export interface Commit {
  readonly since: Generation;
  readonly server: string;
  readonly atMs: number;
}

interface KnownTable {
  readonly generation: Generation;
  /** resource → `server@since` */
  readonly rows: ReadonlyMap<string, string>;
}

interface CheckedRow {
  readonly placement: Placement;
  /** What the table of the gate's generation says. */
  readonly row: string;
}

/** Every table that ever was in any store: S1 and S4, each generation says one thing only, and a gate has one of them. */
export class KnownTables {
  /** `resource@since` → the commit. */
  readonly commits = new Map<string, Commit>();
  /** By its generation. */
  readonly #tables = new Map<string, KnownTable>();
  /** Of the commits: what only the dead had seen, in a store that is no more. */
  readonly #bygone = new Set<string>();
  /** The newest generation that gave a resource to a server. */
  readonly #dated = new Map<string, Generation>();
  /** What each gate was last found to have, rightly: nothing that was right in a table becomes wrong. */
  readonly #checked = new WeakMap<Gate, Map<string, CheckedRow>>();

  /** @param changed what the last transaction changed in it */
  remember({ head, placements }: Records, changed: readonly string[]): void {
    if (head === undefined) return;
    const generation = formatGeneration(head.generation);
    const rows = new Map<string, string>(
      [...placements].map(([id, { server, since }]) => [
        id,
        `${server}@${formatGeneration(since)}`,
      ]),
    );
    const known = this.#tables.get(generation)?.rows;
    const isSame =
      known === undefined ||
      (known.size === rows.size && [...rows].every(([id, row]) => known.get(id) === row));
    if (!isSame) throw new Violation('S4', `${changed.join()} changed within ${generation}`);
    this.#tables.set(generation, { generation: head.generation, rows });
  }

  /** Generations from this one on may be given out, since nobody who lives has seen one: what they said before never was. */
  givesOut(from: Generation): void {
    const isLater = (generation: Generation): boolean => compareGenerations(generation, from) >= 0;
    for (const [name, { generation }] of this.#tables) {
      if (isLater(generation)) this.#tables.delete(name);
    }
    for (const [key, { since }] of this.commits) if (isLater(since)) this.#bygone.add(key);
  }

  committed(resource: string, commit: Commit): void {
    const { since } = commit;
    const key = `${resource}@${formatGeneration(since)}`;
    this.#dated.set(resource, newestGeneration(this.#dated.get(resource) ?? NO_GENERATION, since));
    const known = this.commits.get(key);
    if (known === undefined || this.#bygone.delete(key)) this.commits.set(key, commit);
    else if (known.server !== commit.server) {
      throw new Violation(
        'S1',
        `${key} gives it to ${commit.server}, and gave it to ${known.server}`,
      );
    }
  }

  /** The store was put back to before the resource's last move: the agents tell redirectors the newer truth. */
  isForgotten(resource: ResourceId, records: Records): boolean {
    const since = records.placement(resource)?.since ?? NO_GENERATION;
    return compareGenerations(this.#dated.get(resource) ?? NO_GENERATION, since) > 0;
  }

  /** A gate's table is one that was, but for what it learned of newer commits. */
  checkGate(name: string, gate: Gate, generations: KnownGenerations): void {
    const generation = formatGeneration(gate.generation);
    const table = this.#tables.get(generation)?.rows;
    if (table === undefined) {
      if (isSameGeneration(gate.generation, NO_GENERATION)) return;
      throw new Violation('S4', `the gate of ${name} has ${generation}, which never was`);
    }
    let checked = this.#checked.get(gate);
    if (checked === undefined) this.#checked.set(gate, (checked = new Map<string, CheckedRow>()));
    for (const [id, row] of table) {
      const placement = gate.placementOf(id as ResourceId);
      if (placement === undefined) throw new Violation('S4', `the gate of ${name} lacks ${id}`);
      const last = checked.get(id);
      if (last?.placement === placement && last.row === row) continue;
      const since = formatGeneration(placement.since);
      const has = `${placement.server}@${since}`;
      // What an agent said holds until the one that it named denies it.
      if (has === row) generations.observed(`gate of ${name} for ${id}`, placement.since);
      const isKnown = this.commits.get(`${id}@${since}`)?.server === placement.server;
      if (has !== row && !isKnown) {
        throw new Violation('S4', `the gate of ${name} gives ${id} to ${has}`);
      }
      checked.set(id, { placement, row });
    }
  }
}

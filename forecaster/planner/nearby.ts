import type { Demand, Problem } from './problem.js';
import { NOWHERE } from './problem.js';

/** All that the load of servers rests on beside the demand. Nobody changes it once it was asked about. */
export interface Standing extends Pick<Problem, 'perCapacity' | 'base' | 'roles'> {
  readonly assignment: Int32Array;
}

/** The servers that have something else than under another assignment, and what they have, in the order of the resources. */
export interface Changed {
  /** 1 at the index of a server. */
  readonly isChanged: Uint8Array;
  readonly residents: Int32Array;
}

/** So many are kept of a demand: where everything is and where it should be, with a change of the fleet and without. */
const KEPT_MAX = 4;
/** If more servers than this share of all are others, to begin with the rest saves little. */
const CHANGED_SHARE_MAX = 0.5;

/**
 * What was made of a demand and of where everything is, the last few times. One planning asks for the same again and again, and what
 * would be in a changed fleet differs from the fleet as it is in few servers: all others are as they were. Kept as long as the demand.
 */
export class Nearby<Value> {
  readonly #known = new WeakMap<
    Demand,
    readonly { readonly standing: Standing; readonly value: Value }[]
  >();

  /**
   * What is the nearest, and what is different there; undefined: nothing is near.
   * @returns `changed` null: nothing is different
   */
  of(
    demand: Demand,
    standing: Standing,
  ): { readonly value: Value; readonly changed: Changed | null } | undefined {
    const kept = this.#known.get(demand) ?? [];
    const same = kept.find(({ standing: known }) => isSame(known, standing));
    if (same !== undefined) return { value: same.value, changed: null };
    let fewest = Math.floor(CHANGED_SHARE_MAX * standing.roles.length) + 1;
    let nearest: { readonly value: Value; readonly isChanged: Uint8Array } | undefined;
    for (const { standing: known, value } of kept) {
      const isChanged = serversChanged(known, standing);
      if (isChanged === undefined) continue;
      let count = 0;
      for (const is of isChanged) count += is;
      if (count === 0) return { value, changed: null };
      if (count >= fewest) continue;
      fewest = count;
      nearest = { value, isChanged };
    }
    if (nearest === undefined) return undefined;
    const { value, isChanged } = nearest;
    return {
      value,
      changed: { isChanged, residents: residentsOn(isChanged, standing.assignment) },
    };
  }

  /** Neither is changed any more. */
  keep(demand: Demand, { perCapacity, base, roles, assignment }: Standing, value: Value): void {
    const standing = { perCapacity, base, roles, assignment };
    const others = this.#known.get(demand)?.slice(0, KEPT_MAX - 1) ?? [];
    this.#known.set(demand, [{ standing, value }, ...others]);
  }
}

/** Something leaves or reaches a server. */
export function changedBetween(servers: number, from: Int32Array, to: Int32Array): Changed {
  const isChanged = new Uint8Array(servers);
  markMoved(isChanged, from, to);
  return { isChanged, residents: residentsOn(isChanged, to) };
}

/** All that one planning asks is of the same arrays. */
function isSame(known: Standing, { perCapacity, base, roles, assignment }: Standing): boolean {
  return (
    known.assignment === assignment &&
    known.base === base &&
    known.perCapacity === perCapacity &&
    known.roles === roles
  );
}

/** Undefined: they are not the same servers. */
function serversChanged(
  known: Standing,
  { perCapacity, base, roles, assignment }: Standing,
): Uint8Array | undefined {
  const isFleet =
    known.roles.length === roles.length &&
    known.base.length === base.length &&
    known.assignment.length === assignment.length;
  if (!isFleet) return undefined;
  const isChanged = new Uint8Array(roles.length);
  const dimensions = base.length / roles.length;
  for (let at = 0; at < base.length; at++) {
    if (known.base[at] === base[at] && known.perCapacity[at] === perCapacity[at]) continue;
    isChanged[Math.floor(at / dimensions)] = 1;
  }
  for (let server = 0; server < roles.length; server++) {
    if (known.roles[server] !== roles[server]) isChanged[server] = 1;
  }
  if (known.assignment !== assignment) markMoved(isChanged, known.assignment, assignment);
  return isChanged;
}

function markMoved(isChanged: Uint8Array, from: Int32Array, to: Int32Array): void {
  for (let resource = 0; resource < to.length; resource++) {
    const source = from[resource]!;
    const target = to[resource]!;
    if (source === target) continue;
    if (source !== NOWHERE) isChanged[source] = 1;
    if (target !== NOWHERE) isChanged[target] = 1;
  }
}

function residentsOn(isChanged: Uint8Array, assignment: Int32Array): Int32Array {
  const residents: number[] = [];
  for (let resource = 0; resource < assignment.length; resource++) {
    if (isChanged[assignment[resource]!] === 1) residents.push(resource);
  }
  return Int32Array.from(residents);
}

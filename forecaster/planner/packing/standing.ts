/** How good an assignment is, the earlier aim first: a later one never undoes an earlier. */
export interface Standing {
  readonly misplaced: number;
  /** Rules of groups that are broken, as they were at the start. */
  readonly faults: number;
  /** Of what is above a hard capacity, as it was at the start. */
  readonly over: number;
  readonly value: number;
}

/** Less is a rounding: of the value as a share of it; of overload, which is in shares of a capacity, as it is. */
const SHARE_MIN = 1e-11;
const OVER_MIN = 1e-9;

export function isBetter(a: Standing, b: Standing): boolean {
  if (a.misplaced !== b.misplaced) return a.misplaced < b.misplaced;
  if (a.faults !== b.faults) return a.faults < b.faults;
  const slack = OVER_MIN * Math.max(1, Math.abs(b.over));
  if (Math.abs(a.over - b.over) > slack) return a.over < b.over;
  return a.value < b.value - SHARE_MIN * Math.abs(b.value);
}

export function copyOf({ misplaced, faults, over, value }: Standing): Standing {
  return { misplaced, faults, over, value };
}

/** As a score is: only what it costs is left to lower. */
export function isFeasible({ misplaced, faults, over }: Standing): boolean {
  return misplaced === 0 && faults === 0 && over === 0;
}

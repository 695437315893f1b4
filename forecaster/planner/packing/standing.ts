/** How good an assignment is, the earlier aim first: a later one never undoes an earlier. */
export interface Standing {
  readonly misplaced: number;
  /** Of what is above a hard capacity, as it was at the start. */
  readonly over: number;
  readonly value: number;
}

/** Less is a rounding. */
const SHARE_MIN = 1e-11;

export function isBetter(a: Standing, b: Standing): boolean {
  if (a.misplaced !== b.misplaced) return a.misplaced < b.misplaced;
  const slack = SHARE_MIN * Math.abs(b.over);
  if (Math.abs(a.over - b.over) > slack) return a.over < b.over;
  return a.value < b.value - SHARE_MIN * Math.abs(b.value);
}

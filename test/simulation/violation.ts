/**
 * A rule of reliability (docs/ARCHITECTURE.md, "Invariants"). S11 and the rest of L5 are the planner's: they are
 * checked where metrics and forecasts are, not here.
 */
export type Rule =
  | 'S1'
  | 'S2'
  | 'S3'
  | 'S4'
  | 'S5'
  | 'S6'
  | 'S7'
  | 'S8'
  | 'S9'
  | 'S10'
  | 'L1'
  | 'L2'
  | 'L3'
  | 'L4'
  | 'L5'
  | 'crash';

export class Violation extends Error {
  constructor(
    readonly rule: Rule,
    what: string,
  ) {
    super(`${rule}: ${what}`);
  }
}

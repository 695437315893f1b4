/**
 * What a search for few moves asks of an assignment, and changes: the same for the fleets of rounds (layout-ground.ts) and for
 * problem files (packing/tableau-ground.ts). Resources and servers by index.
 */
export interface Ground {
  /** Where everything was. `NOWHERE`: it is placed, not moved. */
  readonly start: Int32Array;
  readonly assignment: Int32Array;
  readonly servers: number;
  /** Stands for no resource. */
  readonly nobody: number;
  /** May be moved for what that wins, and is somewhere; the largest first. */
  readonly movables: Int32Array;
  /** Where such may go. */
  readonly targets: Int32Array;
  /** Share of an average server, by resource. */
  readonly size: Float64Array;
  /** What a move of each costs, wherever it goes to. */
  readonly prices: Float64Array;
  /** Looks at one server with one change. */
  work: number;

  /** Whether every rule lets the resource go there, the rest where it is. Whether there is room is not asked. */
  canMove(resource: number, server: number): boolean;
  /** The same of two that change places. */
  canSwap(resource: number, partner: number): boolean;
  /** How the price of all moves changes. */
  priceOfMove(resource: number, server: number): number;
  priceOfSwap(resource: number, partner: number): number;
  /** What is wrong with a server, moves not counted. */
  costOf(server: number): number;
  /** The same with `added` on it and without `removed`; `TOO_DEAR`: more than `most`, or a hard limit would be passed. */
  costWithin(server: number, added: number, removed: number, most: number): number;
  move(resource: number, server: number): void;
  /** What was moved from here on can be taken back. */
  mark(): number;
  rollback(mark: number): void;
  /** Nothing is taken back any more. */
  settle(): void;
}

/** What a trace may hold: a file beyond these is refused before it fills the memory. */
export interface TraceLimits {
  readonly resourcesMax: number;
  /** Cells = resources × steps × dimensions, gaps included; four bytes each. */
  readonly cellsMax: number;
  readonly lineBytesMax: number;
}

export const TRACE_LIMITS: TraceLimits = {
  resourcesMax: 100_000,
  cellsMax: 64_000_000,
  lineBytesMax: 1024,
};

/*
 * How much of the errors of many series moves together: what the loadings of a forecast are (core/forecast.ts).
 */

/** Errors of one series at past origins, newest first, in units of their own spread; 0 where none is known. */
export interface ErrorRow {
  readonly errors: Int8Array;
  /** Absolute step of the newest origin, and the distance to the next one. */
  readonly newest: number;
  readonly spacing: number;
}

const ITERATIONS = 8;
/** Fewer origins in common say nothing about togetherness. */
const COMMON_MIN = 8;
const LOADING_MAX = 0.95;

/**
 * Loadings of the rows on one common factor: the correlation of each row with the leading principal component
 * of all the *other* rows (found by power iteration), less what chance alone would give. Rows on another lattice
 * of origins than the most get 0: their errors count as their own.
 */
export function commonLoadings(rows: readonly ErrorRow[]): Float32Array {
  const loadings = new Float32Array(rows.length);
  const aligned = align(rows);
  if (aligned === undefined) return loadings;
  const { members, columns, cells } = aligned;
  const weights = new Float64Array(members.length).fill(1);
  const factor = new Float64Array(columns);
  for (let round = 0; round < ITERATIONS; round++) {
    project(cells, weights, factor);
    for (let m = 0; m < members.length; m++) {
      weights[m] = correlation(cells, m, factor, 0);
    }
  }
  project(cells, weights, factor);
  for (const [m, row] of members.entries()) {
    const together = correlation(cells, m, factor, weights[m]!);
    // The square of a chance correlation over n origins is 1/n in the mean.
    const explained = Math.max(0, together ** 2 - 1 / columns);
    loadings[row] = Math.sign(together) * Math.min(LOADING_MAX, Math.sqrt(explained));
  }
  if (weights.reduce((sum, weight) => sum + weight, 0) < 0) {
    for (const row of members) loadings[row] = -loadings[row]!;
  }
  return loadings;
}

interface Aligned {
  /** Indices of the rows taken part. */
  readonly members: readonly number[];
  readonly columns: number;
  /** [members × columns], each row of mean 0 and length 1. */
  readonly cells: Float64Array;
}

/** The rows on the commonest lattice, over the origins that its rows have in common. */
function align(rows: readonly ErrorRow[]): Aligned | undefined {
  const lattices = new Map<string, number[]>();
  for (const [index, { newest, spacing }] of rows.entries()) {
    if (spacing === 0) continue;
    const name = `${spacing}/${newest % spacing}`;
    const members = lattices.get(name);
    if (members === undefined) lattices.set(name, [index]);
    else members.push(index);
  }
  const members = [...lattices.values()].reduce(
    (most, next) => (next.length > most.length ? next : most),
    [],
  );
  if (members.length < 2) return undefined;
  const of = (index: number): ErrorRow => rows[index]!;
  const { spacing } = of(members[0]!);
  const newest = Math.min(...members.map((index) => of(index).newest));
  const skipped = members.map((index) => (of(index).newest - newest) / spacing);
  const columns = Math.min(...members.map((index, m) => of(index).errors.length - skipped[m]!));
  if (columns < COMMON_MIN) return undefined;
  const cells = new Float64Array(members.length * columns);
  for (const [m, index] of members.entries()) {
    const { errors } = of(index);
    for (let c = 0; c < columns; c++) cells[m * columns + c] = errors[skipped[m]! + c]!;
    standardise(cells.subarray(m * columns, (m + 1) * columns));
  }
  return { members, columns, cells };
}

function standardise(row: Float64Array): void {
  const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
  const length = Math.sqrt(row.reduce((sum, value) => sum + (value - mean) ** 2, 0));
  for (let c = 0; c < row.length; c++) row[c] = length > 0 ? (row[c]! - mean) / length : 0;
}

function project(cells: Float64Array, weights: Float64Array, factor: Float64Array): void {
  const columns = factor.length;
  factor.fill(0);
  for (let m = 0; m < weights.length; m++) {
    const weight = weights[m]!;
    for (let c = 0; c < columns; c++) factor[c]! += weight * cells[m * columns + c]!;
  }
}

/** Of a row with the factor, after taking the row's own part (`weight` times itself) out of it. */
function correlation(
  cells: Float64Array,
  member: number,
  factor: Float64Array,
  weight: number,
): number {
  const columns = factor.length;
  let product = 0;
  let squares = 0;
  for (let c = 0; c < columns; c++) {
    const own = cells[member * columns + c]!;
    const others = factor[c]! - weight * own;
    product += own * others;
    squares += others * others;
  }
  return squares > 0 ? product / Math.sqrt(squares) : 0;
}

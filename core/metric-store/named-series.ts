import type { SeriesKey } from '../sample.js';
import { formatSeries } from '../sample.js';

/** A list of series by name, as stores keep them. */
export class NamedSeries {
  /** Of each in the list. */
  readonly names: readonly string[];
  #rows: NamedRows | undefined;

  constructor(series: readonly SeriesKey[]) {
    this.names = series.map(formatSeries);
  }

  get rows(): NamedRows {
    return (this.#rows ??= rowsOf(this.names));
  }
}

/** Each name once, in a row of its own. */
export interface NamedRows {
  readonly rowByName: ReadonlyMap<string, number>;
  /** Of each in the list. */
  readonly rowOf: readonly number[];
}

const known = new WeakMap<readonly SeriesKey[], NamedSeries>();

/** Kept as long as the list is: of ten thousand series that a page asks for again and again, the names take longer than the values. */
export function namedSeries(series: readonly SeriesKey[]): NamedSeries {
  let named = known.get(series);
  if (named === undefined) known.set(series, (named = new NamedSeries(series)));
  return named;
}

function rowsOf(names: readonly string[]): NamedRows {
  const rowByName = new Map<string, number>();
  const rowOf = names.map((name) => {
    const row = rowByName.get(name) ?? rowByName.size;
    rowByName.set(name, row);
    return row;
  });
  return { rowByName, rowOf };
}

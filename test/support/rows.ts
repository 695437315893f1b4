import { History } from '../../models/history.js';
import type { Row } from '../../models/model.js';

/** One history as a model sees it, with the origins it is asked about. */
export function rowFrom(
  values: Float32Array,
  {
    historySteps = values.length,
    origins = [],
  }: { historySteps?: number; origins?: number[] } = {},
): Row {
  const history = new History(1, historySteps);
  for (const value of values) history.append(0, value);
  const row = {
    slot: 0,
    age: 0,
    start: 0,
    highest: 0,
    values: new Float32Array(historySteps),
    roots: new Float32Array(historySteps),
    isKnown: new Uint8Array(historySteps),
    origins: Int32Array.from(origins),
  };
  history.read(0, row);
  return row;
}

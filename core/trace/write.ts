import { DIMENSIONS } from '../domain.js';
import type { Trace } from './trace.js';
import { TRACE_HEADER } from './trace.js';

/** The text of a trace file, a resource at a time. Read again, it is the same trace, value by value. */
export function* traceText({ resources, grid, loads }: Trace): Generator<string> {
  yield `${TRACE_HEADER.join(',')}\n`;
  for (const [index, resource] of resources.entries()) {
    let text = '';
    for (let step = 0; step < grid.steps; step++) {
      const fields = DIMENSIONS.map((dimension) =>
        fieldOf(loads[dimension]?.[index * grid.steps + step]),
      );
      if (fields.every((field) => field === '')) continue;
      text += `${grid.startMs + step * grid.stepMs},${resource},${fields.join(',')}\n`;
    }
    yield text;
  }
}

/** As few digits as bring the same 32-bit number back; nine always do. */
function fieldOf(value = NaN): string {
  if (Number.isNaN(value)) return '';
  for (const digits of [4, 6, 8]) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return String(rounded);
  }
  return String(Number(value.toPrecision(9)));
}

import { basename } from 'node:path';
import type { Dimension } from '../core/domain.js';
import { DIMENSIONS, isName } from '../core/domain.js';
import { fail } from '../core/errors.js';
import type { Grid, Panel } from '../core/panel.js';
import { panelOf, rowOf } from '../core/panel.js';
import type { SeriesKey } from '../core/sample.js';
import { readTrace } from '../core/trace/read.js';
import { dimensionsOf, panelIn } from '../core/trace/trace.js';
import { clip } from '../core/text.js';
import type { VerbOptions } from './verb.js';
import { choiceOption, numberOption, textOption } from './verb.js';

/** What `forecast` and `backtest` are about: one dimension of a trace, of all its resources or of one. */
export interface TraceLoad {
  /** As people call it: the name of the file. */
  readonly name: string;
  readonly dimension: Dimension;
  readonly panel: Panel;
}

export const TRACE_LOAD_OPTIONS = [
  ['--resource <name>', 'only this one'],
  ['--dimension <name>', 'cpu, memory, network or hits (default: the first in the trace)'],
  ['--step <ms>', 'how long a step of the trace is (default: found in it)'],
] as const;

/** @throws ERR_TRACE_…, ERR_FORECAST_TRACE, ERR_OPTION_INVALID */
export async function traceLoad(file: string, options: VerbOptions): Promise<TraceLoad> {
  const stepMs = numberOption(options, 'step', { min: 1, max: 86_400_000 });
  const dimension = dimensionOption(options);
  const trace = await readTrace(file, stepMs === undefined ? {} : { stepMs });
  const present = dimensionsOf(trace);
  const chosen = dimension ?? present[0] ?? 'cpu';
  const panel = panelIn(trace, chosen);
  if (panel === undefined) {
    const fix = `Choose a dimension that it has: --dimension ${present.join(', ')}.`;
    return fail('ERR_FORECAST_TRACE', { file, why: `it has no ${chosen}`, fix });
  }
  const resource = textOption(options, 'resource');
  const name = basename(file);
  if (resource === undefined) return { name, dimension: chosen, panel };
  return { name, dimension: chosen, panel: onlyOne(panel, resource, file) };
}

function onlyOne(panel: Panel, resource: string, file: string): Panel {
  const row = panel.series.findIndex(({ id }) => id === resource);
  const key = panel.series[row];
  if (key === undefined) {
    const some = panel.series.slice(0, 5).map(({ id }) => id);
    const more = panel.series.length > some.length ? ', …' : '';
    return fail('ERR_FORECAST_TRACE', {
      file,
      why: `it has no resource ${isName(resource) ? resource : clip(resource)}`,
      fix: `Choose one that it has: ${some.join(', ')}${more}`,
    });
  }
  return ownGrid(key, panel.grid, rowOf(panel, row));
}

/** From its first to its last sample: what is beyond is no gap of it. */
function ownGrid(key: SeriesKey, { startMs, stepMs }: Grid, values: Float32Array): Panel {
  const isKnown = (value: number): boolean => !Number.isNaN(value);
  const from = Math.max(0, values.findIndex(isKnown));
  const own = values.subarray(from, values.findLastIndex(isKnown) + 1);
  return panelOf([key], { startMs: startMs + from * stepMs, stepMs, steps: own.length }, own);
}

function dimensionOption(options: VerbOptions): Dimension | undefined {
  return choiceOption(options, 'dimension', DIMENSIONS);
}

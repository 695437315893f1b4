import { pathOf } from '../forecast.js';
import type { SeriesKey } from '../sample.js';
import { formatSeries } from '../sample.js';
import type { KeyedLog } from './keyed-log.js';
import type { ForecastRun, Said } from './port.js';

/** What is kept of a forecast for one lead: quantiles of the step that starts at `timeMs`, a series after the other. */
export interface SaidAtLead {
  readonly timeMs: number;
  /** From the end of the history that the forecast saw to the end of the step: lead 1 is one step. */
  readonly leadMs: number;
  readonly quantilesOf: (series: number) => readonly [p10: number, p50: number, p90: number];
}

export function saidIn({ block, leads }: ForecastRun): SaidAtLead[] {
  const { startMs, stepMs } = block.grid;
  return leads.map((lead) => {
    const at = (series: number, quantile: number) => pathOf(block, series, quantile)[lead - 1]!;
    return {
      timeMs: startMs + (lead - 1) * stepMs,
      leadMs: lead * stepMs,
      quantilesOf: (series) => [at(series, 0.1), at(series, 0.5), at(series, 0.9)],
    };
  });
}

/** What was said, or how it turned out, for one series and lead: a name that no other pair has. */
export function saidName(series: SeriesKey, leadMs: number): string {
  return `${formatSeries(series)}@${leadMs}`;
}

export function saidBetween(log: KeyedLog, fromMs: number, toMs: number): Said[] {
  const { times, values } = log;
  const said: Said[] = [];
  for (let at = log.indexOf(fromMs); at < times.length && times[at]! < toMs; at++) {
    const from = 3 * at;
    said.push({
      timeMs: times[at]!,
      p10: values[from]!,
      p50: values[from + 1]!,
      p90: values[from + 2]!,
    });
  }
  return said;
}

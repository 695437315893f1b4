import { extname } from 'node:path';
import { z } from 'zod';
import { DIMENSIONS } from '../../core/domain.js';
import { fail } from '../../core/errors.js';
import type { ForecastBlock } from '../../core/forecast.js';
import { pathOf } from '../../core/forecast.js';
import type { Panel } from '../../core/panel.js';
import { endMsOf, rowOf } from '../../core/panel.js';
import type { SeriesKey } from '../../core/sample.js';
import { clip } from '../../core/text.js';
import { peakOf } from '../../forecaster/backtest/said-window.js';
import { Forecasting } from '../../forecaster/forecasting.js';
import type { Context } from '../context.js';
import { writeOut } from '../out-file.js';
import { plot } from '../plot.js';
import { textTable } from '../text-table.js';
import type { TraceLoad } from '../trace-load.js';
import { TRACE_LOAD_OPTIONS, traceLoad } from '../trace-load.js';
import { NEURAL_OPTIONS, verbNeural } from '../verb-neural.js';
import type { Verb, VerbOptions } from '../verb.js';
import { textOption, wholeOption } from '../verb.js';
import { clockTime, duration, quantity } from '../words.js';

const HORIZON_STEPS = 12;
const SEED = 1;
/** The picture shows so many times the horizon of what came before. */
const HISTORY_HORIZONS = 4;
/** Of many resources, the largest. */
const SHOWN = 20;

const byQuantileSchema = <Value extends z.ZodType>(value: Value) =>
  z.object({ p10: value, p50: value, p90: value });

const reportSchema = z.object({
  kind: z.literal('foreshift-forecast'),
  trace: z.string(),
  dimension: z.enum(DIMENSIONS),
  stepMs: z.number(),
  /** Of the first step that is forecast. */
  startMs: z.number(),
  horizonSteps: z.number(),
  resources: z.array(
    z.object({
      resource: z.string(),
      models: z.string(),
      steps: byQuantileSchema(z.array(z.number())),
      peak: byQuantileSchema(z.number()),
    }),
  ),
});
type Report = Readonly<z.output<typeof reportSchema>>;

export const forecastVerb: Verb = {
  usage: 'forecast <trace>',
  summary: 'What is expected after the end of a recorded load; nothing running is touched.',
  options: [
    ...TRACE_LOAD_OPTIONS,
    ...NEURAL_OPTIONS,
    ['--horizon <steps>', 'that are forecast', String(HORIZON_STEPS)],
    [
      '--out <csv|json|file>',
      'the figures: csv or json on standard output, or a file of that kind',
    ],
    ['--all', `all resources, not only ${SHOWN}`],
  ],
  choices: { '--dimension': DIMENSIONS },
  answer: reportSchema,
  run: async (context, [file = ''], options) => {
    const horizonSteps = wholeOption(options, 'horizon', { min: 1, max: 288 }) ?? HORIZON_STEPS;
    const out = outOption(options);
    const load = await traceLoad(file, options);
    const { stepMs } = load.panel.grid;
    const forecasting = new Forecasting({ stepMs, horizonSteps, seed: SEED });
    forecasting.useNeural(await verbNeural(context, options));
    forecasting.observe(load.panel);
    const { block, models } = forecasting.forecast(lately(load.panel, horizonSteps));
    const forecast = { load, block, models };
    if (out?.file !== undefined) {
      await writeOut(out.file, textOf(forecast, out.kind));
      context.terminal.say(`${out.file} is written`);
    } else if (out !== undefined) {
      context.terminal.print(textOf(forecast, out.kind).trimEnd());
      return;
    }
    context.show(reportOf(forecast), () =>
      load.panel.series.length === 1
        ? picture(forecast, context)
        : table(forecast, options.all === true),
    );
  },
};

/** Of what ended long before the trace there is nothing to expect. */
function lately(panel: Panel, steps: number): SeriesKey[] {
  return panel.series.filter((_, row) =>
    rowOf(panel, row)
      .subarray(-steps)
      .some((value) => !Number.isNaN(value)),
  );
}

interface Forecast {
  readonly load: TraceLoad;
  readonly block: ForecastBlock;
  readonly models: readonly string[];
}

interface Out {
  readonly kind: 'csv' | 'json';
  /** Undefined: standard output. */
  readonly file: string | undefined;
}

function outOption(options: VerbOptions): Out | undefined {
  const text = textOption(options, 'out');
  if (text === undefined) return undefined;
  const word = text.toLowerCase();
  if (word === 'csv' || word === 'json') return { kind: word, file: undefined };
  const kind = extname(word).slice(1);
  if (kind === 'csv' || kind === 'json') return { kind, file: text };
  const allowed = 'csv, json, or the name of a file that ends in .csv or .json';
  return fail('ERR_OPTION_INVALID', { option: '--out', value: clip(text), allowed });
}

function textOf(forecast: Forecast, kind: Out['kind']): string {
  return kind === 'csv' ? csvOf(forecast) : `${JSON.stringify(reportOf(forecast))}\n`;
}

/** A row a resource and step, as traces are written; the peak over the horizon is the same on each. */
function csvOf({ load, block }: Forecast): string {
  const { quantiles, grid, series } = block;
  const names = quantiles.map((quantile) => `p${Math.round(100 * quantile)}`);
  const header = ['timestamp', 'resource', 'dimension', ...names, ...names.map((p) => `peak_${p}`)];
  const rows = series.flatMap(({ id }, row) => {
    const peaks = quantiles.map((quantile) => rounded(peakOf(block, row, quantile)));
    return Array.from({ length: grid.steps }, (_, h) => {
      const steps = quantiles.map((quantile) => rounded(pathOf(block, row, quantile)[h] ?? NaN));
      return [grid.startMs + h * grid.stepMs, id, load.dimension, ...steps, ...peaks].join(',');
    });
  });
  return `${[header.join(','), ...rows].join('\n')}\n`;
}

function reportOf({ load, block, models }: Forecast): Report {
  const { grid, series } = block;
  return {
    kind: 'foreshift-forecast',
    trace: load.name,
    dimension: load.dimension,
    stepMs: grid.stepMs,
    startMs: grid.startMs,
    horizonSteps: grid.steps,
    resources: series.map(({ id }, row) => ({
      resource: id,
      models: models[row] ?? '',
      steps: byQuantile((quantile) => Array.from(pathOf(block, row, quantile), rounded)),
      peak: byQuantile((quantile) => rounded(peakOf(block, row, quantile))),
    })),
  };
}

function byQuantile<Value>(valueOf: (quantile: number) => Value): {
  p10: Value;
  p50: Value;
  p90: Value;
} {
  return { p10: valueOf(0.1), p50: valueOf(0.5), p90: valueOf(0.9) };
}

function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

/** One resource: the picture, then the peak in words. */
function picture({ load, block, models }: Forecast, { terminal }: Context): string {
  const { style, columns: width } = terminal;
  const { grid } = block;
  const endMs = endMsOf(load.panel.grid);
  const values = rowOf(load.panel, 0);
  const history = values.subarray(Math.max(0, values.length - HISTORY_HORIZONS * grid.steps));
  const fromMs = endMs - history.length * grid.stepMs;
  const time = (atMs: number): string => clockTime(atMs, endMs);
  const [low, middle, high] = [0.1, 0.5, 0.9].map((quantile) => pathOf(block, 0, quantile));
  if (low === undefined || middle === undefined || high === undefined) return '';
  const [key] = block.series;
  const highest = high.indexOf(Math.max(...high));
  return [
    `${style.bold(key?.id ?? '')} ${load.dimension}, ${load.name}: ` +
      `${duration(grid.steps * grid.stepMs)} ahead by ${models[0] ?? ''}`,
    plot(
      { history, low, middle, high },
      { width, style, labels: [time(fromMs), `now ${time(endMs)}`, time(endMsOf(grid))] },
    ),
    '* was   o P50   : P10 to P90   ^ highest P90',
    `peak: P50 ${quantity(peakOf(block, 0, 0.5))}, P90 ${quantity(peakOf(block, 0, 0.9))}, ` +
      `highest at ${time(grid.startMs + highest * grid.stepMs)}; ` +
      `the highest of the ${duration(history.length * grid.stepMs)} before was ${quantity(highestOf(history))}`,
  ].join('\n');
}

function highestOf(values: Float32Array): number | null {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.length === 0 ? null : known.reduce((max, value) => Math.max(max, value), 0);
}

/** Many resources: the largest by the P90 of their peaks. */
function table({ load, block, models }: Forecast, isWhole: boolean): string {
  const { grid, series } = block;
  const order = [...series.keys()].sort((a, b) => peakOf(block, b, 0.9) - peakOf(block, a, 0.9));
  const shown = isWhole ? order : order.slice(0, SHOWN);
  const rowsOf = new Map<string, number>(load.panel.series.map(({ id }, row) => [id, row]));
  const left = order.length - shown.length;
  const unknown = load.panel.series.length - series.length;
  return [
    `${load.name}, ${load.dimension}: ${duration(grid.steps * grid.stepMs)} ahead of ` +
      clockTime(grid.startMs, grid.startMs),
    textTable(
      [
        { title: 'RESOURCE' },
        ...['LAST', 'MEAN P50', 'PEAK P50', 'PEAK P90', 'AT'].map((title) => ({
          title,
          align: 'right' as const,
        })),
        { title: 'BY' },
      ],
      shown.map((row) => {
        const id = series[row]?.id ?? '';
        const high = pathOf(block, row, 0.9);
        const highest = high.indexOf(Math.max(...high));
        const middle = pathOf(block, row, 0.5);
        const past = rowOf(load.panel, rowsOf.get(id) ?? 0);
        return [
          id,
          quantity(lastOf(past)),
          quantity(middle.reduce((sum, value) => sum + value, 0) / middle.length),
          quantity(peakOf(block, row, 0.5)),
          quantity(peakOf(block, row, 0.9)),
          clockTime(grid.startMs + highest * grid.stepMs, grid.startMs),
          models[row] ?? '',
        ];
      }),
    ),
    ...(left > 0 ? [`${left} more resources, smaller than these: --all shows them`] : []),
    ...(unknown > 0 ? [`${unknown} resources without a sample lately are left out`] : []),
  ].join('\n');
}

function lastOf(values: Float32Array): number | null {
  const at = values.findLastIndex((value) => !Number.isNaN(value));
  return at < 0 ? null : (values[at] ?? null);
}

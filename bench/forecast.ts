/**
 * Forecasts exactly the windows of a file of baselines: our figures beside those of well-known models, and
 * how many series a second are forecast.
 * `node dist/bench/forecast.js --baselines FILE.json --traces DIR [--out RESULT.json] [--only TASK,…] [--speed no] [--r no]
 *   [--scale SERIES] [--neural off|FILE] [--age STEPS]`
 * Where Rscript and its package `forecast` are installed, their speed is measured in the same run, unless `--r no`;
 * with `--speed no` nobody's is.
 * With --scale, rounds of so many series (100000 take 20 minutes to learn) are compared with rounds of 1,000.
 * With --neural, without the neural forecaster, or with other weights than the product's.
 * With --age, of state that was learnt so many steps before the origin, as it is between two refits.
 * Exit 2 if a file that it needs is not there or cannot be used.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { textTable } from '../cli/text-table.js';
import type { Trace } from '../core/trace/trace.js';
import type { ScoredWindow } from '../forecaster/backtest/metrics.js';
import { metricsOf } from '../forecaster/backtest/metrics.js';
import type { Baselines, BaselineTask, TaskResult, WindowMetrics } from './forecast-baselines.js';
import {
  aggregateOf,
  BASELINES_FILE,
  baselinesSchema,
  HORIZONS,
  OURS,
  rounded,
} from './forecast-baselines.js';
import { InputFault, readJson, TraceFolder, withInputs } from './inputs.js';
import { goalsOf, goalsText } from './forecast-goals.js';
import type { RSpeed } from './forecast-r.js';
import { measureR, seriesForR } from './forecast-r.js';
import type { ForecastSpeed } from './forecast-speed.js';
import { measureScaling, measureSpeed, neuralSeconds } from './forecast-speed.js';
import { forecastWindows } from './forecast-windows.js';
import { numberColumns } from './markdown-table.js';
import { shippedWeights } from '../cli/services/weights.js';
import type { Predictor } from '../models/neural/neural.js';
import type { OpenedNeural } from '../models/neural/open.js';
import { openNeural } from '../models/neural/open.js';

const WHAT = 'median of models weighed on the own history, moved by their own errors';

const { values: args } = parseArgs({
  options: {
    baselines: { type: 'string', default: BASELINES_FILE },
    traces: { type: 'string', default: '../shared/traces' },
    only: { type: 'string' },
    out: { type: 'string' },
    speed: { type: 'string', default: 'yes' },
    r: { type: 'string', default: 'yes' },
    scale: { type: 'string' },
    neural: { type: 'string' },
    age: { type: 'string', default: '0' },
  },
});

async function main(): Promise<void> {
  const file = await readJson(args.baselines, baselinesSchema);
  const only = args.only?.split(',');
  const tasks = file.tasks.filter(({ task }) => only?.includes(task) ?? true);
  if (tasks.length === 0) {
    const names = file.tasks.map(({ task }) => task).join(', ');
    throw new InputFault(`--only ${args.only ?? ''}: the file has ${names}`);
  }
  const traces = new TraceFolder(args.traces);
  // What is missing is told before anything is computed.
  for (const { task, trace } of tasks) await traces.readFor(task, trace);
  const neural = await neuralOf(args.neural);
  process.stderr.write(`neural forecaster: ${neural === undefined ? 'off' : neural.backend}\n`);
  const results: { task: BaselineTask; result: TaskResult }[] = [];
  for (const task of tasks) {
    // No weights are used that were trained on the trace that is scored.
    const isHonest = neural?.weights.traces.includes(task.trace) === false;
    const network = isHonest ? neural.network : undefined;
    results.push({ task, result: resultOf(task, await traces.read(task.trace), network) });
    process.stderr.write(`${task.task}: ${task.windows.length} windows\n`);
  }
  const aggregate = aggregateOf(results);
  printAggregates(file, aggregate);
  for (const { task, result } of results) printTask(file, task, result);
  console.log(goalsText(goalsOf(file, results, aggregate)));
  const speed = args.speed === 'no' ? undefined : await speedOf(neural);
  if (args.out === undefined) return;
  const ours = {
    ...file,
    tasks: results.map(({ task, result }) => ({ ...task, results: { [OURS]: result } })),
    models: { [OURS]: WHAT },
    aggregate_relative_to_base: { [OURS]: aggregate },
    ...speed,
  };
  await writeFile(args.out, `${JSON.stringify(ours, null, 1)}\n`);
}

/** What is written of the speed, printed on the way. */
async function speedOf(neural: OpenedNeural | undefined) {
  const speed = measureSpeed(neural?.network);
  console.log(
    `\nOne core: ${speed.keptPerSecond} series a second from kept state in the median round ` +
      `(${speed.keptPerSecondBest} in the fastest), ${speed.coldPerSecond} cold in the median part ` +
      `(${speed.coldPerSecondBest} in the fastest); ` +
      `${speed.bytesPerSeries} bytes a series.`,
  );
  const r = args.r === 'no' ? undefined : await besideR(speed);
  const scaling = args.scale === undefined ? undefined : measureScaling(Number(args.scale));
  if (scaling !== undefined) {
    console.log(`A round of ${scaling.series} series takes ${scaling.timesLinear} of linear time.`);
  }
  if (neural !== undefined) {
    const seconds = neuralSeconds(neural.network);
    console.log(`The network by itself, on ${neural.backend}: 10,000 series in ${seconds} s.`);
  }
  return {
    speed,
    ...(r !== undefined && { r_series_forecasts_per_second: r }),
    ...(scaling && { scaling }),
  };
}

/** How many times as fast as R's `forecast`, on the same kind of series, in this run. */
async function besideR(speed: ForecastSpeed): Promise<RSpeed | undefined> {
  const measured = await measureR(seriesForR(), { season: 288, horizon: 24 });
  if ('absent' in measured) {
    console.log(`\nR's models are left out: ${measured.absent}`);
    return undefined;
  }
  const rows = Object.entries(measured.speed).map(([name, perSecond]) => [
    name,
    shown(perSecond),
    shown(speed.coldPerSecond / perSecond),
    shown(speed.keptPerSecond / perSecond),
  ]);
  console.log(
    "\nR's forecast on 2,016 steps of 5 min: series a CPU second, and how many times that we are",
  );
  console.log(textTable(numberColumns('model', 'R', 'ours cold ÷ R', 'ours kept ÷ R'), rows));
  return measured.speed;
}

async function neuralOf(wanted: string | undefined): Promise<OpenedNeural | undefined> {
  if (wanted === 'off') return undefined;
  const weights = wanted === undefined ? await shippedWeights() : await readFile(wanted);
  return weights === undefined ? undefined : openNeural(weights, 'auto');
}

function resultOf(task: BaselineTask, trace: Trace, neural: Predictor | undefined): TaskResult {
  const options = { neural, ageSteps: Number(args.age) };
  const { h12, h24, seconds } = forecastWindows(task, trace, options);
  return {
    windows: task.windows.length,
    seconds: rounded(seconds),
    h12: roundedMetrics(h12, 12),
    h24: roundedMetrics(h24, 24),
  };
}

function roundedMetrics(windows: readonly ScoredWindow[], steps: number): WindowMetrics {
  const metrics = Object.entries(metricsOf(windows, steps));
  return Object.fromEntries(metrics.map(([name, value]) => [name, rounded(value)]));
}

const COLUMNS = [
  'h12_rel_MASE',
  'h24_rel_MASE',
  'h12_rel_sQL90',
  'h24_rel_sQL90',
  'h12_rel_peakMASE',
  'h12_rel_peakQL90',
  'h24_rel_peakQL90',
] as const;

/** All models, the best first; each on the tasks that it was measured on. */
function printAggregates(file: Baselines, ours: Readonly<Record<string, number>>): void {
  const rows = Object.entries({ ...file.aggregate_relative_to_base, [OURS]: ours })
    .sort(([, a], [, b]) => (a.h12_rel_MASE ?? 0) - (b.h12_rel_MASE ?? 0))
    .map(([name, metrics]) => [
      name,
      ...COLUMNS.map((column) => shown(metrics[column])),
      String(metrics.tasks ?? ''),
    ]);
  console.log('\nRelative to the base of each task, geometric mean');
  console.log(
    textTable(
      numberColumns('model', ...COLUMNS.map((column) => column.replace('_rel_', ' ')), 'tasks'),
      rows,
    ),
  );
}

const TASK_METRICS = ['MASE', 'sQL90', 'peakMASE', 'peakQL90', 'cov90'] as const;

function printTask(file: Baselines, task: BaselineTask, result: TaskResult): void {
  const rows = HORIZONS.flatMap((horizon) =>
    TASK_METRICS.map((metric) => {
      const best = file.best_peer?.[task.task]?.[horizon]?.[metric];
      const value = result[horizon][metric] ?? NaN;
      return [
        `${horizon} ${metric}`,
        shown(value),
        shown(task.results[task.base]?.[horizon][metric]),
        best === undefined ? '' : `${shown(best[0])} ${best[1]}`,
        best === undefined ? '' : shown(value / best[0]),
      ];
    }),
  );
  console.log(`\n${task.task}: ${result.windows} windows, ${result.seconds} s each`);
  console.log(textTable(numberColumns('', OURS, task.base, 'best peer', 'ratio'), rows));
}

function shown(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '';
  return value >= 100 ? value.toExponential(1) : value.toPrecision(3);
}

await withInputs(main);

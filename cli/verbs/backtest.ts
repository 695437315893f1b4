import { z } from 'zod';
import { DIMENSIONS } from '../../core/domain.js';
import type { Panel } from '../../core/panel.js';
import { fail } from '../../core/errors.js';
import type { BacktestOptions } from '../../forecaster/backtest/backtest.js';
import { backtest } from '../../forecaster/backtest/backtest.js';
import type { SeriesScore } from '../../forecaster/backtest/series-score.js';
import { overallOf } from '../../forecaster/backtest/series-score.js';
import { naiveSeasonSteps, usualWarmSteps } from '../../forecaster/backtest/warm-up.js';
import type { Style } from '../terminal.js';
import { textTable } from '../text-table.js';
import type { TraceLoad } from '../trace-load.js';
import { TRACE_LOAD_OPTIONS, traceLoad } from '../trace-load.js';
import { NEURAL_OPTIONS, verbNeural } from '../verb-neural.js';
import type { Verb, VerbOptions } from '../verb.js';
import { numberOption, wholeOption } from '../verb.js';
import { duration, percent, quantity } from '../words.js';

const DAY_MS = 86_400_000;
const HORIZON_STEPS = 12;
/** Of history before the first origin. */
const WARM_STEPS_MIN = 3;
const SEED = 1;
/** Shown to people, the largest first. */
const SHOWN = 20;

const toldSchema = z.object({
  windows: z.number(),
  mase: z.number().nullable(),
  naiveMase: z.number().nullable(),
  /** Below 1: better than seasonal naive. */
  errorRatio: z.number().nullable(),
  peakErrorRatio: z.number().nullable(),
  coverage90: z.number().nullable(),
  breaches: z.object({
    called: z.number(),
    missed: z.number(),
    false: z.number(),
    leadMs: z.number().nullable(),
  }),
});
type Told = Readonly<z.output<typeof toldSchema>>;

/** What is told, in JSON as it is; null where nothing is known. */
const reportSchema = z.object({
  kind: z.literal('foreshift-backtest'),
  trace: z.string(),
  dimension: z.string(),
  stepMs: z.number(),
  horizonSteps: z.number(),
  everySteps: z.number(),
  /** Of what seasonal naive repeats; 1: the last value. */
  seasonSteps: z.number(),
  origins: z.number(),
  /** What was judged lies between these; null: nothing was. */
  fromMs: z.number().nullable(),
  toMs: z.number().nullable(),
  overall: toldSchema,
  resources: z.array(
    z.object({ resource: z.string(), limit: z.number().nullable(), ...toldSchema.shape }),
  ),
});
type BacktestReport = Readonly<z.output<typeof reportSchema>>;

export const backtestVerb: Verb = {
  usage: 'backtest <trace>',
  summary: 'How good the forecasts of a recorded load would have been; nothing running is touched.',
  options: [
    ...TRACE_LOAD_OPTIONS,
    ...NEURAL_OPTIONS,
    ['--horizon <steps>', 'that are forecast at each origin', String(HORIZON_STEPS)],
    ['--every <steps>', 'from one origin to the next (default: half the horizon)'],
    ['--warm-days <n>', 'history before the first origin (default: 7, at most half of the trace)'],
    ['--limit <n>', "that each load should stay below, in the trace's unit (default: its own P95)"],
    ['--all', `all resources, not only ${SHOWN}`],
  ],
  choices: { '--dimension': DIMENSIONS },
  answer: reportSchema,
  run: async (context, [file = ''], options) => {
    const { terminal, clock } = context;
    const load = await traceLoad(file, options);
    const rules = rulesOf(load.panel, options, file);
    const neural = await verbNeural(context, options);
    const beganAtMs = clock.monotonicMs();
    const onOrigin = (done: number): void => {
      const leftMs = (clock.monotonicMs() - beganAtMs) * (1 / done - 1);
      terminal.progress(`backtest ${percent(done)}  eta ${duration(leftMs)}`);
    };
    const scores = backtest(load.panel, { ...rules, neural }, onOrigin);
    const report = reportOf(load, rules, scores);
    context.show(report, () =>
      textOf(report, { style: terminal.style, isWhole: options.all === true }),
    );
  },
};

function rulesOf({ grid }: Panel, options: VerbOptions, file: string): BacktestOptions {
  const { steps, stepMs } = grid;
  const horizonSteps = wholeOption(options, 'horizon', { min: 1, max: 288 }) ?? HORIZON_STEPS;
  const everySteps =
    wholeOption(options, 'every', { min: 1, max: 100_000 }) ?? Math.max(1, horizonSteps >> 1);
  const warmDays = numberOption(options, 'warm-days', {
    min: stepMs / DAY_MS,
    max: 400,
  });
  const warmSteps =
    warmDays === undefined ? usualWarmSteps(grid) : Math.round((warmDays * DAY_MS) / stepMs);
  const stepsMin = Math.max(warmSteps, WARM_STEPS_MIN) + horizonSteps;
  if (warmSteps < WARM_STEPS_MIN || steps < stepsMin) {
    return fail('ERR_FORECAST_TRACE', {
      file,
      why: `it is ${steps} steps long, ${stepsMin} are the least with this warm-up and horizon`,
      fix: 'Take a longer trace, a shorter horizon (--horizon), or a shorter warm-up (--warm-days).',
    });
  }
  const limit = numberOption(options, 'limit', { min: 0, max: 1e18 });
  const seasonSteps = naiveSeasonSteps(stepMs, warmSteps);
  return { horizonSteps, everySteps, warmSteps, seasonSteps, limit, seed: SEED };
}

function reportOf(
  { name, dimension, panel }: TraceLoad,
  rules: BacktestOptions,
  scores: readonly SeriesScore[],
): BacktestReport {
  const { grid } = panel;
  const overall = overallOf(scores);
  const [first] = overall.origins;
  const last = overall.origins.at(-1) ?? 0;
  const timeOf = (step: number): number => grid.startMs + step * grid.stepMs;
  return {
    kind: 'foreshift-backtest',
    trace: name,
    dimension,
    stepMs: grid.stepMs,
    horizonSteps: rules.horizonSteps,
    everySteps: rules.everySteps,
    seasonSteps: rules.seasonSteps,
    origins: overall.origins.length,
    fromMs: first === undefined ? null : timeOf(first),
    toMs: first === undefined ? null : timeOf(last + rules.horizonSteps),
    overall: told(overall, overall.windows),
    resources: scores.map((score) => ({
      resource: score.key.id,
      limit: known(score.limit),
      ...told(score, score.origins.length),
    })),
  };
}

function told(score: Omit<SeriesScore, 'key' | 'limit'>, windows: number): Told {
  const { error, naiveError, coverage90, peakError, naivePeakError, breaches } = score;
  return {
    windows,
    mase: known(error),
    naiveMase: known(naiveError),
    errorRatio: known(error / naiveError),
    peakErrorRatio: known(peakError / naivePeakError),
    coverage90: known(coverage90),
    breaches: {
      called: breaches.called,
      missed: breaches.missed,
      false: breaches.false,
      leadMs: known(breaches.leadMs),
    },
  };
}

function known(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : null;
}

/** For people: one table, the worst first, then what it means in words. */
function textOf(
  report: BacktestReport,
  { style, isWhole }: { readonly style: Style; readonly isWhole: boolean },
): string {
  const judged = report.resources
    .filter(({ windows }) => windows > 0)
    .sort((a, b) => (b.errorRatio ?? 0) - (a.errorRatio ?? 0));
  const shown = isWhole ? judged : judged.slice(0, SHOWN);
  const rows = [
    ...shown.map((of) => [of.resource, ...cells(of), quantity(of.limit)]),
    [style.bold('all'), ...cells(report.overall), ''],
  ];
  const left = judged.length - shown.length;
  const unjudged = report.resources.length - judged.length;
  return [
    textTable(
      [{ title: 'RESOURCE' }, ...TITLES.map((title) => ({ title, align: 'right' as const }))],
      rows,
    ),
    ...(left > 0 ? [`${left} more resources, better than these: --all shows them`] : []),
    ...(unjudged > 0
      ? [`${unjudged} resources could not be judged: constant, or known too little`]
      : []),
    '',
    ...sentences(report),
  ].join('\n');
}

const TITLES = [
  'WINDOWS',
  'MASE',
  'NAIVE',
  'RATIO',
  'PEAK RATIO',
  'BELOW P90',
  'CALLED',
  'MISSED',
  'FALSE',
  'LEAD',
  'LIMIT',
] as const;

function cells(of: Told): string[] {
  const { called, missed, false: wrong, leadMs } = of.breaches;
  return [
    String(of.windows),
    quantity(of.mase),
    quantity(of.naiveMase),
    quantity(of.errorRatio),
    quantity(of.peakErrorRatio),
    percent(of.coverage90),
    `${called} of ${called + missed}`,
    String(missed),
    String(wrong),
    leadMs === null ? '-' : duration(leadMs),
  ];
}

function sentences(report: BacktestReport): string[] {
  const { trace, dimension, stepMs, horizonSteps, everySteps, seasonSteps, origins } = report;
  const { overall, fromMs, toMs } = report;
  const ahead = duration(horizonSteps * stepMs);
  const naive =
    seasonSteps === 1
      ? 'of saying that all stays as it is'
      : `of saying that all is as ${duration(seasonSteps * stepMs)} before`;
  const { called, missed, false: wrong, leadMs } = overall.breaches;
  const lead = leadMs === null ? '' : `, half of them ${duration(leadMs)} ahead or more`;
  return [
    `${trace}, ${dimension}: ${origins} origins, one in ${duration(everySteps * stepMs)}, ` +
      `each ${ahead} ahead, ${day(fromMs)} to ${day(toMs)}`,
    ...(overall.errorRatio === null
      ? ['nothing could be judged']
      : [
          `error: ${percent(overall.errorRatio)} ${naive}; ` +
            `of the highest step ${percent(overall.peakErrorRatio)}`,
          `P90: ${percent(overall.coverage90)} of what came was below it; 90 % is right`,
          `breaches of the limits: ${called} of ${called + missed} called${lead}; ` +
            `${wrong} false alarms`,
        ]),
  ];
}

function day(atMs: number | null): string {
  return atMs === null ? '-' : new Date(atMs).toISOString().slice(0, 16).replace('T', ' ');
}

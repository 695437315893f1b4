/**
 * What forecasts are worth to the plans, and what bad ones do: the replays of a file of anchors with the product as it is, with the same
 * planner told that all stays as it was last, and with forecasts that are spoilt.
 * `npm run bench -- replay-forecasts [--anchors FILE.json] [--traces DIR] [--only TRACE] [--servers N] [--told noise,…] [--seed 1] [--out FILE.json]`
 * With `--told` it is only these, and `reactive-50`, which are not judged.
 * Exit 2 if a file that it needs is not there or cannot be used.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { textTable } from '../cli/text-table.js';
import { SeededRng, seedFor } from '../core/rng.js';
import { InlineAnalysis } from '../forecaster/inline-analysis.js';
import { ForeshiftPolicy } from '../replay/foreshift/policy.js';
import { analysisOptionsOf } from '../replay/foreshift/service.js';
import { parseReplayOptions } from '../replay/options.js';
import { YardstickPolicy } from '../replay/policies/yardstick.js';
import type { Policy } from '../replay/policy.js';
import type { Measures } from '../replay/rules/measures.js';
import { runPolicy } from '../replay/run.js';
import type { Scene } from '../replay/scene.js';
import { sceneOf } from '../replay/scene.js';
import { SceneMetrics } from '../replay/tune/scene-metrics.js';
import type { Alter } from './altered-forecasts.js';
import { AlteredForecasts, lastValue, noise, times } from './altered-forecasts.js';
import { readJson, TraceFolder, withInputs } from './inputs.js';
import type { Anchor, Check } from './replay-anchors.js';
import { anchorsOf, anchorsSchema, optionsOf, percent } from './replay-anchors.js';

const { values: args } = parseArgs({
  options: {
    anchors: { type: 'string', default: '../shared/traces/replay-anchors.json' },
    traces: { type: 'string', default: '../shared/traces' },
    only: { type: 'string' },
    servers: { type: 'string' },
    told: { type: 'string' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
  },
});

const DAY_MS = 86_400_000;
const NOISE_SPREAD = 0.5;
const SHIFT = 1.5;

interface Figures {
  readonly overloadMinutesPerServerDay: number;
  readonly movesPerResourceDay: number;
  /** Share of the resources that were moved twice or more within some 24 hours. */
  readonly movedTwice: number;
}

/** A policy by what it is told of the future. */
function policiesOf(scene: Scene): Readonly<Record<string, () => Policy>> {
  const altered = (alter: Alter) => () => foreshift(scene, alter);
  const rng = new SeededRng(seedFor(scene.seed, 'noise'));
  return {
    'reactive-50': () => new YardstickPolicy(scene, 'reactive-50'),
    foreshift: () => foreshift(scene),
    'last value': altered(lastValue),
    noise: altered(times(noise(rng, NOISE_SPREAD))),
    'too high': altered(times(() => SHIFT)),
    'too low': altered(times(() => 1 / SHIFT)),
    'a day missing': () => foreshift(scene, undefined, withoutDay(scene)),
  };
}

/** @param seen what is known of the past, where that is less than what came */
function foreshift(scene: Scene, alter?: Alter, seen = scene): Policy {
  const metrics = new SceneMetrics(seen);
  const analysis = new InlineAnalysis(analysisOptionsOf(scene));
  return new ForeshiftPolicy(scene, {
    metricStore: metrics,
    recording: metrics,
    analysis: alter === undefined ? analysis : new AlteredForecasts(analysis, alter),
  });
}

/** Nothing was collected for the day (of a short replay a quarter) before the middle of it. */
function withoutDay(scene: Scene): Scene {
  const { recorded, warmSteps } = scene;
  const { steps, stepMs } = recorded.grid;
  const to = (warmSteps + steps) >> 1;
  const from = to - Math.min(Math.round(DAY_MS / stepMs), (steps - warmSteps) >> 2);
  const values = recorded.values.slice();
  for (let row = 0; row < recorded.series.length; row++) {
    values.fill(NaN, row * steps + from, row * steps + to);
  }
  return { ...scene, recorded: { ...recorded, values } };
}

function figuresOf(measures: Measures, scene: Scene): Figures {
  const { overloadMinutesPerServerDay, movesPerResourceDay, movedTwice } = measures;
  return {
    overloadMinutesPerServerDay,
    movesPerResourceDay,
    movedTwice: movedTwice / scene.resources.length,
  };
}

function checksOf(figures: ReadonlyMap<string, Figures>): Check[] {
  const of = (name: string): Figures => figures.get(name)!;
  const minutes = (name: string): number => of(name).overloadMinutesPerServerDay;
  const own = of('foreshift');
  const blind = of('last value');
  const spared = 1 - minutes('foreshift') / minutes('last value');
  const spoilt = ['noise', 'too high', 'too low', 'a day missing'];
  return [
    {
      what: `at least 60 % less overload than by the last value: ${percent(spared)}`,
      isMet: spared >= 0.6,
    },
    {
      what: `no more moves: ${own.movesPerResourceDay.toFixed(3)} beside ${blind.movesPerResourceDay.toFixed(3)}`,
      isMet: own.movesPerResourceDay <= blind.movesPerResourceDay,
    },
    {
      what: `at most 0.5 % of the resources moved twice within 24 h: ${percent(own.movedTwice)}`,
      isMet: own.movedTwice <= 0.005,
    },
    ...spoilt.map((name) => {
      const ratio = minutes(name) / minutes('reactive-50');
      return {
        what: `${name}: at most 1.05 × reactive-50's overload: ${ratio.toFixed(2)} ×`,
        isMet: ratio <= 1.05,
      };
    }),
  ];
}

async function replayed(anchor: Anchor, scene: Scene): Promise<Record<string, Figures>> {
  const figures = new Map<string, Figures>();
  const told = args.told?.split(',');
  for (const [name, make] of Object.entries(policiesOf(scene))) {
    if (name !== 'reactive-50' && told?.includes(name) === false) continue;
    const { measures } = await runPolicy(make(), scene, () => undefined);
    figures.set(name, figuresOf(measures, scene));
    process.stderr.write(`${anchor.trace}, ${anchor.servers} servers: ${name}\n`);
  }
  console.log(`\n${anchor.trace}: ${scene.resources.length} resources, ${anchor.servers} servers`);
  const columns = ['OVERLOAD-MIN', 'MOVES', 'MOVED TWICE'].map((title) => ({
    title,
    align: 'right' as const,
  }));
  const rows = [...figures].map(([name, each]) => [
    name,
    each.overloadMinutesPerServerDay.toFixed(3),
    each.movesPerResourceDay.toFixed(3),
    percent(each.movedTwice),
  ]);
  console.log(textTable([{ title: 'TOLD' }, ...columns], rows));
  for (const { what, isMet } of told === undefined ? checksOf(figures) : [])
    console.log(`  ${isMet ? 'ok  ' : 'MISS'} ${what}`);
  return Object.fromEntries(figures);
}

async function main(): Promise<void> {
  const anchors = anchorsOf(await readJson(args.anchors, anchorsSchema), args);
  const traces = new TraceFolder(args.traces);
  // What is missing is told before anything is computed.
  for (const { trace } of anchors) await traces.readFor('a replay', trace);
  const results = [];
  for (const anchor of anchors) {
    const options = parseReplayOptions(optionsOf(anchor, ['foreshift'], Number(args.seed)));
    const scene = sceneOf(await traces.read(anchor.trace), options);
    results.push({
      trace: anchor.trace,
      servers: anchor.servers,
      told: await replayed(anchor, scene),
    });
  }
  if (args.out !== undefined) await writeFile(args.out, `${JSON.stringify(results, null, 1)}\n`);
}

await withInputs(main);

import { existsSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { packingFrom } from '../forecaster/planner/packing/from-file.js';
import { pack } from '../forecaster/planner/packing/pack.js';
import { problemFileSchema } from '../forecaster/planner/packing/problem-file.js';
import { seedFor } from '../core/rng.js';
import { InputFault } from './inputs.js';
import { cpuSeconds, recentCpuSeconds } from './cpu-seconds.js';
import { judge, lowerBound } from './roadef-checker.js';
import { balanceTerm, problemFileOf } from './roadef-problem.js';
import { madeUp, shapesIn } from './roadef-made.js';
import type { Reassignment } from './roadef.js';
import { readReassignment } from './roadef.js';

export interface RoadefOptions {
  /** Where the instances are and the path of a CSV with the columns `instance` and `best_known`; or of one with shapes. */
  readonly from:
    { readonly directory: string; readonly bestKnown: string } | { readonly shapes: string };
  /** CPU seconds for each instance and seed, reading it included. */
  readonly seconds: number;
  /** Names; none: all that are in the directory. */
  readonly only: readonly string[];
  /** From 1 to this. */
  readonly seeds: number;
  /** Where the figures go as JSON; empty: nowhere. */
  readonly out: string;
}

interface InstanceResult {
  readonly instance: string;
  readonly seed: number;
  readonly cost: number;
  readonly feasible: boolean;
  readonly violated: readonly string[];
  readonly cpuSeconds: number;
  readonly moved: number;
  /** 100 · (cost − best known) ÷ cost at the start; null: no best is known. */
  readonly score: number | null;
  readonly lowerBound: number;
  /** 100 · (cost − lower bound) ÷ cost at the start. */
  readonly gap: number;
}

/** Kept for reading what was found, and judging it. */
const RESERVE_SHARE = 0.02;

/** What is planned; it is read, or made, when its turn comes. */
interface Source {
  readonly name: string;
  readonly best: number | null;
  instance(): Promise<Reassignment>;
}

/**
 * Plans one instance after the other and says a line each. Exit 1 if a plan broke a rule.
 * @throws InputFault, or what Node says of a file that cannot be read
 */
export async function roadef(options: RoadefOptions): Promise<void> {
  const instances: InstanceSummary[] = [];
  const { from } = options;
  const toy = 'shapes' in from ? null : await toyAgreement(from.directory);
  for await (const results of roadefResults(options)) {
    const summary = summaryOf(results);
    instances.push(summary);
    process.stdout.write(`${JSON.stringify(summary)}\n`);
  }
  const scores = instances.flatMap(({ score }) => (score === null ? [] : [score]));
  const sum = scores.reduce((total, score) => total + score, 0);
  const meanScore = scores.length === 0 ? null : sum / scores.length;
  if (meanScore !== null) {
    process.stdout.write(`mean score ${meanScore.toFixed(4)} over ${scores.length} instances\n`);
  }
  if (toy !== null) process.stdout.write(`toy: the checker agrees on ${toy.agree} of ${toy.of}\n`);
  const report = { seconds: options.seconds, seeds: options.seeds, meanScore, toy, instances };
  if (options.out !== '') await writeFile(options.out, `${JSON.stringify(report, undefined, 2)}\n`);
  if (instances.some(({ feasible }) => !feasible)) process.exitCode = 1;
}

/**
 * How many of the assignments of the toy instance, whose costs and violations are published, the checker judges
 * likewise; null: the file is not there.
 */
async function toyAgreement(directory: string): Promise<{ agree: number; of: number } | null> {
  const path = join(directory, 'toy_all_64.csv');
  if (!existsSync(path)) return null;
  const model = join(directory, 'model_toy.txt');
  const instance = await readReassignment(model, join(directory, 'assignment_toy.txt'));
  const lines: Record<string, string>[] = parse(await readFile(path), { columns: true });
  const agree = lines.filter(({ solution = '', violated = '', total = '' }) => {
    const found = judge(instance, solution.split(' ').map(Number));
    return found.violated.join('+') === violated && found.cost.total === Number(total);
  });
  return { agree: agree.length, of: lines.length };
}

/** The result of the median score; the worst of all seeds beside it. */
interface InstanceSummary extends InstanceResult {
  readonly worstScore: number | null;
  readonly worstCost: number;
}

function summaryOf(results: readonly InstanceResult[]): InstanceSummary {
  const sorted = [...results].sort((a, b) => a.cost - b.cost);
  const median = sorted[Math.floor((sorted.length - 1) / 2)]!;
  const worst = sorted[sorted.length - 1]!;
  const feasible = results.every((result) => result.feasible);
  return { ...median, feasible, worstScore: worst.score, worstCost: worst.cost };
}

async function* roadefResults(options: RoadefOptions): AsyncGenerator<InstanceResult[]> {
  for (const source of await sourcesOf(options)) {
    const results: InstanceResult[] = [];
    for (let seed = 1; seed <= options.seeds; seed++) {
      results.push(await resultOf(source, options.seconds, seed));
    }
    yield results;
  }
}

async function sourcesOf({ from, only }: RoadefOptions): Promise<Source[]> {
  if ('shapes' in from) return madeUpSources(from.shapes, only);
  const { directory, bestKnown } = from;
  const best = await bestCosts(bestKnown);
  const names = only.length > 0 ? only : await namesIn(directory);
  return names.map((name) => ({
    name,
    best: best.get(name) ?? null,
    instance: () =>
      readReassignment(
        join(directory, `model_${name}.txt`),
        join(directory, `assignment_${name}.txt`),
      ),
  }));
}

async function madeUpSources(path: string, only: readonly string[]): Promise<Source[]> {
  const shapes = await shapesIn(path);
  const unknown = only.find((name) => !shapes.some((shape) => shape.name === name));
  if (unknown !== undefined) throw new InputFault(`${path} has no shape ${unknown}`);
  return shapes
    .filter(({ name }) => only.length === 0 || only.includes(name))
    .map((shape) => ({
      name: `like ${shape.name}`,
      best: null,
      instance: () => Promise.resolve(madeUp(shape, seedFor(1, shape.name))),
    }));
}

async function namesIn(directory: string): Promise<string[]> {
  const files = await readdir(directory);
  const names = files.flatMap((file) => /^model_(.+)\.txt$/.exec(file)?.[1] ?? []);
  return names.sort();
}

async function resultOf(source: Source, seconds: number, seed: number): Promise<InstanceResult> {
  const { name, best } = source;
  const from = cpuSeconds();
  const recent = recentCpuSeconds();
  const instance = await source.instance();
  const packing = packingFrom(problemFileSchema.parse(problemFileOf(instance)));
  const { assignment } = pack(packing, {
    seed,
    workUnits: Infinity,
    timeShare: () => (recent() - from) / (seconds * (1 - RESERVE_SHARE)),
    term: balanceTerm(instance),
  });
  const spent = cpuSeconds() - from;
  const { cost, violated, moved } = judge(instance, [...assignment]);
  const initial = judge(instance, instance.start).cost.total;
  const bound = lowerBound(instance);
  return {
    instance: name,
    seed,
    cost: cost.total,
    feasible: violated.length === 0,
    violated,
    cpuSeconds: Math.round(spent * 100) / 100,
    moved,
    score: best === null ? null : (100 * (cost.total - best)) / initial,
    lowerBound: bound,
    gap: (100 * (cost.total - bound)) / initial,
  };
}

/** Cost by instance. */
async function bestCosts(path: string): Promise<Map<string, number>> {
  const lines: Record<string, string>[] = parse(await readFile(path), { columns: true });
  return new Map(
    lines.flatMap(({ instance = '', best_known: cost = '' }): [string, number][] =>
      cost === '' ? [] : [[instance, Number(cost)]],
    ),
  );
}

import { existsSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { packingFrom } from '../forecaster/planner/packing/from-file.js';
import { pack } from '../forecaster/planner/packing/pack.js';
import { problemFileSchema } from '../forecaster/planner/packing/problem-file.js';
import { cpuSeconds } from './cpu-seconds.js';
import { judge, lowerBound } from './roadef-checker.js';
import { balanceTerm, problemFileOf } from './roadef-problem.js';
import { readReassignment } from './roadef.js';

export interface RoadefOptions {
  readonly directory: string;
  /** Path of a CSV with the columns `instance` and `best_known`. */
  readonly bestKnown: string;
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
}

/** Kept for reading what was found, and judging it. */
const RESERVE_SHARE = 0.02;

/**
 * Plans one instance after the other and says a line each. Exit 1 if a plan broke a rule.
 * @throws InputFault, or what Node says of a file that cannot be read
 */
export async function roadef(options: RoadefOptions): Promise<void> {
  const instances: InstanceSummary[] = [];
  const toy = await toyAgreement(options.directory);
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
  const best = await bestKnown(options.bestKnown);
  const names = options.only.length > 0 ? options.only : await namesIn(options.directory);
  for (const name of names) {
    const model = join(options.directory, `model_${name}.txt`);
    const start = join(options.directory, `assignment_${name}.txt`);
    const results: InstanceResult[] = [];
    for (let seed = 1; seed <= options.seeds; seed++) {
      const place = { model, start, best: best.get(name) ?? null };
      results.push(await resultOf(name, { ...place, seconds: options.seconds, seed }));
    }
    yield results;
  }
}

async function namesIn(directory: string): Promise<string[]> {
  const files = await readdir(directory);
  const names = files.flatMap((file) => /^model_(.+)\.txt$/.exec(file)?.[1] ?? []);
  return names.sort();
}

async function resultOf(
  name: string,
  {
    model,
    start,
    best,
    seconds,
    seed,
  }: {
    readonly model: string;
    readonly start: string;
    readonly best: number | null;
    readonly seconds: number;
    readonly seed: number;
  },
): Promise<InstanceResult> {
  const from = cpuSeconds();
  const instance = await readReassignment(model, start);
  const packing = packingFrom(problemFileSchema.parse(problemFileOf(instance)));
  const { assignment } = pack(packing, {
    seed,
    workUnits: Infinity,
    timeShare: () => (cpuSeconds() - from) / (seconds * (1 - RESERVE_SHARE)),
    term: balanceTerm(instance),
  });
  const spent = cpuSeconds() - from;
  const { cost, violated, moved } = judge(instance, [...assignment]);
  const initial = judge(instance, instance.start).cost.total;
  return {
    instance: name,
    seed,
    cost: cost.total,
    feasible: violated.length === 0,
    violated,
    cpuSeconds: Math.round(spent * 100) / 100,
    moved,
    score: best === null ? null : (100 * (cost.total - best)) / initial,
    lowerBound: lowerBound(instance),
  };
}

/** Cost by instance. */
async function bestKnown(path: string): Promise<Map<string, number>> {
  const lines: Record<string, string>[] = parse(await readFile(path), { columns: true });
  return new Map(
    lines.flatMap(({ instance = '', best_known: cost = '' }): [string, number][] =>
      cost === '' ? [] : [[instance, Number(cost)]],
    ),
  );
}

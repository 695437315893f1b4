import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { messageOf } from '../core/text.js';
import { packingFrom } from '../forecaster/planner/packing/from-file.js';
import { pack } from '../forecaster/planner/packing/pack.js';
import { problemFileSchema } from '../forecaster/planner/packing/problem-file.js';
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

/** Of the whole process. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Kept for reading what was found, and judging it. */
const RESERVE_SHARE = 0.02;

/**
 * Plans one instance after the other and says a line each. Exit 2 if a file that is named cannot be read,
 * 1 if a plan broke a rule.
 */
export async function roadef(options: RoadefOptions): Promise<void> {
  const instances: InstanceSummary[] = [];
  try {
    for await (const results of roadefResults(options)) {
      const summary = summaryOf(results);
      instances.push(summary);
      process.stdout.write(`${JSON.stringify(summary)}\n`);
    }
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exitCode = 2;
    return;
  }
  const scores = instances.flatMap(({ score }) => (score === null ? [] : [score]));
  const meanScore = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  process.stdout.write(`mean score ${meanScore.toFixed(4)} over ${scores.length} instances\n`);
  const report = { seconds: options.seconds, seeds: options.seeds, meanScore, instances };
  if (options.out !== '') await writeFile(options.out, `${JSON.stringify(report, undefined, 2)}\n`);
  if (instances.some(({ feasible }) => !feasible)) process.exitCode = 1;
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

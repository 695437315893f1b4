import { readFile, writeFile } from 'node:fs/promises';
import { fail } from '../../core/errors.js';
import { counted, messageOf } from '../../core/text.js';
import { parseProblemFile } from '../../forecaster/planner/packing/problem-file.js';
import type { ProblemPlan } from '../../forecaster/planner/packing/problem-plan.js';
import { planProblem } from '../../forecaster/planner/packing/problem-plan.js';
import type { Context } from '../context.js';
import { EXIT, Ended } from '../exit.js';
import type { VerbOptions } from '../verb.js';
import { numberOption, textOption } from '../verb.js';

const SECONDS_MAX = 86_400;
/** Without `--seconds`: some ten seconds, and the same plan on every machine. */
const WORK_UNITS = 50_000_000;

/** Plans a problem file (docs/PROBLEMS.md): nothing that runs is asked or touched. */
export async function planProblemFile(
  path: string,
  options: VerbOptions,
  context: Context,
): Promise<void> {
  const { clock } = context;
  const seconds = numberOption(options, 'seconds', { min: 0, max: SECONDS_MAX });
  const seed = numberOption(options, 'seed', { min: 0, max: 2 ** 32 - 1 }) ?? 1;
  const startedAtMs = clock.monotonicMs();
  const file = parseProblemFile(await read(path), path);
  const share = (of: number): (() => number) => {
    return () => (clock.monotonicMs() - startedAtMs) / (of * 1000);
  };
  const plan = planProblem(file, {
    seed,
    workUnits: seconds === undefined ? WORK_UNITS : Infinity,
    ...(seconds !== undefined && { timeShare: share(seconds) }),
  });
  const out = textOption(options, 'out');
  if (out !== undefined) await writeFile(out, `${JSON.stringify(plan, undefined, 2)}\n`);
  context.show(plan, () => problemPlanText(plan));
  if (options.detailedExitcode === true && plan.batches.length > 0) throw new Ended(EXIT.changes);
}

async function read(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    return fail('ERR_FILE_UNREADABLE', { file: path, why: messageOf(error) }, { cause: error });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    return fail('ERR_PLANNING_INVALID', { what: path, why: messageOf(error) }, { cause: error });
  }
}

function problemPlanText({
  score,
  bound,
  batches,
  feasible,
  stopped,
  blockers,
}: ProblemPlan): string {
  const { nothing, plan } = score;
  const groups = batches.length === 1 ? '1 batch' : `${batches.length} batches`;
  const lines = [
    `${counted(plan.moves, 'move')} in ${groups}, ${feasible ? 'feasible' : 'not feasible'}, ended by ${stopped}`,
    `  cost ${number(nothing.cost)} -> ${number(plan.cost)}; no plan costs less than ${number(bound.cost)}`,
    `  peak ${number(nothing.peak)} -> ${number(plan.peak)}; no plan is below ${number(bound.peak)}`,
    ...blockers.map(({ kind, resource, server, dimension, amount }) => {
      const of = [resource, server, dimension].filter((part) => part !== null).join(', ');
      return `  blocked by ${kind}${of === '' ? '' : ` (${of})`}${amount === null ? '' : `: ${number(amount)} more`}`;
    }),
  ];
  return lines.join('\n');
}

function number(value: number): string {
  return String(Number(value.toPrecision(6)));
}

import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { fail } from '../../core/errors.js';
import { messageOf } from '../../core/text.js';
import { fileChange } from '../../forecaster/planner/packing/file-change.js';
import { parseProblemFile } from '../../forecaster/planner/packing/problem-file.js';
import type { ProblemRun } from '../../forecaster/planner/packing/problem-plan.js';
import { planProblem, problemPlanSchema } from '../../forecaster/planner/packing/problem-plan.js';
import type { Context } from '../context.js';
import { EXIT, Ended } from '../exit.js';
import { writeOut } from '../out-file.js';
import { problemPlanText, problemWhatIfText } from '../problem-plan-text.js';
import type { VerbOptions } from '../verb.js';
import { numberOption, textOption, wholeOption } from '../verb.js';

const SECONDS_MIN = 0.001;
const SECONDS_MAX = 86_400;
/** Without `--seconds`: some ten seconds, and the same plan on every machine. */
const WORK_UNITS = 50_000_000;

/** Plans a problem file (docs/PROBLEMS.md): nothing that runs is asked or touched. */
export async function planProblemFile(
  path: string,
  options: VerbOptions,
  context: Context,
): Promise<void> {
  const run = runOf(options, context);
  const plan = planProblem(parseProblemFile(await read(path), path), run);
  const out = textOption(options, 'out');
  if (out !== undefined) await writeOut(out, `${JSON.stringify(plan, undefined, 2)}\n`);
  context.show(plan, () => problemPlanText(plan));
  if (options.detailedExitcode === true && plan.batches.length > 0) throw new Ended(EXIT.changes);
}

export const problemWhatIfSchema = z.object({
  /** In words, one after the other. */
  changes: z.array(z.string()),
  /** As it is, and with the plan for that. */
  asIs: problemPlanSchema.shape.score.shape.nothing,
  asIsPlan: problemPlanSchema.shape.score.shape.plan,
  /** With the changes. */
  plan: problemPlanSchema,
});
type ProblemWhatIf = Readonly<z.output<typeof problemWhatIfSchema>>;

/** Plans it as it is and as it would be with these changes. */
export async function whatIfProblemFile(
  path: string,
  changes: readonly string[],
  options: VerbOptions,
  context: Context,
): Promise<void> {
  const file = parseProblemFile(await read(path), path);
  const words: string[] = [];
  let after = file;
  for (const text of changes) {
    const change = fileChange(after, text);
    after = change.changed;
    words.push(change.words);
  }
  const asIs = planProblem(file, runOf(options, context));
  const plan = planProblem(after, runOf(options, context));
  const { nothing, plan: asIsPlan } = asIs.score;
  const answer: ProblemWhatIf = { changes: words, asIs: nothing, asIsPlan, plan };
  context.show(answer, () => problemWhatIfText(words, asIs, plan));
}

/** Of one planning; its time begins now. */
function runOf(options: VerbOptions, { clock }: Context): ProblemRun {
  const seconds = numberOption(options, 'seconds', { min: SECONDS_MIN, max: SECONDS_MAX });
  const seed = wholeOption(options, 'seed', { min: 0, max: 2 ** 32 - 1 }) ?? 1;
  if (seconds === undefined) return { seed, workUnits: WORK_UNITS };
  const startedAtMs = clock.monotonicMs();
  const timeShare = (): number => (clock.monotonicMs() - startedAtMs) / (seconds * 1000);
  return { seed, workUnits: Infinity, timeShare };
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

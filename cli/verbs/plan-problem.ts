import { readFile } from 'node:fs/promises';
import { fail } from '../../core/errors.js';
import { messageOf } from '../../core/text.js';
import { parseProblemFile } from '../../forecaster/planner/packing/problem-file.js';
import { planProblem } from '../../forecaster/planner/packing/problem-plan.js';
import type { Context } from '../context.js';
import { EXIT, Ended } from '../exit.js';
import { writeOut } from '../out-file.js';
import { problemPlanText } from '../problem-plan-text.js';
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
  const { clock } = context;
  const seconds = numberOption(options, 'seconds', { min: SECONDS_MIN, max: SECONDS_MAX });
  const seed = wholeOption(options, 'seed', { min: 0, max: 2 ** 32 - 1 }) ?? 1;
  const startedAtMs = clock.monotonicMs();
  const file = parseProblemFile(await read(path), path);
  const plan = planProblem(file, {
    seed,
    workUnits: seconds === undefined ? WORK_UNITS : Infinity,
    ...(seconds !== undefined && {
      timeShare: () => (clock.monotonicMs() - startedAtMs) / (seconds * 1000),
    }),
  });
  const out = textOption(options, 'out');
  if (out !== undefined) await writeOut(out, `${JSON.stringify(plan, undefined, 2)}\n`);
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

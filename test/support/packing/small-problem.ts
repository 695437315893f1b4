import type {
  ProblemFile,
  ProblemFileInput,
} from '../../../forecaster/planner/packing/problem-file.js';
import { problemFileSchema } from '../../../forecaster/planner/packing/problem-file.js';
import type { ProblemPlan } from '../../../forecaster/planner/packing/problem-plan.js';
import { planProblem } from '../../../forecaster/planner/packing/problem-plan.js';

export function planned(file: ProblemFile, seed = 1, workUnits = 20_000): ProblemPlan {
  return planProblem(file, { seed, workUnits });
}

export function problem(
  rest: Omit<ProblemFileInput, 'format' | 'dimensions'> & Partial<ProblemFileInput>,
): ProblemFile {
  return problemFileSchema.parse({
    format: 'foreshift-problem/1',
    dimensions: [{ name: 'cpu' }],
    moves: { costWeight: 0.01 },
    ...rest,
  });
}

export function server(
  name: string,
  capacity: Record<string, number | number[]> = { cpu: 100 },
): ProblemFileInput['servers'][number] {
  return { name, capacity };
}

export function movesOf({ batches }: ProblemPlan): ProblemPlan['batches'][number]['moves'] {
  return batches.flatMap(({ moves }) => moves);
}

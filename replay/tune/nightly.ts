import { SAFE_QUANTILE } from '../../core/table-store/policy.js';
import type { Scene } from '../scene.js';
import { chosenQuantile } from './choice.js';
import type { TrialTally } from './trial-tally.js';
import type { TrialWatch } from './trials.js';
import { foreshiftPolicies, tallied } from './trials.js';
import { QUANTILES_TRIED, TRIED_DAYS_MAX, TRIED_DAYS_MIN } from './tuning.js';

export interface NightlyTuning {
  /** What the product did that was tuned every night. */
  readonly tuned: TrialTally;
  /** By quantile, what it did with that one all the time. */
  readonly trials: readonly { readonly quantile: number; readonly tally: TrialTally }[];
  /** What it planned for, and from which step on. */
  readonly changes: readonly { readonly step: number; readonly quantile: number }[];
}

const DAY_MS = 86_400_000;

/**
 * The product as it would have run if it had been tuned every night by what the quantiles would have done in the days
 * before: they go side by side all the time, and the choice is the `tune` job's own. Nothing that comes after a night has
 * a say in it.
 */
export async function nightlyTuning(scene: Scene, watch: TrialWatch = {}): Promise<NightlyTuning> {
  const candidates = [SAFE_QUANTILE, ...QUANTILES_TRIED].map((quantile) => ({ quantile }));
  const [first, ...others] = foreshiftPolicies(scene, candidates);
  if (first === undefined) throw new RangeError('there is no policy to tune');
  const daySteps = Math.max(1, Math.round(DAY_MS / scene.recorded.grid.stepMs));
  const changes: { step: number; quantile: number }[] = [];
  let current: number = SAFE_QUANTILE;
  const atNight = (step: number, tallies: readonly TrialTally[]): void => {
    const to = step + 1;
    if (to % daySteps !== 0) return;
    const chosen = choiceAt(to, current, { scene, tallies: tallies.slice(1), daySteps });
    if (chosen === current) return;
    current = chosen;
    changes.push({ step: to, quantile: chosen });
    first.planFor(chosen);
  };
  const [tuned, ...tallies] = await tallied([first, ...others], scene, watch, atNight);
  if (tuned === undefined) throw new RangeError('nothing was played');
  const trials = QUANTILES_TRIED.flatMap((quantile, at) => {
    const tally = tallies[at];
    return tally === undefined ? [] : [{ quantile, tally }];
  });
  return { tuned, trials, changes };
}

interface Night {
  readonly scene: Scene;
  /** In the order of the quantiles. */
  readonly tallies: readonly TrialTally[];
  readonly daySteps: number;
}

function choiceAt(to: number, current: number, { scene, tallies, daySteps }: Night): number {
  const from = Math.max(scene.warmSteps, to - TRIED_DAYS_MAX * daySteps);
  if (to - from < TRIED_DAYS_MIN * daySteps) return current;
  const half = from + Math.ceil((to - from) / 2);
  const trials = tallies.map((tally, at) => ({
    quantile: QUANTILES_TRIED[at] ?? NaN,
    choosing: tally.over(from, half),
    judging: tally.over(half, to),
  }));
  return chosenQuantile(trials, current);
}

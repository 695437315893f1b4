import type { Baselines, BaselineTask, TaskResult } from './forecast-baselines.js';
import { HORIZONS } from './forecast-baselines.js';
import type { Check } from './replay-anchors.js';

/** Relative to the base, geometric mean over the tasks: at most. */
const AGGREGATE_MAX: Readonly<Record<string, number>> = {
  h12_rel_MASE: 0.61,
  h24_rel_MASE: 0.64,
  h12_rel_sQL90: 0.51,
  h24_rel_sQL90: 0.51,
  h12_rel_peakMASE: 0.68,
  h12_rel_peakQL90: 0.72,
  h24_rel_peakQL90: 0.78,
};
/** Share of what came that is below P90: of each task, and the mean of all. */
const COVERAGE = { task: [0.86, 0.94], all: [0.88, 0.92] } as const;
/** On no task further behind the best peer of that task, nor behind the base. */
const BEHIND_MAX = 1.05;
const COMPARED = ['MASE', 'sQL90', 'peakMASE', 'peakQL90'] as const;

export interface TaskOutcome {
  readonly task: BaselineTask;
  readonly result: TaskResult;
}

/** What the forecasts are to reach on a file of baselines, and whether they do. */
export function goalsOf(
  { best_peer: peers = {} }: Baselines,
  outcomes: readonly TaskOutcome[],
  aggregate: Readonly<Record<string, number>>,
): Check[] {
  const checks: Check[] = Object.entries(AGGREGATE_MAX).map(([name, max]) => ({
    what: `${name} at most ${max}: ${aggregate[name] ?? '-'}`,
    isMet: (aggregate[name] ?? NaN) <= max,
  }));
  const coverages = outcomes.flatMap(({ result }) => HORIZONS.map((h) => result[h].cov90 ?? NaN));
  const mean = coverages.reduce((sum, share) => sum + share, 0) / coverages.length;
  checks.push(within('P90 coverage over all', mean, COVERAGE.all));
  for (const { task, result } of outcomes) {
    for (const horizon of HORIZONS) {
      const share = result[horizon].cov90 ?? NaN;
      checks.push(within(`${task.task} ${horizon} P90 coverage`, share, COVERAGE.task));
      for (const metric of COMPARED) {
        const mine = result[horizon][metric] ?? NaN;
        const peer = peers[task.task]?.[horizon]?.[metric];
        const base = task.results[task.base]?.[horizon][metric] ?? NaN;
        const name = `${task.task} ${horizon} ${metric}`;
        if (peer !== undefined) checks.push(notBehind(name, mine, peer));
        checks.push(notBehind(name, mine, [base, task.base]));
      }
    }
  }
  return checks;
}

/** All that are missed, and how many are met. */
export function goalsText(checks: readonly Check[]): string {
  const missed = checks.filter(({ isMet }) => !isMet);
  return [
    `\nGoals: ${checks.length - missed.length} of ${checks.length} met`,
    ...missed.map(({ what }) => `  MISS ${what}`),
  ].join('\n');
}

function within(name: string, share: number, [low, high]: readonly [number, number]): Check {
  return {
    what: `${name} in ${low}…${high}: ${share.toFixed(3)}`,
    isMet: share >= low && share <= high,
  };
}

function notBehind(name: string, mine: number, [theirs, who]: readonly [number, string]): Check {
  return {
    what: `${name} at most ${BEHIND_MAX} × ${who}: ${(mine / theirs).toFixed(2)} ×`,
    isMet: mine <= BEHIND_MAX * theirs,
  };
}

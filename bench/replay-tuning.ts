import { textTable } from '../cli/text-table.js';
import type { Trace } from '../core/trace/trace.js';
import { parseReplayOptions } from '../replay/options.js';
import { policyOf } from '../replay/policies/make.js';
import { sceneOf } from '../replay/scene.js';
import { nightlyTuning } from '../replay/tune/nightly.js';
import type { TrialTally } from '../replay/tune/trial-tally.js';
import { tallied } from '../replay/tune/trials.js';
import type { Anchor } from './replay-anchors.js';
import { gapClosedOf, optionsOf } from './replay-anchors.js';

const YARDSTICKS = ['static', 'reactive-50', 'oracle'] as const;
const DAY_MS = 86_400_000;

interface Figures {
  readonly overload_minutes_per_server_day: number;
  readonly moves_per_resource_day: number;
  /** (reactive-50 − policy) ÷ (reactive-50 − oracle-1h); null: there is no gap. */
  readonly gap_closed: number | null;
}

export interface TuningResult {
  /** What was planned for, and from which day of the replay on. */
  readonly changes: readonly { readonly day: number; readonly quantile: number }[];
  readonly policies: readonly ({ readonly policy: string } & Figures)[];
}

/**
 * The product tuned every night, beside the quantiles that it chose among, each held all the time: over the whole
 * replay of an anchor. A night knows what was before it and nothing else.
 */
export async function tunedReplay(
  anchor: Anchor,
  trace: Trace,
  { seed, planner }: { readonly seed: number; readonly planner: unknown },
): Promise<TuningResult> {
  const options = { ...optionsOf(anchor, ['foreshift'], seed), planner };
  const scene = sceneOf(trace, parseReplayOptions(options));
  const yardsticks = await tallied(
    YARDSTICKS.map((name) => policyOf(name, scene)),
    scene,
  );
  const { tuned, trials, changes } = await nightlyTuning(scene);
  const minutesOf = (tally: TrialTally | undefined): number | undefined =>
    tally?.over(scene.warmSteps, scene.recorded.grid.steps).overloadMinutesPerServerDay;
  const [, rule, oracle] = yardsticks.map(minutesOf);
  const figures = (policy: string, tally: TrialTally): TuningResult['policies'][number] => {
    const { overloadMinutesPerServerDay: minutes, movesPerResourceDay } = tally.over(
      scene.warmSteps,
      scene.recorded.grid.steps,
    );
    const gap = gapClosedOf(minutes, rule, oracle);
    return {
      policy,
      overload_minutes_per_server_day: rounded(minutes),
      moves_per_resource_day: rounded(movesPerResourceDay),
      gap_closed: gap === undefined ? null : rounded(gap),
    };
  };
  const { stepMs } = scene.recorded.grid;
  return {
    changes: changes.map(({ step, quantile }) => ({
      day: Number((((step - scene.warmSteps) * stepMs) / DAY_MS).toFixed(1)),
      quantile,
    })),
    policies: [
      ...yardsticks.map((tally, at) => figures(YARDSTICKS[at] ?? '', tally)),
      ...trials.map(({ quantile, tally }) => figures(`foreshift ${level(quantile)}`, tally)),
      figures('foreshift tuned', tuned),
    ],
  };
}

export function tuningText({ changes, policies }: TuningResult): string {
  const columns = ['OVERLOAD-MIN', 'GAP CLOSED', 'MOVES'].map((title) => ({
    title,
    align: 'right' as const,
  }));
  const rows = policies.map((of) => [
    of.policy,
    of.overload_minutes_per_server_day.toFixed(3),
    of.gap_closed === null ? '-' : `${(100 * of.gap_closed).toFixed(1)} %`,
    of.moves_per_resource_day.toFixed(3),
  ]);
  const what = changes.map(({ day, quantile }) => `${level(quantile)} from day ${day} on`);
  return [
    textTable([{ title: 'TUNED EVERY NIGHT' }, ...columns], rows),
    `  tuned: ${what.length === 0 ? 'P85 all the time, no night had evidence' : what.join(', ')}`,
  ].join('\n');
}

function level(quantile: number): string {
  return `P${Math.round(100 * quantile)}`;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

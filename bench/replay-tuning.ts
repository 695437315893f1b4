import { textTable } from '../cli/text-table.js';
import { SAFE_QUANTILE } from '../core/table-store/policy.js';
import type { Trace } from '../core/trace/trace.js';
import { parseReplayOptions } from '../replay/options.js';
import { policyOf } from '../replay/policies/make.js';
import { sceneOf } from '../replay/scene.js';
import { chosenQuantile } from '../replay/tune/choice.js';
import type { Trial } from '../replay/tune/trials.js';
import { foreshiftTrials, trialsOf } from '../replay/tune/trials.js';
import { QUANTILES_TRIED } from '../replay/tune/tuning.js';
import type { Anchor } from './replay-anchors.js';
import { gapClosedOf, optionsOf } from './replay-anchors.js';

const YARDSTICKS = ['static', 'reactive-50', 'oracle'] as const;

/** Of one part of the replayed time, or of all of it. */
interface PartFigures {
  readonly overload_minutes_per_server_day: number;
  readonly moves_per_resource_day: number;
  /** (reactive-50 − policy) ÷ (reactive-50 − oracle-1h); null: there is no gap. */
  readonly gap_closed: number | null;
}

export interface TuningResult {
  /** What the tune job would have taken after the earlier half. */
  readonly chosen_quantile: number;
  readonly policies: readonly {
    readonly policy: string;
    readonly earlier_half: PartFigures;
    readonly later_half: PartFigures;
  }[];
}

/**
 * What the `tune` job would have done with the earlier half of an anchor's replay, and what came of it in the later
 * half: every quantile side by side, chosen by the job's own rules.
 */
export async function tunedReplay(
  anchor: Anchor,
  trace: Trace,
  { seed, planner }: { readonly seed: number; readonly planner: unknown },
): Promise<TuningResult> {
  const options = { ...optionsOf(anchor, ['foreshift'], seed), planner };
  const scene = sceneOf(trace, parseReplayOptions(options));
  const yardsticks = await trialsOf(
    YARDSTICKS.map((name) => policyOf(name, scene)),
    scene,
  );
  const candidates = QUANTILES_TRIED.map((quantile) => ({ quantile }));
  const trials = await foreshiftTrials(scene, candidates);
  const named = [
    ...yardsticks.map((trial, at) => ({ policy: YARDSTICKS[at] ?? '', trial })),
    ...trials.map((trial, at) => ({ policy: nameOf(QUANTILES_TRIED[at] ?? NaN), trial })),
  ];
  const tried = trials.map((trial, at) => ({ ...trial, quantile: QUANTILES_TRIED[at] ?? NaN }));
  const [, rule, oracle] = yardsticks;
  const figures = (part: keyof Trial, trial: Trial): PartFigures => {
    const minutes = (of: Trial | undefined): number | undefined =>
      of?.[part].overloadMinutesPerServerDay;
    const gap = gapClosedOf(minutes(trial), minutes(rule), minutes(oracle));
    return {
      overload_minutes_per_server_day: rounded(trial[part].overloadMinutesPerServerDay),
      moves_per_resource_day: rounded(trial[part].movesPerResourceDay),
      gap_closed: gap === undefined ? null : rounded(gap),
    };
  };
  return {
    chosen_quantile: chosenQuantile(tried, SAFE_QUANTILE),
    policies: named.map(({ policy, trial }) => ({
      policy,
      earlier_half: figures('choosing', trial),
      later_half: figures('judging', trial),
    })),
  };
}

export function tuningText({ chosen_quantile: chosen, policies }: TuningResult): string {
  const cells = (part: PartFigures): string[] => [
    part.overload_minutes_per_server_day.toFixed(3),
    part.gap_closed === null ? '-' : `${(100 * part.gap_closed).toFixed(1)} %`,
    part.moves_per_resource_day.toFixed(3),
  ];
  const titles = ['OVERLOAD-MIN', 'GAP CLOSED', 'MOVES', 'LATER HALF', 'GAP CLOSED', 'MOVES'];
  const columns = [
    { title: 'EARLIER HALF' },
    ...titles.map((title) => ({ title, align: 'right' as const })),
  ];
  const rows = policies.map(({ policy, earlier_half, later_half }) => [
    policy,
    ...cells(earlier_half),
    ...cells(later_half),
  ]);
  const later = (quantile: number): string => {
    const of = policies.find(({ policy }) => policy === nameOf(quantile))?.later_half;
    return of === undefined ? '-' : (cells(of)[1] ?? '-');
  };
  const tuned =
    chosen === SAFE_QUANTILE
      ? `tune keeps the default after the earlier half; in the later one it closes ${later(chosen)} of the gap`
      : `tune takes P${Math.round(100 * chosen)} after the earlier half; in the later one it closes ` +
        `${later(chosen)} of the gap, the default ${later(SAFE_QUANTILE)}`;
  return `${textTable(columns, rows)}\n  ${tuned}`;
}

function nameOf(quantile: number): string {
  return `foreshift-p${Math.round(100 * quantile)}`;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

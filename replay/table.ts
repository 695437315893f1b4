import type { PolicyName } from './options.js';
import type { PolicyReport, ReplayReport } from './report.js';

export interface ReplayTable {
  readonly columns: readonly { readonly title: string; readonly align: 'left' | 'right' }[];
  readonly rows: readonly (readonly string[])[];
}

/** One column: its title, and what it says of a policy. */
type Cell = readonly [
  title: string,
  text: (policy: PolicyReport, seconds: number | undefined) => string,
];

const CELLS: readonly Cell[] = [
  ['POLICY', ({ policy }) => policy],
  ['OVERLOAD-MIN', ({ overloadMinutes }) => count(overloadMinutes)],
  ['PER SERVER-DAY', ({ overloadMinutesPerServerDay }) => overloadMinutesPerServerDay.toFixed(2)],
  ['P95 PEAK', ({ peakP95 }) => percent(peakP95)],
  ['MAX/MEAN', ({ imbalanceMean }) => imbalanceMean.toFixed(2)],
  ['WORST', ({ imbalanceMax }) => imbalanceMax.toFixed(2)],
  ['MOVES', ({ moves }) => count(moves)],
  ['PER RES-DAY', ({ movesPerResourceDay }) => movesPerResourceDay.toFixed(3)],
  ['TWICE/24H', ({ movedTwice }) => count(movedTwice)],
  ['HOLD', ({ holdMs }) => (holdMs === null ? '-' : `${(holdMs / 1000).toFixed(1)} s`)],
  ['FAILED', ({ failedSwitches }) => (failedSwitches === null ? '-' : count(failedSwitches))],
  ['COVERAGE', ({ coverage }) => (coverage === null ? '-' : coverage.toFixed(2))],
  ['SECONDS', (_, seconds) => (seconds === undefined ? '-' : seconds.toFixed(1))],
];

/** The policies side by side, for a terminal. @param seconds how long each took, if that is known */
export function tableOf(
  { policies }: ReplayReport,
  seconds: Readonly<Partial<Record<PolicyName, number>>> = {},
): ReplayTable {
  return {
    columns: CELLS.map(([title], at) => ({ title, align: at === 0 ? 'left' : 'right' })),
    rows: policies.map((policy) => CELLS.map(([, text]) => text(policy, seconds[policy.policy]))),
  };
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

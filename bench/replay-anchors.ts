import { z } from 'zod';
import { DIMENSIONS } from '../core/domain.js';
import type { PolicyName, ReplayInput } from '../replay/options.js';
import type { PolicyReport } from '../replay/report.js';
import { InputFault } from './inputs.js';

/* The format of a file of replay anchors, and how our figures stand beside them. */

const resultSchema = z.looseObject({
  policy: z.string(),
  overload_minutes_per_server_day: z.number(),
  overload_volume_ppm: z.number(),
  max_over_mean: z.number(),
  cov: z.number(),
  moves_per_resource_day: z.number(),
  cpu_ms_per_decision: z.number(),
});
export type AnchorResult = z.output<typeof resultSchema>;

const anchorSchema = z.looseObject({
  trace: z.string().regex(/^[A-Za-z0-9._-]{1,100}$/),
  dimension: z.enum(DIMENSIONS),
  resources: z.int().min(1),
  servers: z.int().min(2),
  capacity: z.number().positive(),
  decision_every_steps: z.int().min(1),
  horizon_steps: z.int().min(1),
  moves_cap: z.int().min(0),
  warm_days: z.number().positive(),
  results: z.array(resultSchema),
});
export type Anchor = z.output<typeof anchorSchema>;

export const anchorsSchema = z.looseObject({ replays: z.array(anchorSchema).min(1) });

/** Of one trace, of so many servers, if they are named. @throws InputFault — there are none of them */
export function anchorsOf(
  { replays }: z.output<typeof anchorsSchema>,
  { only, servers }: { readonly only?: string | undefined; readonly servers?: string | undefined },
): Anchor[] {
  const chosen = replays.filter(
    (anchor) =>
      (only === undefined || anchor.trace === only) &&
      (servers === undefined || anchor.servers === Number(servers)),
  );
  if (chosen.length > 0) return chosen;
  const names = new Set(replays.map((anchor) => `${anchor.trace} on ${anchor.servers}`));
  const asked = [only, servers].filter((word) => word !== undefined).join(' on ');
  throw new InputFault(`${asked}: the file has ${[...names].join(', ')}`);
}

/** What the anchors call our policies. */
export const ANCHOR_NAMES: Readonly<Record<PolicyName, string>> = {
  static: 'static-mean',
  'static-p95': 'static-p95',
  'reactive-50': 'reactive-50',
  'reactive-search': 'reactive-search',
  foreshift: 'foreshift',
  oracle: 'oracle-1h',
};

/** The rules of one anchor as options; the capacity is sized anew, not taken over. */
export function optionsOf(
  anchor: Anchor,
  policies: readonly PolicyName[],
  seed: number,
): ReplayInput {
  return {
    policies: [...policies],
    dimension: anchor.dimension,
    servers: anchor.servers,
    warmDays: anchor.warm_days,
    decisionSteps: anchor.decision_every_steps,
    horizonSteps: anchor.horizon_steps,
    movesMax: anchor.moves_cap,
    triggers: false,
    seed,
  };
}

export function resultOf(report: PolicyReport, cpuMsPerDecision: number): AnchorResult {
  return {
    policy: ANCHOR_NAMES[report.policy],
    overload_minutes_per_server_day: thousandths(report.overloadMinutesPerServerDay),
    overload_volume_ppm: Math.round(report.overloadVolumePpm * 10) / 10,
    max_over_mean: thousandths(report.imbalanceMean),
    cov: Math.round(report.covMean * 10_000) / 10_000,
    moves_per_resource_day: thousandths(report.movesPerResourceDay),
    cpu_ms_per_decision: Math.round(cpuMsPerDecision * 100) / 100,
  };
}

export interface Check {
  readonly what: string;
  readonly isMet: boolean;
}

/** The yardstick first: our figures for the simple policies beside the anchors'; then foreshift beside ours. */
export function checksOf(anchor: Anchor, ours: readonly AnchorResult[]): Check[] {
  const own = new Map(ours.map((result) => [result.policy, result]));
  const theirs = new Map(anchor.results.map((result) => [result.policy, result]));
  const minutes = (of: ReadonlyMap<string, AnchorResult>, policy: string): number | undefined =>
    of.get(policy)?.overload_minutes_per_server_day;
  const checks: Check[] = [];
  for (const policy of ['static-mean', 'reactive-50']) {
    const [mine, given] = [minutes(own, policy), minutes(theirs, policy)];
    if (mine === undefined || given === undefined) continue;
    const off = given === 0 ? mine : Math.abs(mine / given - 1);
    checks.push({
      what: `${policy} within 2 % of its anchor: ${percent(off)} off`,
      isMet: off <= 0.02,
    });
  }
  const [oracle, givenOracle] = [minutes(own, 'oracle-1h'), minutes(theirs, 'oracle-1h')];
  if (oracle !== undefined && givenOracle !== undefined) {
    const what = `oracle-1h at most 10 % above its anchor: ${oracle} beside ${givenOracle}`;
    checks.push({ what, isMet: oracle <= 1.1 * givenOracle });
  }
  return [...checks, ...foreshiftChecks(anchor, own)];
}

/** With a shorter warm-up no day could be learnt. */
const SEASON_DAYS = 2;

/** The product's own goals: against the rules that it would replace, on the same replay. */
function foreshiftChecks(anchor: Anchor, own: ReadonlyMap<string, AnchorResult>): Check[] {
  const [foreshift, reactive] = [own.get('foreshift'), own.get('reactive-50')];
  if (foreshift === undefined || reactive === undefined) return [];
  const mine = foreshift.overload_minutes_per_server_day;
  const rule = reactive.overload_minutes_per_server_day;
  const moves = foreshift.moves_per_resource_day;
  const rest = own.get('static-mean')?.overload_minutes_per_server_day ?? Infinity;
  const best = Math.min(rule, rest);
  const ratio = rule === 0 ? String(mine) : (mine / rule).toFixed(2);
  const gap = gapClosed(own, 'foreshift');
  return [
    {
      what: `foreshift at most 0.9 × reactive-50: ${ratio} ×`,
      isMet: mine <= 0.9 * rule,
    },
    ...(gap === undefined
      ? []
      : [
          {
            what: `gap between reactive-50 and oracle-1h closed by 60 %, without a season by 20 %: ${percent(gap)}`,
            isMet: gap >= (anchor.warm_days >= SEASON_DAYS ? 0.6 : 0.2),
          },
        ]),
    { what: `at most 0.6 moves a resource and day: ${moves}`, isMet: moves <= 0.6 },
    {
      what: `at most 1.02 × the better of reactive-50 and static-mean`,
      isMet: mine <= 1.02 * best,
    },
  ];
}

/** (reactive-50 − policy) ÷ (reactive-50 − oracle), in overload minutes. */
function gapClosed(own: ReadonlyMap<string, AnchorResult>, policy: string): number | undefined {
  const [mine, rule, oracle] = [policy, 'reactive-50', 'oracle-1h'].map(
    (name) => own.get(name)?.overload_minutes_per_server_day,
  );
  return gapClosedOf(mine, rule, oracle);
}

/** Undefined: something is not known, or there is no gap. */
export function gapClosedOf(
  mine: number | undefined,
  rule: number | undefined,
  oracle: number | undefined,
): number | undefined {
  if (mine === undefined || rule === undefined || oracle === undefined) return undefined;
  return rule > oracle ? (rule - mine) / (rule - oracle) : undefined;
}

function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

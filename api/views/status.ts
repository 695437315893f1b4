import { backtestWords } from '../../core/backtest-score.js';
import type { Config } from '../../core/config/schema.js';
import type { Mode, PlanId, ServerId } from '../../core/domain.js';
import { formatAddress } from '../../core/domain.js';
import { scoreWords } from '../../core/forecast-score.js';
import { formatGeneration } from '../../core/generation.js';
import { isAhead } from '../../core/metric-store/latest.js';
import type { ForecastRun } from '../../core/metric-store/port.js';
import { overallOf, sharesInUse } from '../../core/metric-store/recent.js';
import { proposedPlans } from '../../core/table-store/plans.js';
import type { Policy } from '../../core/table-store/policy.js';
import { policyOf, policyWords } from '../../core/table-store/policy.js';
import { MODE, PAUSE, PLAN, PLAN_ENDS, ROUND } from '../../core/table-store/records/plan.js';
import { BACKTEST } from '../../core/table-store/records/backtest.js';
import { NEURAL } from '../../core/table-store/records/neural.js';
import type { ServerRecord } from '../../core/table-store/records/server.js';
import { LOST, SERVER, SERVER_STATE } from '../../core/table-store/records/server.js';
import { COORDINATOR, MEMBER, SWITCH } from '../../core/table-store/records/switch.js';
import { stateOf } from '../../core/table-store/server-state.js';
import type { TableView } from '../../core/table-store/view.js';
import { counted, durationWords } from '../../core/text.js';
import { disprovedWords } from '../../forecaster/planner/explain-words.js';
import { noPlanWords } from '../../forecaster/planner/words.js';
import type { ServerStatus, Status } from '../contract/status.js';
import type { Processes } from '../processes.js';
import { addressWarnings, addressesOf } from './addresses.js';
import type { Forecasts } from './forecasts.js';
import type { Fleet } from './kept/fleet.js';
import type { Memory, MemoryParts } from './kept/memory.js';
import type { Measured } from './measured.js';
import { engineStatuses, processStatus, processWarnings } from './processes.js';

export interface StatusParts extends MemoryParts {
  /** How the polls of each target go. */
  readonly collector: () => Status['collector'];
  /** And what they rest on, outside of them. */
  readonly processes: Pick<Processes, 'all'>;
}

export interface StatusOptions {
  readonly cluster: string;
  readonly mode: Mode;
  /** Loads are means over this. */
  readonly windowMs: number;
  readonly forecast: Pick<Config['forecast'], 'stepMs' | 'horizonSteps' | 'everyMs'>;
  readonly planner: Config['planner'];
}

/** How everything is, from what the stores hold. */
export async function statusOf(
  parts: StatusParts,
  options: StatusOptions,
  memory: Memory,
): Promise<Status> {
  const { view, clock } = parts;
  const nowMs = clock.realtimeMs();
  const servers = [...view.all(SERVER)].sort(([a], [b]) => (a < b ? -1 : 1));
  const { recent, run, coverage, fault } = await memory.measurements.lately({
    windowMs: options.windowMs,
    coverageMs: 288 * options.forecast.stepMs,
  });
  const { stepMs } = options.forecast;
  const policy = policyOf(options.planner, view, { stepsKnown: run?.stepsKnown, stepMs });
  const facts: Facts = {
    recent,
    forecasts: memory.forecastsOf(run),
    residents: memory.fleet.residents,
    view,
    quantile: policy.quantile,
  };
  const statuses = servers.map(([id, { value }]) => serverStatus(id, value, facts));
  const processes = parts.processes.all();
  return {
    cluster: options.cluster,
    atMs: nowMs,
    generation: formatGeneration(view.table.generation),
    resources: view.table.size,
    unassigned: memory.unassigned(),
    mode: view.get(MODE, 'current')?.value.mode ?? options.mode,
    fellBack: fellBackIn(view),
    paused: view.get(PAUSE, 'current')?.value ?? null,
    balancer: balancerOf(view, nowMs),
    openSwitch: openSwitchOf(view),
    policy: policyStatus(policy),
    servers: statuses,
    imbalance: imbalanceOf(statuses),
    redirectors: redirectorsOf(view),
    addresses: addressesOf(view),
    forecast: run === undefined ? null : forecastOf(run, coverage),
    score: scoreIn(view),
    backtest: backtestIn(view),
    neural: view.get(NEURAL, 'current')?.value ?? null,
    collector: parts.collector(),
    processes: processes.map(processStatus),
    engines: engineStatuses(processes),
    warnings: [
      ...processWarnings(processes, nowMs),
      ...(fault === undefined ? [] : [`no loads and forecasts from the metric store: ${fault}`]),
      ...addressWarnings(view),
      ...fellBackWarning(view),
      ...neuralWarning(view),
      ...disprovedIn(view),
      ...warningsOf(statuses, run, { nowMs, parts, options }),
    ],
  };
}

function policyStatus(policy: Policy): Status['policy'] {
  const { quantile, origin, tuning = null } = policy;
  return { quantile, origin, text: policyWords(policy), tuning };
}

function fellBackIn(view: TableView): Status['fellBack'] {
  const { fellBack = null, sinceMs } = view.get(MODE, 'current')?.value ?? { sinceMs: 0 };
  return fellBack === null ? null : { sinceMs, text: fellBack };
}

function fellBackWarning(view: TableView): string[] {
  const { text } = fellBackIn(view) ?? {};
  return text === undefined ? [] : [text];
}

function scoreIn(view: TableView): Status['score'] {
  const score = view.get(ROUND, 'last')?.value.score;
  return score === undefined ? null : { ...score, text: scoreWords(score) };
}

function backtestIn(view: TableView): Status['backtest'] {
  const score = view.get(BACKTEST, 'last')?.value;
  return score === undefined ? null : { ...score, text: backtestWords(score) };
}

function disprovedIn(view: TableView): string[] {
  return (view.get(ROUND, 'last')?.value.disproved ?? []).map(disprovedWords);
}

function neuralWarning(view: TableView): string[] {
  const fault = view.get(NEURAL, 'current')?.value.fault ?? null;
  return fault === null ? [] : [`the neural forecaster is not as it should be: ${fault}`];
}

interface Facts {
  readonly recent: Measured['recent'];
  readonly forecasts: Forecasts;
  readonly residents: Fleet['residents'];
  readonly view: TableView;
  /** That is planned for. */
  readonly quantile: number;
}

function serverStatus(
  id: ServerId,
  record: ServerRecord,
  { recent, forecasts, residents, view, quantile }: Facts,
): ServerStatus {
  const state = stateOf(view, id);
  const own = residents.get(id) ?? [];
  const wanted = view.get(SERVER_STATE, id)?.value;
  const lost = view.get(LOST, id)?.value;
  const utilization = sharesInUse(recent, id, record.capacity);
  const hits = recent.lastOf({ subject: 'server', id, metric: 'hits' });
  return {
    id,
    state: state === 'unknown' ? 'ready' : state,
    because:
      lost === undefined
        ? (wanted ?? null)
        : { by: 'redirectors', reason: lost.how, sinceMs: lost.sinceMs },
    spare: record.spare,
    zone: record.zone,
    address: formatAddress(record.address),
    fence: record.fence,
    resources: own.length,
    capacity: record.capacity,
    utilization,
    hitsPerSecond: Number.isFinite(hits) ? hits : recent.countedHits(id),
    overall: overallOf(utilization) ?? null,
    predicted: forecasts.predicted(id, record.capacity, quantile),
    note: noteOf(record, { lostHow: lost?.how, wanted, state }),
  };
}

function noteOf(
  { fence }: ServerRecord,
  {
    lostHow,
    wanted,
    state,
  }: {
    readonly lostHow: string | undefined;
    readonly wanted: { readonly by: string; readonly reason: string } | undefined;
    readonly state: string;
  },
): string {
  if (lostHow !== undefined) return lostHow;
  if (wanted !== undefined && state !== 'ready') {
    return wanted.reason === '' ? `by ${wanted.by}` : `${wanted.reason} (${wanted.by})`;
  }
  return fence === 'none' ? 'no fence: one owner is kept for planned moves only' : '';
}

function balancerOf(view: TableView, nowMs: number): Status['balancer'] {
  const records = [...view.all(PLAN).values()].map(({ value }) => value);
  const applying = records.find(({ status }) => status === 'applying' || status === 'approved');
  if (applying !== undefined) {
    const { plan, startAtMs } = applying;
    const moves = counted(
      plan.batches.reduce((sum, batch) => sum + batch.moves.length, 0),
      'move',
    );
    const isLater = startAtMs !== null && startAtMs > nowMs;
    const text = isLater
      ? `Plan ${plan.id} (${moves}) is approved for ${new Date(startAtMs).toISOString()}; foreshift apply ${plan.id} makes them now`
      : `Plan ${plan.id} is being applied: ${moves} (trigger: ${plan.trigger.detail})`;
    return { kind: 'applying', plan: plan.id, text };
  }
  const [waiting] = proposedPlans(view);
  if (waiting !== undefined) {
    const { plan } = waiting;
    const moves = counted(
      plan.batches.reduce((sum, batch) => sum + batch.moves.length, 0),
      'move',
    );
    const text = `Plan ${plan.id} waits for approval: ${moves} (trigger: ${plan.trigger.detail}); foreshift apply ${plan.id}`;
    return { kind: 'waiting', plan: plan.id, text };
  }
  const round = view.get(ROUND, 'last')?.value;
  if (round === undefined) {
    return { kind: 'no-round', plan: null, text: 'no round was held yet' };
  }
  if (round.none !== null) {
    return { kind: round.none.why, plan: null, text: noPlanWords(round.none) };
  }
  return endedOf(round.plan, view);
}

/** Of the round's plan, which neither waits nor is under way any more. */
function endedOf(id: PlanId | null, view: TableView): Status['balancer'] {
  const status = id === null ? undefined : view.get(PLAN, id)?.value.status;
  const kind = status === 'applied' ? 'balanced' : 'ended';
  const how = PLAN_ENDS.find((end) => end === status);
  return { kind, plan: id, text: `Plan ${id ?? ''} ${how ? END_WORDS[how] : 'has ended'}` };
}

const END_WORDS: Readonly<Record<(typeof PLAN_ENDS)[number], string>> = {
  applied: 'was carried out',
  'partly-applied': 'was carried out in part',
  failed: 'failed: nothing was moved',
  rejected: 'was rejected',
  expired: 'became too old before it was decided on',
  stale: 'was not begun: what it rested on has changed',
  superseded: 'was withdrawn before it began: the next round thinks anew',
};

function openSwitchOf(view: TableView): Status['openSwitch'] {
  const open = view.get(SWITCH, 'open')?.value;
  if (open === undefined) return null;
  const { plan, batch, state, moves, enteredAtMs } = open;
  const sinceMs = Math.min(...Object.values(enteredAtMs));
  return { plan, batch, state, resources: moves.map(({ resource }) => resource), sinceMs };
}

function redirectorsOf(view: TableView): Status['redirectors'] {
  const coordinator = view.get(COORDINATOR, 'lease')?.value;
  return [...view.all(MEMBER)].map(([id, { value }]) => ({
    id,
    generation: formatGeneration(value.generation),
    isCoordinator: coordinator?.member === id && coordinator.boot === value.boot,
  }));
}

function forecastOf(
  { madeAtMs, block }: ForecastRun,
  coverage: number | null,
): NonNullable<Status['forecast']> {
  const horizonMs = block.grid.steps * block.grid.stepMs;
  return { madeAtMs, horizonMs, series: block.series.length, coverage };
}

function imbalanceOf(servers: readonly ServerStatus[]): number | null {
  const loads = servers.flatMap(({ state, spare, overall }) =>
    state === 'ready' && !spare && overall !== null ? [overall] : [],
  );
  const mean = loads.reduce((sum, load) => sum + load, 0) / loads.length;
  return mean > 0 ? Math.max(...loads) / mean : null;
}

function warningsOf(
  servers: readonly ServerStatus[],
  run: ForecastRun | undefined,
  {
    nowMs,
    parts,
    options,
  }: { readonly nowMs: number; readonly parts: StatusParts; readonly options: StatusOptions },
): string[] {
  const warnings: string[] = [];
  for (const { id, overall, state } of servers) {
    if (state === 'lost') warnings.push(`${id} is lost`);
    if (overall !== null && overall > 1) warnings.push(`${id} is over its capacity`);
  }
  for (const { target, failing } of parts.collector()) {
    if (failing !== null) warnings.push(`${target} cannot be polled: ${failing}`);
  }
  for (const [id, { value }] of parts.view.all(MEMBER)) {
    if (!value.panic) continue;
    warnings.push(
      `redirector ${id} hears nothing of most servers at once: it may be cut off, so that none of them is failed over`,
    );
  }
  if (parts.view.regressed) {
    warnings.push('the table store shows an older state than was seen: plans are frozen');
  }
  const { everyMs } = options.forecast;
  if (run !== undefined && nowMs - run.madeAtMs > 3 * everyMs) {
    warnings.push('the forecast is old: no round has ended lately');
  }
  if (run !== undefined && isAhead(run.madeAtMs, { run, nowMs })) {
    const ms = run.madeAtMs - nowMs;
    warnings.push(
      `the forecast was made ${durationWords(ms)} ahead of the clock: a clock is wrong, or was`,
    );
  }
  return warnings;
}

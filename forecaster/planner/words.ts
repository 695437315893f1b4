import type { Dimension } from '../../core/domain.js';
import type {
  Blocker,
  NoPlan,
  PlanAnalysis,
  PlannedMove,
  PlanScore,
  Reason,
} from '../../core/plan.js';
import { bytesWords, counted } from '../../core/text.js';

/* What the planner says, for a person: one plain sentence each, the same at the command line, in the API and on the page. */

export function ofIts(dimension: Dimension): string {
  return OF_ITS[dimension];
}

const OF_ITS: Readonly<Record<Dimension, string>> = {
  cpu: 'of its CPU',
  memory: 'of its memory',
  network: 'of its network',
  hits: 'of its request rate',
};

/** "vol-12 goes from s1 to s2: s1 would reach 94 % of its CPU at 09:44 UTC (limit 80 %), with the plan 71 %." */
export function moveWords(move: PlannedMove, nowMs?: number): string {
  const { resource, source, target, reason } = move;
  const what =
    source === null
      ? `${resource} is placed on ${target}`
      : `${resource} goes from ${source} to ${target}`;
  return `${what}: ${reasonWords(reason, nowMs)}.`;
}

/** @param nowMs of the day that need not be named */
export function reasonWords(reason: Reason, nowMs?: number): string {
  const { kind, server } = reason;
  switch (kind) {
    case 'overload':
      return `${server ?? 'its server'} would reach ${changeWords(reason, 'with the plan', nowMs)}`;
    case 'room':
      return `gives way on ${server ?? 'its server'}, which would reach ${changeWords(reason, 'with this move', nowMs)}`;
    case 'imbalance':
      return `the servers are uneven; ${server ?? 'its server'} would peak at ${changeWords(reason, 'with the plan', nowMs)}`;
    case 'drain':
      return `${server ?? 'its server'} is to be emptied or may no longer serve it`;
    case 'place':
      return 'it has no server yet';
    case 'apart':
      return `${server ?? 'its server'} is to serve another of its group, and they are to be apart`;
    case 'spread':
      return 'its group would be in too few zones';
    case 'company':
      return 'its group and another, of which one needs the other, are to be in the same zone';
    case 'lost':
      return `${server ?? 'its server'} is lost`;
    case 'pin':
      return `it is pinned to ${server ?? 'that server'}`;
    case 'rollback':
      return 'takes back an earlier move';
  }
}

/** "starts best at 09:40 UTC, before 09:50 UTC"; null: at once. */
export function startWords({ window }: PlannedMove, nowMs: number): string | null {
  if (window === undefined || window.cheapestMs <= nowMs) return null;
  const { cheapestMs, untilMs } = window;
  return `starts best at ${timeWords(cheapestMs, nowMs)}, before ${timeWords(untilMs, nowMs)}`;
}

/** "94 % of its CPU at 09:44 UTC (limit 80 %), with the plan 71 %" */
function changeWords(
  { dimension, atMs, before, after, limit }: Reason,
  otherwise: string,
  nowMs: number | undefined,
): string {
  if (dimension === null || before === null) return 'a limit';
  const when = atMs === null ? '' : ` at ${timeWords(atMs, nowMs)}`;
  const allowed = limit === null ? '' : ` (limit ${percentWords(limit)})`;
  const then = after === null ? '' : `, ${otherwise} ${percentWords(after)}`;
  return `${percentWords(before, limit)} ${ofIts(dimension)}${when}${allowed}${then}`;
}

export function noPlanWords(none: NoPlan): string {
  switch (none.why) {
    case 'balanced':
      return `Balanced: no limit is predicted to be passed${fullestWords(none.score)}.`;
    case 'blocked':
      return none.blockers.length === 0
        ? `Blocked: no allowed move would help${fullestWords(none.score)}.`
        : `Blocked: ${none.blockers.map(blockerWords).join('; ')}.`;
    case 'gain-too-small':
      return `Gain too small: a move would relieve a server by ${percentWords(none.gain ?? 0)}, and ${percentWords(none.gainMin ?? 0)} is asked for.`;
    case 'learning':
      return `Learning: ${none.steps ?? 0} of ${none.stepsMin ?? 0} steps of history are there.`;
    case 'unmeasured':
      return `Not measured: of most servers nothing came in for ${none.steps ?? 0} steps and more; only what has no server is given one.`;
    case 'paused':
      return 'Paused: only what has no server is given one.';
    case 'no-servers':
      return 'No server is ready.';
    case 'observing':
      return 'Observing: something could be improved, and this mode proposes nothing.';
    case 'busy':
      return 'Waiting: a plan is being carried out, and the next round starts from what it made.';
  }
}

export function blockerWords({ kind, resource, server, zone, dimension, amount }: Blocker): string {
  const name = resource ?? 'a resource';
  switch (kind) {
    case 'capacity': {
      if (resource !== null) {
        return `${resource} alone needs ${percentWords(1 + (amount ?? 0))} of what a server may carry`;
      }
      const what = dimension === null ? '' : ` (${dimension})`;
      const isOne = amount === null || amount === 1;
      return isOne
        ? `one server more is needed${what}`
        : `${amount.toFixed(1)} servers more are needed${what}`;
    }
    case 'pin':
      return `${name} is pinned to ${server ?? 'its server'}`;
    case 'eligibility':
      return `no other ready server may serve ${name}`;
    case 'cooldown':
      return `${name} was moved lately and rests`;
    case 'group':
      return `the rules of ${name}'s group forbid it`;
    case 'headroom': {
      const lost = server ?? (zone === null ? 'what has no zone' : `zone ${zone}`);
      return amount === null
        ? `if ${lost} is lost, no other server may serve ${name}`
        : `if ${lost} is lost, the others have no room for ${amount.toFixed(1)} servers of what it carries`;
    }
    case 'moves-limit':
      return `${counted(amount ?? 1, 'move')} more than one plan may have would be needed`;
    case 'server-moves-limit':
      return `${counted(amount ?? 1, 'move')} more than one plan may have from or to ${server ?? 'a server'} would be needed`;
    case 'hourly-moves-limit':
      return `${counted(amount ?? 1, 'move')} more than an hour may have would be needed`;
    case 'bytes-limit': {
      const where = server === null ? '' : ` from or to ${server}`;
      return `${bytesWords(amount ?? 0)} more than may be moved${where} would have to be`;
    }
    case 'server-state':
      return `${server ?? 'a server'} is not ready${resource === null ? '' : ` for ${resource}`}`;
  }
}

/** "2 moves: the fullest server peaks at 71 % instead of 94 %; no assignment can go below 68 %." */
export function analysisWords({ score, bound }: PlanAnalysis, moves: number): string {
  const { nothing, plan } = score;
  const peaks =
    Math.abs(nothing.peak - plan.peak) < 0.0005
      ? `the fullest server peaks at ${percentWords(plan.peak)} as before`
      : `the fullest server peaks at ${percentWords(plan.peak)} instead of ${percentWords(nothing.peak)}`;
  return `${counted(moves, 'move')}: ${peaks}; no assignment can go below ${percentWords(bound)}.`;
}

/** What becomes of the plan if the forecast is wrong: a sentence each for low, high and unchanged load. */
export function worldsWords({ worlds }: PlanAnalysis): string[] {
  const names = {
    low: 'If the load turns out low',
    high: 'If the load turns out high',
    last: 'If the load stays as it is',
  } as const;
  return (['low', 'high', 'last'] as const).map((world) => {
    const { nothing, plan } = worlds[world];
    return `${names[world]}: ${outcomeWords(plan)} (without the plan: ${outcomeWords(nothing)}).`;
  });
}

function outcomeWords({ peak, overload }: PlanScore): string {
  const over = overload > 0 ? ', over capacity' : '';
  return `peak ${percentWords(peak)}${over}`;
}

function fullestWords(score: PlanScore | null): string {
  if (score === null) return '';
  return `; the fullest server peaks at ${percentWords(score.peak)}, ${score.imbalance.toFixed(1)} times the mean`;
}

/** "94 %"; with a decimal where it would read the same as what it is compared with. */
export function percentWords(value: number, beside: number | null = null): string {
  const whole = Math.round(value * 100);
  const isAlike = beside !== null && whole === Math.round(beside * 100) && value !== beside;
  const isSmall = value > 0 && value < 0.1 && value * 100 !== whole;
  return `${isAlike || isSmall ? (value * 100).toFixed(1) : whole} %`;
}

/** "8 cores", "64 GB of memory" */
export function amountWords(dimension: Dimension, amount: number): string {
  switch (dimension) {
    case 'cpu':
      return counted(Number(amount.toPrecision(3)), 'core');
    case 'memory':
      return `${bytesWords(amount)} of memory`;
    case 'network':
      return `${bytesWords(amount)}/s of network`;
    case 'hits':
      return `${Number(amount.toPrecision(3))} requests/s`;
  }
}

/** "09:44 UTC", with the date unless it is today's, and with seconds unless it is a full minute. */
export function timeWords(atMs: number, nowMs?: number): string {
  const [date = '', time = ''] = new Date(atMs).toISOString().split('T');
  const isToday = nowMs !== undefined && new Date(nowMs).toISOString().startsWith(date);
  return `${isToday ? '' : `${date} `}${time.slice(0, time.startsWith(':00', 5) ? 5 : 8)} UTC`;
}

/** Of what was planned at an earlier moment, a sentence that says so; of now, none. */
export function momentWords(plannedAtMs: number, nowMs: number): string[] {
  if (nowMs - plannedAtMs < 1000) return [];
  return [`As planned at ${timeWords(plannedAtMs, nowMs)}.`];
}

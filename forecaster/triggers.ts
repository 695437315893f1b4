import type { PlanId, ResourceId, ServerId } from '../core/domain.js';
import type { TriggerKind } from '../core/plan.js';
import type { ServerStanding } from '../core/table-store/server-state.js';
import { counted } from '../core/text.js';
import { timeWords } from './planner/words.js';

/* When a round begins before its time, and what for. Pure: facts in, a trigger or nothing out. */

export interface Trigger {
  readonly kind: TriggerKind;
  /** For a person. */
  readonly detail: string;
}

/** A server's overall load: the largest of its utilizations, 1 = its capacity. */
export interface OverallLoad {
  readonly server: ServerId;
  readonly overall: number;
}

export interface ThresholdOptions {
  /** The most loaded server exceeds another one by this ratio: 1.5 is "by more than 50 %". */
  readonly ratio: number;
  /** Below this load of its most loaded server the fleet is idle, whatever the ratios. */
  readonly overallMin: number;
}

/** Some server's overall load exceeds any other's by more than the ratio. Loads that are not known do not count. */
export function thresholdTrigger(
  loads: readonly OverallLoad[],
  { ratio, overallMin }: ThresholdOptions,
): Trigger | undefined {
  const known = loads.filter(({ overall }) => Number.isFinite(overall));
  const [first] = known;
  if (first === undefined || known.length < 2) return undefined;
  const highest = known.reduce((a, b) => (b.overall > a.overall ? b : a), first);
  const lowest = known.reduce((a, b) => (b.overall < a.overall ? b : a), first);
  if (highest.overall < overallMin || highest.overall <= ratio * lowest.overall) return undefined;
  const [high, low] = [percent(highest.overall), percent(lowest.overall)];
  return {
    kind: 'threshold',
    detail: `${highest.server} is at ${high}, ${lowest.server} at ${low}`,
  };
}

/** A server that is predicted to pass a limit within the horizon. */
export interface PredictedBreach {
  readonly server: ServerId;
  readonly atMs: number;
  readonly utilization: number;
}

/** The earliest breach that is predicted. */
export function forecastTrigger(breaches: readonly PredictedBreach[]): Trigger | undefined {
  const [first] = [...breaches].sort((a, b) => a.atMs - b.atMs);
  if (first === undefined) return undefined;
  const when = timeWords(first.atMs, first.atMs);
  const more = breaches.length === 1 ? '' : `, and ${counted(breaches.length - 1, 'more server')}`;
  return {
    kind: 'forecast',
    detail: `${first.server} will be at ${percent(first.utilization)} at ${when}${more}`,
  };
}

/** What events are judged by: taken now and then, compared with the last. */
export interface FleetFacts {
  readonly servers: ReadonlyMap<ServerId, ServerStanding>;
  /** Resources that somebody may serve and nobody does. */
  readonly unassigned: readonly ResourceId[];
  /** Resources on a server that may no longer serve them. */
  readonly misplaced: readonly ResourceId[];
  /** Resources elsewhere than on the server that they are pinned to. */
  readonly offPin: readonly ResourceId[];
  /** Plans that ended and had given what a lost server had to others: in haste, so that a better one may be had. */
  readonly rescues: readonly PlanId[];
}

/** What has happened to the fleet that a plan should answer; the most urgent first. */
export function eventTrigger(before: FleetFacts, after: FleetFacts): Trigger | undefined {
  const event = (detail: string): Trigger => ({ kind: 'event', detail });
  const changed = [...after.servers].filter(([id, state]) => before.servers.get(id) !== state);
  for (const wanted of ['lost', 'maintenance', 'draining', 'ready'] as const) {
    const found = changed.find(([, state]) => state === wanted);
    if (found === undefined) continue;
    const [server] = found;
    const isNew = !before.servers.has(server);
    if (wanted === 'ready') return event(isNew ? `${server} joined` : `${server} is ready again`);
    return event(`${server} is ${wanted}`);
  }
  const added = <T>(list: readonly T[], former: readonly T[]): T[] => {
    const known = new Set(former);
    return list.filter((resource) => !known.has(resource));
  };
  const homeless = added(after.unassigned, before.unassigned);
  if (homeless.length > 0) return event(`${some(homeless)} without a server`);
  const misplaced = added(after.misplaced, before.misplaced);
  if (misplaced.length > 0) return event(`${some(misplaced)} on a server that may not serve them`);
  const offPin = added(after.offPin, before.offPin);
  if (offPin.length > 0) return event(`${some(offPin)} elsewhere than pinned`);
  const [rescue] = added(after.rescues, before.rescues);
  if (rescue !== undefined) return event(`plan ${rescue} gave what was lost new servers`);
  const [gone] = [...before.servers.keys()].filter((server) => !after.servers.has(server));
  return gone === undefined ? undefined : event(`${gone} was removed`);
}

function some(resources: readonly ResourceId[]): string {
  return resources.length === 1 ? (resources[0] ?? '') : counted(resources.length, 'resource');
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

import type { DrainPolicy, LostSourcePolicy, ResourceId } from '../../core/domain.js';
import type { Generation } from '../../core/generation.js';
import { NO_GENERATION, compareGenerations, readGeneration } from '../../core/generation.js';
import type { Execution } from './app.js';
import type { Checker, Moving } from './checker.js';
import type { LedgerEntry } from './client.js';
import { Violation } from './violation.js';

/** All that the judge looks at, when everything is over. */
export interface Evidence {
  /** What servers ran, in the order of the beginnings. */
  readonly journal: readonly Execution[];
  /** What clients were told, in the order of the sending. */
  readonly ledger: readonly LedgerEntry[];
  readonly checker: Checker;
  /** When a redirector's process was stopped or killed, and when its next one served. */
  readonly outages: ReadonlyMap<string, readonly Outage[]>;
  /** No harm was done but to the store, the api and the coordinator's links to them. */
  readonly isDataPlaneUnharmed: boolean;
  readonly policyOf: (resource: ResourceId) => LostSourcePolicy;
  readonly drainPolicyOf: (resource: ResourceId) => DrainPolicy;
  readonly isFenced: (server: string) => boolean;
}

export interface Outage {
  readonly fromMs: number;
  toMs: number;
}

/** Who ran what, and what clients were told: the rules that only the whole history can break. */
export function judge(evidence: Evidence): void {
  judgeOwnership(evidence);
  judgeDepartures(evidence);
  judgeAnswers(evidence);
  judgeOrder(evidence);
  if (evidence.isDataPlaneUnharmed) judgeAutonomy(evidence);
}

/**
 * S1: nothing begins at a server after something began at another under a newer generation, or under the same;
 * and nothing begins before all that began elsewhere has ended.
 */
function judgeOwnership(evidence: Evidence): void {
  const byResource = new Map<string, Execution[]>();
  for (const execution of evidence.journal) {
    if (!evidence.isFenced(execution.server)) continue;
    const former = byResource.get(execution.resource) ?? [];
    for (const other of former) {
      if (other.server !== execution.server) judgePair(other, execution, evidence);
    }
    byResource.set(execution.resource, [...latest(former, execution), execution]);
  }
}

/** Of those before, the ones that may still clash with what comes: the newest of each server, and what runs on. */
function latest(former: readonly Execution[], { server, beganAtMs }: Execution): Execution[] {
  const newest = former.findLast((other) => other.server === server);
  return former.filter((other) => {
    const isNewest =
      newest === undefined || compareGenerations(parsed(other.since), parsed(newest.since)) >= 0;
    return other.server !== server || isNewest || other.endedAtMs > beganAtMs;
  });
}

function judgePair(former: Execution, later: Execution, evidence: Evidence): void {
  const order = compareGenerations(parsed(later.since), parsed(former.since));
  if (order === 0) {
    throw new Violation('S1', `${later.resource} had two servers at ${later.since}`);
  }
  if (order < 0) {
    if (isExcused(later, evidence)) return;
    throw new Violation('S1', `${described(later)}, after ${described(former)}`);
  }
  // What a lost server had begun, no lease can end: a stopped process goes on where it was.
  const isLost = wasLost(former, evidence);
  if (former.endedAtMs <= later.beganAtMs || isLost || isExcused(former, evidence)) return;
  throw new Violation('S1', `${described(later)}, while ${described(former)} still ran`);
}

/**
 * `availability` goes on when a server is lost, without knowing that it stopped: that is its meaning. And a
 * pinned resource's work ends where it began.
 */
function isExcused(execution: Execution, evidence: Evidence): boolean {
  const { resource, id } = execution;
  const { checker, ledger, policyOf, drainPolicyOf } = evidence;
  const isAvailable = policyOf(resource as ResourceId) === 'availability';
  if (isAvailable && wasLost(execution, evidence)) return true;
  if (drainPolicyOf(resource as ResourceId) !== 'pin') return false;
  const sentAtMs = ledger.find((entry) => entry.id === id)?.sentAtMs ?? Infinity;
  const next = [...checker.commits].filter(
    ([key, { atMs }]) => key.startsWith(`${resource}@`) && atMs >= sentAtMs,
  );
  return next.length > 0;
}

/** S1 without a fence: at a planned move nothing runs on at the source for which a live redirector still waits. */
function judgeDepartures({ journal, ledger, checker, drainPolicyOf, isFenced }: Evidence): void {
  for (const { resource, server, atMs, live } of checker.departures) {
    if (isFenced(server) || drainPolicyOf(resource as ResourceId) !== 'abort') continue;
    const running = journal.filter(
      (run) =>
        run.server === server &&
        run.resource === resource &&
        run.beganAtMs < atMs &&
        run.endedAtMs > atMs,
    );
    for (const run of running) {
      const entry = ledger.find(({ id }) => id === run.id);
      const isAwaited = entry?.outcome === 'answered' && live.includes(entry.redirector);
      if (!isAwaited || isAgain(run, journal)) continue;
      throw new Violation('S1', `${described(run)}, ended at ${run.endedAtMs}, moved at ${atMs}`);
    }
  }
}

/** The request was sent more than once: its answer may be that of another run. */
function isAgain({ id }: Execution, journal: readonly Execution[]): boolean {
  return journal.filter((other) => other.id === id).length > 1;
}

function wasLost({ resource, server, since }: Execution, { checker }: Evidence): boolean {
  return checker.wasTakenFromLost({ resource, server, since: parsed(since) });
}

function judgeAnswers({ journal, ledger, outages }: Evidence): void {
  const runs = new Map<string, number>();
  for (const { id } of journal) runs.set(id, (runs.get(id) ?? 0) + 1);
  for (const entry of ledger) {
    const { id, method, outcome, status, redirector, sentAtMs, endedAtMs } = entry;
    const count = runs.get(id) ?? 0;
    const told = `${method} ${id} by ${redirector} was told ${outcome} (${status}) and ran ${count} times`;
    if (method === 'POST' ? count > 1 : count > 2) throw new Violation('S8', told);
    switch (outcome) {
      case 'answered':
        if (count === 0) throw new Violation('S7', told);
        break;
      case 'not-executed':
      case 'unsent':
        if (count > 0) throw new Violation('S7', told);
        break;
      case 'foreign':
      case 'wordless':
        throw new Violation('S7', told);
      case 'cut':
        if (count === 0) throw new Violation('S7', told);
        break;
      case 'lost':
        if (!wasOut(redirector, outages, { fromMs: sentAtMs, toMs: endedAtMs })) {
          throw new Violation('S7', told);
        }
        break;
      case 'open':
      case 'late':
        throw new Violation('L1', told);
      case 'unknown':
      case 'gone':
        break;
    }
  }
}

function wasOut(
  redirector: string,
  outages: Evidence['outages'],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): boolean {
  return outages.get(redirector)?.some((out) => out.fromMs <= toMs && out.toMs >= fromMs) === true;
}

/** S9: what one session was answered ran in its order. */
function judgeOrder(evidence: Evidence): void {
  const ranAt = new Map<string, number>();
  for (const [index, execution] of evidence.journal.entries()) {
    const { id, method } = execution;
    // A safe request may run twice; and what ran where `availability` did not wait is excused.
    const isFirst = !ranAt.has(id);
    if (isFirst || (method !== 'GET' && !isExcused(execution, evidence))) ranAt.set(id, index);
  }
  const last = new Map<string, number>();
  for (const { id, session, outcome } of evidence.ledger) {
    const at = ranAt.get(id);
    if (outcome !== 'answered' || at === undefined) continue;
    if (at < (last.get(session) ?? -1)) throw new Violation('S9', `${id} ran before its turn`);
    last.set(session, at);
  }
}

/** Until then the redirector may hold the resource; or it did not know that there is one. */
function untilMsAt(moving: Moving, redirector: string): number {
  const { seenUntilMs, learnedAtMs, isPlacement } = moving;
  const learned = isPlacement ? (learnedAtMs.get(redirector) ?? Infinity) : 0;
  return Math.max(learned, seenUntilMs.get(redirector) ?? 0);
}

/** L4: whatever becomes of store and api, what is not being moved is answered. */
function judgeAutonomy({ ledger, checker, policyOf }: Evidence): void {
  for (const { id, resource, redirector, sentAtMs, endedAtMs, outcome, status } of ledger) {
    if (outcome === 'answered' || outcome === 'gone' || outcome === 'unsent') continue;
    const wasMoving = checker.moving.some(
      (moving) =>
        moving.resource === resource &&
        moving.fromMs <= endedAtMs &&
        Math.max(moving.toMs, untilMsAt(moving, redirector)) >= sentAtMs,
    );
    const isPlaced = [...checker.commits].some(
      ([key, { atMs }]) => key.startsWith(`${resource}@`) && atMs < sentAtMs,
    );
    const needsLease = policyOf(resource as ResourceId) === 'consistency';
    if (wasMoving || !isPlaced || needsLease) continue;
    throw new Violation('L4', `${id} for ${resource} was told ${outcome} (${status})`);
  }
}

function described({ id, server, since, beganAtMs, resource }: Execution): string {
  return `${id} began at ${server} for ${resource}@${since} at ${beganAtMs.toFixed(1)}`;
}

function parsed(since: string): Generation {
  return readGeneration(since) ?? NO_GENERATION;
}

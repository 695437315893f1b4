import type { LostSourcePolicy, MemberId, ResourceId } from '../../core/domain.js';
import type { Generation } from '../../core/generation.js';
import {
  NO_GENERATION,
  compareGenerations,
  formatGeneration,
  isSameGeneration,
  readGeneration,
} from '../../core/generation.js';
import type { Json } from '../../core/json.js';
import type { Transaction, TransactResult } from '../../core/table-store/port.js';
import type {
  Ack,
  CoordinatorRecord,
  MemberRecord,
  SwitchRecord,
} from '../../core/table-store/records/switch.js';
import { ACK, COORDINATOR, MEMBER, SWITCH } from '../../core/table-store/records/switch.js';
import type { PlacementRecord } from '../../core/table-store/records/table.js';
import { HEAD, PLACEMENT } from '../../core/table-store/records/table.js';
import type { Redirector } from '../../redirector/redirector.js';
import type { Execution } from './app.js';
import type { LedgerEntry } from './client.js';

/** A rule of reliability: the names are those of docs/ARCHITECTURE.md, "Invariants". */
export type Rule =
  | 'S1'
  | 'S2'
  | 'S3'
  | 'S4'
  | 'S5'
  | 'S6'
  | 'S7'
  | 'S8'
  | 'S9'
  | 'S10'
  | 'L1'
  | 'L2'
  | 'L3'
  | 'crash';

export class Violation extends Error {
  constructor(
    readonly rule: Rule,
    what: string,
  ) {
    super(`${rule}: ${what}`);
  }
}

/** A redirector as the checker sees it: the real one, and whether its process could act now. */
export interface Observed {
  readonly redirector: Redirector;
  readonly isAlive: () => boolean;
}

export interface CheckerOptions {
  readonly policyOf: (resource: ResourceId) => LostSourcePolicy;
  readonly isFenced: (server: string) => boolean;
  readonly heldMax: number;
}

/** A member's lease as it really is: from the sending of its last renewal that the store took. */
interface TrueLease {
  readonly boot: string;
  readonly untilMs: number;
}

/**
 * Watches everything from outside and compares it with the rules. It believes nothing that the code under
 * test says of itself where it can see the thing: journals, the store's transactions, clients' ledgers.
 */
export class Checker {
  readonly journal: Execution[] = [];
  readonly ledger: LedgerEntry[] = [];
  readonly redirectors = new Map<string, Observed>();
  readonly #options: CheckerOptions;
  readonly #records = new Map<string, Json>();
  readonly #leases = new Map<string, TrueLease>();
  /** `resource@since` that a commit took from a server which could not be asked. */
  readonly #takenFromLost = new Set<string>();
  readonly #highest = new Map<string, Generation>();
  #commits = 0;
  #giveBacks = 0;
  #failovers = 0;

  constructor(options: CheckerOptions) {
    this.#options = options;
  }

  get counts() {
    return { commits: this.#commits, giveBacks: this.#giveBacks, failovers: this.#failovers };
  }

  /** A transaction, right after the store answered it. */
  transacted(
    by: string,
    transaction: Transaction,
    result: TransactResult,
    { sentAtMs, nowMs }: { readonly sentAtMs: number; readonly nowMs: number },
  ): void {
    if (!result.committed) return;
    const before = new Map(this.#records);
    for (const { key, value } of transaction.writes) {
      if (value === null) this.#records.delete(key);
      else this.#records.set(key, value);
    }
    const keys = transaction.writes.map(({ key }) => key);
    const own = transaction.writes.find(({ key }) => key === MEMBER.key(by as MemberId));
    if (own !== undefined && own.value !== null) {
      const { boot, leaseMs } = MEMBER.parse(own.key, own.value);
      this.#leases.set(by, { boot, untilMs: sentAtMs + leaseMs });
    }
    this.#checkHead(before);
    if (keys.some((key) => key === SWITCH.key('open') || key === HEAD.key('head'))) {
      this.#checkCoordinator(by, before);
    }
    this.#checkPlacements(keys, before, nowMs);
  }

  executed(execution: Execution): void {
    this.journal.push(execution);
  }

  /** A redirector writes to a server that has no fence: the head of a request, if it is one. */
  forwarded(from: string, resource: ResourceId, nowMs: number): void {
    if (this.#options.policyOf(resource) !== 'consistency') return;
    const lease = this.#leases.get(from);
    if (lease === undefined || nowMs >= lease.untilMs) {
      throw new Violation('S6', `${from} sent a request for ${resource} after its lease`);
    }
  }

  /** At any time: what is true of every observer at every moment. */
  observe(): void {
    for (const [name, { redirector, isAlive }] of this.redirectors) {
      if (!isAlive()) continue;
      this.#neverFalls(`gate of ${name}`, redirector.gate.generation);
      if (redirector.gate.heldRequests > this.#options.heldMax) {
        throw new Violation('S10', `${name} holds ${redirector.gate.heldRequests} requests`);
      }
    }
  }

  agentHeard(agent: string, highest: Generation): void {
    this.#neverFalls(`agent of ${agent}`, highest);
  }

  /** What begins anew may begin with less: another process, a lost disk. */
  forget(observer: string): void {
    this.#highest.delete(observer);
  }

  /** When all is over: who ran what, and what clients were told. */
  judge(): void {
    this.#judgeOwnership();
    this.#judgeAnswers();
    this.#judgeOrder();
  }

  #neverFalls(observer: string, generation: Generation): void {
    const highest = this.#highest.get(observer) ?? NO_GENERATION;
    if (compareGenerations(generation, highest) < 0) {
      const fell = `${formatGeneration(highest)} to ${formatGeneration(generation)}`;
      throw new Violation('S3', `${observer} fell from ${fell}`);
    }
    this.#highest.set(observer, generation);
  }

  #checkHead(before: ReadonlyMap<string, Json>): void {
    const key = HEAD.key('head');
    const [was, is] = [before.get(key), this.#records.get(key)];
    if (was === undefined || is === undefined) return;
    const [former, head] = [HEAD.parse(key, was), HEAD.parse(key, is)];
    if (
      compareGenerations(head.generation, former.generation) < 0 ||
      compareGenerations(head.reserved, former.reserved) < 0
    ) {
      throw new Violation('S3', 'the generation in the store fell');
    }
  }

  #checkCoordinator(by: string, before: ReadonlyMap<string, Json>): void {
    const key = COORDINATOR.key('lease');
    const stored = before.get(key);
    const lease: CoordinatorRecord | undefined =
      stored === undefined ? undefined : COORDINATOR.parse(key, stored);
    const self = this.redirectors.get(by)?.redirector.membership;
    if (lease?.member !== by || lease.boot !== self?.boot) {
      throw new Violation(
        'S5',
        `${by} acted as coordinator, which is ${lease?.member ?? 'nobody'}`,
      );
    }
  }

  #checkPlacements(
    keys: readonly string[],
    before: ReadonlyMap<string, Json>,
    nowMs: number,
  ): void {
    const changed = keys.filter((key) => key.startsWith(`${PLACEMENT.prefix}/`));
    const moved = changed.filter((key) => this.#serverAt(key, before) !== this.#serverAt(key));
    const open = this.#records.get(SWITCH.key('open'));
    const record = open === undefined ? undefined : SWITCH.parse('switch/open', open);
    const wasOpen = before.get(SWITCH.key('open'));
    const former = wasOpen === undefined ? undefined : SWITCH.parse('switch/open', wasOpen);
    const isCommit = record?.state === 'committed' && former?.state !== 'committed';
    if (!isCommit) {
      const isRestoring = moved.every((key) => this.#placement(key)?.by === 'restored');
      if (moved.length > 0 && !isRestoring)
        throw new Violation('S4', `${moved.join(', ')} moved outside a commit`);
      return;
    }
    this.#checkCommit(record, { moved, before, nowMs });
  }

  #checkCommit(
    record: SwitchRecord,
    {
      moved,
      before,
      nowMs,
    }: { moved: readonly string[]; before: ReadonlyMap<string, Json>; nowMs: number },
  ): void {
    if (record.returnGeneration !== null) {
      this.#giveBacks += 1;
      if (moved.length > 0) throw new Violation('S4', 'a give-back moved something');
      return;
    }
    this.#commits += 1;
    if (record.lost.length > 0) this.#failovers += 1;
    const expected = record.moves.map(({ resource }) => PLACEMENT.key(resource)).sort();
    if ([...moved].sort().join() !== expected.join()) {
      throw new Violation('S4', `batch of ${expected.join()} moved ${moved.join()}`);
    }
    for (const { resource, source, since } of record.moves) {
      const was = this.#placement(PLACEMENT.key(resource), before);
      const isSame =
        was === undefined ? since === null : since !== null && isSameGeneration(was.since, since);
      if (!isSame) throw new Violation('L3', `${resource} was moved from a state that was over`);
      if (source !== null && since !== null && record.lost.includes(source)) {
        this.#takenFromLost.add(`${resource}@${formatGeneration(since)}`);
      }
    }
    this.#checkAgreement(record, nowMs);
  }

  /** At a commit every redirector whose lease lives holds, and has said so. */
  #checkAgreement(record: SwitchRecord, nowMs: number): void {
    for (const [name, { redirector, isAlive }] of this.redirectors) {
      const lease = this.#leases.get(name);
      if (!isAlive() || lease === undefined || nowMs >= lease.untilMs) continue;
      const member = this.#member(name);
      if (member?.boot !== lease.boot || redirector.membership.boot !== lease.boot) continue;
      const ack = this.#ack(name);
      const isAcked =
        ack?.boot === lease.boot &&
        isSameGeneration(ack.generation, record.generation) &&
        (ack.step === 'attached' || ack.step === 'resumed');
      const isHeld = record.moves.every(({ resource }) => redirector.gate.isHeld(resource));
      if (!isAcked || !isHeld) {
        throw new Violation('S2', `committed without ${name}, whose lease lives`);
      }
    }
  }

  /** Nothing runs at a server after something ran under a newer generation, or at another under the same. */
  #judgeOwnership(): void {
    const newest = new Map<string, Execution>();
    for (const execution of this.journal) {
      const { resource, server, since } = execution;
      if (!this.#options.isFenced(server)) continue;
      const former = newest.get(resource);
      if (former === undefined) {
        newest.set(resource, execution);
        continue;
      }
      const order = compareGenerations(parsed(since), parsed(former.since));
      if (order === 0 && server !== former.server) {
        throw new Violation('S1', `${resource} had two servers at ${since}`);
      }
      if (order < 0 && !this.#isExcused(resource, since)) {
        const late = `${execution.id} ran at ${server} (${since})`;
        const early = `${former.id} ran at ${former.server} (${former.since})`;
        throw new Violation(
          'S1',
          `${resource}: ${late} at ${execution.atMs}, after ${early} at ${former.atMs}`,
        );
      }
      if (order > 0) newest.set(resource, execution);
    }
  }

  /** `availability` goes on when a server is lost, without knowing that it stopped: that is its meaning. */
  #isExcused(resource: string, since: string): boolean {
    return (
      this.#options.policyOf(resource as ResourceId) === 'availability' &&
      this.#takenFromLost.has(`${resource}@${since}`)
    );
  }

  #judgeAnswers(): void {
    const runs = new Map<string, number>();
    for (const { id } of this.journal) runs.set(id, (runs.get(id) ?? 0) + 1);
    for (const { id, method, outcome, status, redirector } of this.ledger) {
      const count = runs.get(id) ?? 0;
      const told = `${method} ${id} by ${redirector} was told ${outcome} (${status}) and ran ${count} times`;
      if (outcome === 'foreign') throw new Violation('S7', `foreign answer: ${told}`);
      if (outcome === 'refused') throw new Violation('S7', `no word about execution: ${told}`);
      if (outcome === 'open') throw new Violation('L1', `never ended: ${told}`);
      if (outcome === 'answered' && count === 0) throw new Violation('S7', told);
      if (outcome === 'not-executed' && count > 0) throw new Violation('S7', told);
      if (method === 'POST' && count > 1) throw new Violation('S8', told);
      if (count > 2) throw new Violation('S8', told);
    }
  }

  /** What one session was answered ran in its order. */
  #judgeOrder(): void {
    const ranAt = new Map<string, number>();
    for (const [index, { id, method, resource, since }] of this.journal.entries()) {
      // A safe request may run twice; and what ran where `availability` did not wait is excused.
      const isFirst = !ranAt.has(id);
      if (isFirst || (method !== 'GET' && !this.#isExcused(resource, since))) ranAt.set(id, index);
    }
    const last = new Map<string, number>();
    for (const { id, session, outcome } of this.ledger) {
      const at = ranAt.get(id);
      if (outcome !== 'answered' || at === undefined) continue;
      if (at < (last.get(session) ?? -1)) throw new Violation('S9', `${id} ran before its turn`);
      last.set(session, at);
    }
  }

  #serverAt(key: string, records: ReadonlyMap<string, Json> = this.#records): string | undefined {
    return this.#placement(key, records)?.server;
  }

  #placement(
    key: string,
    records: ReadonlyMap<string, Json> = this.#records,
  ): PlacementRecord | undefined {
    const value = records.get(key);
    return value === undefined ? undefined : PLACEMENT.parse(key, value);
  }

  #member(name: string): MemberRecord | undefined {
    const value = this.#records.get(MEMBER.key(name as MemberId));
    return value === undefined ? undefined : MEMBER.parse('member', value);
  }

  #ack(name: string): Ack | undefined {
    const value = this.#records.get(ACK.key(name as MemberId));
    return value === undefined ? undefined : ACK.parse('ack', value);
  }
}

function parsed(since: string): Generation {
  return readGeneration(since) ?? NO_GENERATION;
}

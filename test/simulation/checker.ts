import type {
  DrainPolicy,
  LostSourcePolicy,
  MemberId,
  ResourceId,
  ServerId,
} from '../../core/domain.js';
import type { Generation } from '../../core/generation.js';
import {
  NO_GENERATION,
  compareGenerations,
  formatGeneration,
  isSameGeneration,
  newestGeneration,
} from '../../core/generation.js';
import type { Changes, Transaction, TransactResult } from '../../core/table-store/port.js';
import type { SwitchRecord } from '../../core/table-store/records/switch.js';
import { ACK, MEMBER, SWITCH } from '../../core/table-store/records/switch.js';
import { HEAD, PLACEMENT } from '../../core/table-store/records/table.js';
import type { Redirector } from '../../redirector/redirector.js';
import type { SimProcess } from './process.js';
import { Records } from './records.js';
import { Violation } from './violation.js';

/** A redirector as the checker sees it: the real one, and the process in which it runs. */
export interface Observed {
  readonly redirector: Redirector;
  readonly process: SimProcess;
}

export interface CheckerOptions {
  readonly policyOf: (resource: ResourceId) => LostSourcePolicy;
  readonly drainPolicyOf: (resource: ResourceId) => DrainPolicy;
  readonly isFenced: (server: string) => boolean;
  /** The process that made that name of a life. */
  readonly processOf: (boot: string) => SimProcess | undefined;
  readonly heldMax: number;
  readonly heldPerResourceMax: number;
  /** Nothing waits longer at a gate whose process runs. */
  readonly heldMaxMs: number;
}

/** A member's lease as it really is: from the sending of its last renewal that the store took. */
interface TrueLease {
  readonly boot: string;
  readonly untilMs: number;
  /** When there was something that it must read before it knows what is open: its own first record, a changed table. */
  newsAtMs: number;
  /** It has read the store since. */
  isSettled: boolean;
}

export interface Departure {
  readonly resource: string;
  readonly server: string;
  readonly atMs: number;
  /** Redirectors whose leases lived. */
  readonly live: readonly string[];
}

interface Taken {
  readonly resource: string;
  readonly server: string;
  readonly since: Generation;
}

/** A time in which a resource was in an open switch. */
export interface Moving {
  readonly resource: string;
  readonly fromMs: number;
  toMs: number;
  /** Redirectors that saw it open, and when each read that it is over: until then they may hold the resource. */
  readonly seenUntilMs: Map<string, number>;
}

/**
 * Watches everything from outside, at the moment it happens, and compares it with the rules. It believes nothing
 * that the code under test says of itself where it can see the thing: the store's transactions, bytes on the
 * wire, the gates. What can only be told in the end is `judge.ts`'s.
 */
export class Checker {
  readonly redirectors = new Map<string, Observed>();
  /** When a generation gave a resource to a server: `resource@since` → commit. */
  readonly commits = new Map<string, { readonly server: string; readonly atMs: number }>();
  /** Planned moves away from servers without a fence: who was live then has nothing under way there any more. */
  readonly departures: Departure[] = [];
  /** What commits took from servers which could not be asked. */
  readonly #takenFromLost: Taken[] = [];
  readonly moving: Moving[] = [];
  readonly #options: CheckerOptions;
  #records = Records.none;
  readonly #leases = new Map<string, TrueLease>();
  /** Every table that ever was, by its generation: resource → `server@since`. */
  readonly #tables = new Map<string, ReadonlyMap<string, string>>();
  /** The newest generation that gave a resource to a server, in any store. */
  readonly #dated = new Map<string, Generation>();
  readonly #highest = new Map<string, Generation>();
  /** Who has agreed to which switch in which life: a later life, or a later word of it, does not unsay that. */
  readonly #agreed = new Set<string>();
  readonly #switched = new Set<string>();
  readonly #rescued = new Set<string>();
  readonly #losses = new Set<string>();
  /** The newest incarnation of any store; and that of the last one that was put back. */
  #incarnation = 0;
  #fellBelow = -1;
  #giveBacks = 0;
  #failovers = 0;

  constructor(options: CheckerOptions) {
    this.#options = options;
  }

  get records(): Records {
    return this.#records;
  }

  get counts() {
    const commits = this.#switched.size;
    return { commits, giveBacks: this.#giveBacks, failovers: this.#failovers };
  }

  /** A transaction, right after the store answered it. */
  transacted(
    process: SimProcess,
    transaction: Transaction,
    result: TransactResult,
    { sentAtMs, nowMs }: { readonly sentAtMs: number; readonly nowMs: number },
  ): void {
    if (!result.committed) return;
    const before = this.#records;
    const { writes } = transaction;
    this.#records = before.with(writes);
    const wrote = (key: string): boolean => writes.some((write) => write.key === key);
    if (wrote(MEMBER.key(process.name as MemberId))) this.#renewed(process.name, sentAtMs, nowMs);
    if (wrote(ACK.key(process.name as MemberId))) this.#acknowledged(process.name as MemberId);
    for (const server of this.#records.lost) {
      if (before.lossOf(server) === undefined) this.#checkLoss(server, nowMs);
    }
    const isSwitch = wrote(SWITCH.key('open'));
    const isHead = wrote(HEAD.key('head'));
    if (isSwitch || isHead) this.#checkCoordinator(process, before);
    if (isHead) this.#checkHead(before);
    const { incarnation = 0 } = this.#records.head?.reserved ?? {};
    this.#incarnation = Math.max(this.#incarnation, incarnation);
    if (isSwitch) this.#noteMoving(nowMs);
    const isTable = writes.some(({ key }) => key.startsWith(`${PLACEMENT.prefix}/`));
    if (isSwitch || isHead || isTable) this.#checkTable(before, nowMs);
  }

  /** The resource was taken from that server, lost, which believed in that generation or an older one. */
  wasTakenFromLost({ resource, server, since }: Taken): boolean {
    return this.#takenFromLost.some(
      (taken) =>
        taken.resource === resource &&
        taken.server === server &&
        compareGenerations(taken.since, since) >= 0,
    );
  }

  /** A process was answered what it read. */
  hasRead(process: SimProcess, sentAtMs: number, nowMs: number): void {
    this.#noteSeen(process.name, sentAtMs, nowMs);
    const lease = this.#leases.get(process.name);
    if (lease === undefined || this.#options.processOf(lease.boot) !== process) return;
    const isCaughtUp = (this.#records.head?.reserved.incarnation ?? 0) > this.#fellBelow;
    if (sentAtMs >= lease.newsAtMs && isCaughtUp) lease.isSettled = true;
  }

  /** The store begins anew with what a backup holds. */
  putBack(backup: Changes | undefined, nowMs: number): void {
    this.#records = Records.of(backup);
    // What it forgot may have to be done again.
    this.#switched.clear();
    this.#rescued.clear();
    // Until it has caught up, who is allowed what is nowhere written down.
    this.#fellBelow = Math.max(this.#fellBelow, this.#incarnation);
    this.#unsettle(nowMs);
  }

  /** A redirector writes to a server that has no fence: the head of a request for the resource, or more of it. */
  forwarded(
    from: string,
    server: string,
    { resource, isHead, nowMs }: { resource: ResourceId; isHead: boolean; nowMs: number },
  ): void {
    const lease = this.#leases.get(from);
    const isLive = lease !== undefined && nowMs < lease.untilMs;
    if (!isLive && this.#options.policyOf(resource) === 'consistency') {
      throw new Violation('S6', `${from} sent something for ${resource} after its lease`);
    }
    // One that is cut off serves on, and nothing is claimed for it.
    if (!isHead || !isLive || !lease.isSettled) return;
    const allowed = this.#ownerOf(resource);
    if (server !== allowed && !this.#isForgotten(resource)) {
      const owner = allowed ?? 'nobody';
      throw new Violation('S1', `${from} sent ${resource} to ${server}, which is ${owner}'s`);
    }
  }

  /** At any time: what is true of every observer at every moment. */
  observe(nowMs: number): void {
    for (const [name, { redirector, process }] of this.redirectors) {
      if (!process.isAlive) continue;
      const { gate, view } = redirector;
      this.#neverFalls(`gate of ${name}`, gate.generation);
      this.#neverFalls(`view of ${name}`, view.reserved);
      this.#checkGate(name, redirector);
      if (!process.isPaused) this.#checkHeld(name, redirector, nowMs);
    }
  }

  agentHeard(agent: string, highest: Generation): void {
    this.#neverFalls(`agent of ${agent}`, highest);
  }

  /** What begins anew may begin with less: another process, a lost disk. */
  forget(...observers: string[]): void {
    for (const key of this.#highest.keys()) {
      if (observers.some((observer) => key.startsWith(observer))) this.#highest.delete(key);
    }
  }

  #renewed(name: string, sentAtMs: number, nowMs: number): void {
    const record = this.#records.member(name as MemberId);
    if (record === undefined) return;
    const { boot, leaseMs } = record;
    const former = this.#leases.get(name);
    const isSame = former?.boot === boot;
    this.#leases.set(name, {
      boot,
      untilMs: sentAtMs + leaseMs,
      newsAtMs: isSame ? former.newsAtMs : nowMs,
      isSettled: isSame && former.isSettled,
    });
  }

  #acknowledged(name: MemberId): void {
    const ack = this.#records.ack(name);
    if (ack?.step !== 'attached' && ack?.step !== 'resumed') return;
    const agreement = agreementOf(name, ack.boot, ack.generation);
    if (ack.obstacles.length === 0 && ack.refusals.length === 0) this.#agreed.add(agreement);
    else this.#agreed.delete(agreement);
  }

  /** The table changed without a switch: who is live learns it when it next reads. */
  #unsettle(nowMs: number): void {
    for (const lease of this.#leases.values()) {
      lease.newsAtMs = nowMs;
      lease.isSettled = false;
    }
  }

  #neverFalls(observer: string, generation: Generation): void {
    const highest = this.#highest.get(observer) ?? NO_GENERATION;
    if (compareGenerations(generation, highest) < 0) {
      const fell = `${formatGeneration(highest)} to ${formatGeneration(generation)}`;
      throw new Violation('S3', `${observer} fell from ${fell}`);
    }
    this.#highest.set(observer, generation);
  }

  /**
   * A server is lost by the word of more than half of those whose leases live: one cut link is no loss. A loss that
   * was known comes back as it was when an older store is restored.
   */
  #checkLoss(server: string, nowMs: number): void {
    const loss = this.#records.lossOf(server) ?? '';
    if (this.#losses.has(loss)) return;
    this.#losses.add(loss);
    const members = this.#records.members.map((name) => this.#records.member(name));
    const reporters = members.filter((member) => server in (member?.unreachable ?? {})).length;
    const live = this.#records.members.filter((name) => this.#liveBoot(name, nowMs) !== undefined);
    if (2 * reporters <= live.length) {
      throw new Violation('L5', `${server} was lost by ${reporters} of ${live.length}`);
    }
    this.#checkPanic(server as ServerId, live);
  }

  /**
   * Nothing is lost for its silence while most servers are silent. The coordinator has the records of those that it
   * counts as live as they are. It may count some whose leases are over: a server is silent here only if it is
   * whichever of them it counts.
   */
  #checkPanic(server: ServerId, live: readonly MemberId[]): void {
    const unreachableFor = (name: MemberId) => this.#records.member(name)?.unreachable ?? {};
    const evidenceOf = (other: ServerId) =>
      live.flatMap((name) => unreachableFor(name)[other]?.evidence ?? []);
    if (evidenceOf(server).every((evidence) => evidence === 'refused')) return;
    const over = this.#records.members.filter((name) => !live.includes(name));
    const holders = new Set([...this.#records.placements.values()].map((row) => row.server));
    const wanted = this.#records.wantedServers;
    const silent = wanted.filter((other) => {
      const evidence = evidenceOf(other);
      const hearing = over.filter((name) => unreachableFor(name)[other] === undefined);
      const isOutOfReach = 2 * evidence.length > live.length + hearing.length;
      if (!isOutOfReach || !evidence.includes('silent')) return false;
      return holders.has(other) && !this.#records.isDead(other);
    });
    if (2 * silent.length <= wanted.length) return;
    throw new Violation('L5', `${server} was lost while ${silent.join(', ')} were silent`);
  }

  /** The life under this name whose lease lives; undefined: none. */
  #liveBoot(name: MemberId, nowMs: number): string | undefined {
    const lease = this.#leases.get(name);
    const boot = this.#records.member(name)?.boot;
    return lease !== undefined && lease.boot === boot && nowMs < lease.untilMs ? boot : undefined;
  }

  #checkHead(before: Records): void {
    const [former, head] = [before.head, this.#records.head];
    if (former === undefined || head === undefined) return;
    if (
      compareGenerations(head.generation, former.generation) < 0 ||
      compareGenerations(head.reserved, former.reserved) < 0 ||
      compareGenerations(head.generation, head.reserved) > 0
    ) {
      throw new Violation('S3', 'the generation in the store fell');
    }
    if (isSameGeneration(head.reserved, former.reserved)) return;
    for (const [observer, highest] of this.#highest) {
      if (compareGenerations(head.reserved, highest) > 0) continue;
      const reserved = formatGeneration(head.reserved);
      const known = formatGeneration(highest);
      throw new Violation('S3', `${reserved} was reserved, but the ${observer} knows ${known}`);
    }
  }

  #checkCoordinator(process: SimProcess, before: Records): void {
    const lease = before.coordinator;
    const isIts = lease?.member === process.name && this.#options.processOf(lease.boot) === process;
    if (isIts || this.#isRestoration(before)) return;
    const holder = lease === undefined ? 'nobody' : `${lease.member} in life ${lease.boot}`;
    throw new Violation('S5', `${process.name} acted as coordinator, which is ${holder}`);
  }

  /** Whoever knows more than the store may put it back: at a new incarnation, nothing made older. */
  #isRestoration(before: Records): boolean {
    const incarnation = this.#records.head?.generation.incarnation ?? 0;
    if (incarnation <= (before.head?.reserved.incarnation ?? 0)) return false;
    return [...before.placements].every(([resource, { since }]) => {
      const now = this.#records.placement(resource);
      return now !== undefined && compareGenerations(now.since, since) >= 0;
    });
  }

  #noteMoving(nowMs: number): void {
    const resources = new Set<string>(this.#records.open?.moves.map(({ resource }) => resource));
    for (const moving of this.moving) {
      if (moving.toMs === Infinity && !resources.delete(moving.resource)) moving.toMs = nowMs;
    }
    for (const resource of resources) {
      const seenUntilMs = new Map<string, number>();
      this.moving.push({ resource, fromMs: nowMs, toMs: Infinity, seenUntilMs });
    }
  }

  #noteSeen(redirector: string, sentAtMs: number, nowMs: number): void {
    for (const { fromMs, toMs, seenUntilMs } of this.moving) {
      const isOver = sentAtMs >= toMs;
      if (!isOver && nowMs >= fromMs) seenUntilMs.set(redirector, Infinity);
      else if (seenUntilMs.get(redirector) === Infinity) seenUntilMs.set(redirector, nowMs);
    }
  }

  /** A table changes by a commit, whole batches only, or by a restoration; each under a generation of its own. */
  #checkTable(before: Records, nowMs: number): void {
    const [former, table] = [before.placements, this.#records.placements];
    const changed = [...table].filter(([resource, { server, since }]) => {
      const was = former.get(resource);
      return was?.server !== server || !isSameGeneration(was.since, since);
    });
    this.#rememberTable(changed.map(([resource]) => resource));
    for (const [resource, { server, since }] of changed) {
      const was = former.get(resource);
      if (was !== undefined && compareGenerations(since, was.since) <= 0) {
        throw new Violation('S3', `the store's since of ${resource} fell`);
      }
      this.#rememberCommit(resource, { server, since }, nowMs);
    }
    if (this.#isRestoration(before)) {
      this.#unsettle(nowMs);
      return;
    }
    const { open } = this.#records;
    const isCommit = open?.state === 'committed' && before.open?.state !== 'committed';
    if (isCommit) {
      this.#checkCommit(open, { changed: changed.map(([resource]) => resource), before, nowMs });
      return;
    }
    const wild = changed.filter(
      ([resource, { server, by }]) => by !== 'restored' && former.get(resource)?.server !== server,
    );
    if (changed.length > 0) this.#unsettle(nowMs);
    // A switch that the store forgot had taken it from a server that is lost: its new owner's word counts.
    for (const [resource, { server }] of changed) {
      const was = former.get(resource);
      if (was === undefined || was.server === server || !before.lost.includes(was.server)) continue;
      this.#takenFromLost.push({ resource, server: was.server, since: was.since });
    }
    if (wild.length > 0) {
      throw new Violation('S4', `${wild.map(([id]) => id).join(', ')} moved outside a commit`);
    }
  }

  #rememberTable(changed: readonly string[]): void {
    const { head, placements } = this.#records;
    if (head === undefined) return;
    const generation = formatGeneration(head.generation);
    const rows = new Map<string, string>(
      [...placements].map(([id, { server, since }]) => [
        id,
        `${server}@${formatGeneration(since)}`,
      ]),
    );
    const known = this.#tables.get(generation);
    const isSame =
      known === undefined ||
      (known.size === rows.size && [...rows].every(([id, row]) => known.get(id) === row));
    if (!isSame) throw new Violation('S4', `${changed.join()} changed within ${generation}`);
    this.#tables.set(generation, rows);
  }

  #rememberCommit(
    resource: string,
    { server, since }: { readonly server: string; readonly since: Generation },
    nowMs: number,
  ): void {
    const key = `${resource}@${formatGeneration(since)}`;
    this.#dated.set(resource, newestGeneration(this.#dated.get(resource) ?? NO_GENERATION, since));
    const known = this.commits.get(key);
    if (known === undefined) this.commits.set(key, { server, atMs: nowMs });
    else if (known.server !== server) {
      throw new Violation('S1', `${key} gives it to ${server}, and gave it to ${known.server}`);
    }
  }

  #checkCommit(
    open: SwitchRecord,
    { changed, before, nowMs }: { changed: readonly ResourceId[]; before: Records; nowMs: number },
  ): void {
    const isGivenBack = open.returnGeneration !== null;
    const expected = open.moves.filter(({ source }) => !isGivenBack || source !== null);
    const batch = expected.map(({ resource }) => resource).sort();
    if ([...changed].sort().join() !== batch.join()) {
      throw new Violation('S4', `the batch of ${batch.join()} changed ${changed.join()}`);
    }
    for (const { resource, source, target } of expected) {
      const { server } = this.#records.placement(resource) ?? {};
      if (server !== (isGivenBack ? source : target)) {
        throw new Violation('S4', `${resource} went to ${server ?? 'nobody'}`);
      }
    }
    if (isGivenBack) this.#giveBacks += 1;
    else this.#checkForward(open, before, nowMs);
  }

  #checkForward(open: SwitchRecord, before: Records, nowMs: number): void {
    const batch = `${open.plan}/${open.batch}`;
    if (this.#switched.has(batch)) throw new Violation('L3', `batch ${batch} was switched twice`);
    this.#switched.add(batch);
    if (open.lost.length > 0) this.#failovers += 1;
    for (const { resource, source, since } of open.moves) {
      const was = before.placement(resource);
      const isSame =
        was === undefined ? since === null : since !== null && isSameGeneration(was.since, since);
      if (!isSame) throw new Violation('L3', `${resource} was moved from a state that was over`);
      if (source === null || since === null) continue;
      if (!before.lost.includes(source)) {
        const live = this.#records.members.filter((name) => this.#liveBoot(name, nowMs));
        this.departures.push({ resource, server: source, atMs: nowMs, live });
        continue;
      }
      this.#takenFromLost.push({ resource, server: source, since });
      this.#checkRescue(resource, before.lossOf(source) ?? '');
    }
    this.#checkAgreement(open, nowMs);
  }

  /** One loss moves a resource once. */
  #checkRescue(resource: string, loss: string): void {
    const rescue = `${resource} from ${loss}`;
    if (this.#rescued.has(rescue)) throw new Violation('L5', `${rescue} was moved again`);
    this.#rescued.add(rescue);
  }

  /** At a commit every redirector whose lease lives holds, and has said so. */
  #checkAgreement(open: SwitchRecord, nowMs: number): void {
    for (const name of this.#records.members) {
      const boot = this.#liveBoot(name, nowMs);
      if (boot === undefined) continue;
      const hasAgreed = this.#agreed.has(agreementOf(name, boot, open.generation));
      if (!hasAgreed || !this.#holds(name, boot, open)) {
        throw new Violation('S2', `committed without ${name}, whose lease lives`);
      }
    }
  }

  #holds(name: string, boot: string, { moves }: SwitchRecord): boolean {
    const observed = this.redirectors.get(name);
    const isItself =
      observed?.process.isAlive === true && this.#options.processOf(boot) === observed.process;
    return !isItself || moves.every(({ resource }) => observed.redirector.gate.isHeld(resource));
  }

  /** Who may be sent a request for the resource; before a commit the source, after it the target. */
  #ownerOf(resource: ResourceId): string | undefined {
    return this.#records.placement(resource)?.server;
  }

  /** The store was put back to before the resource's last move: the agents tell redirectors the newer truth. */
  #isForgotten(resource: ResourceId): boolean {
    const since = this.#records.placement(resource)?.since ?? NO_GENERATION;
    return compareGenerations(this.#dated.get(resource) ?? NO_GENERATION, since) > 0;
  }

  /** A gate's table is one that was, but for what it learned of newer commits. */
  #checkGate(name: string, { gate }: Redirector): void {
    const generation = formatGeneration(gate.generation);
    const table = this.#tables.get(generation);
    if (table === undefined) {
      if (isSameGeneration(gate.generation, NO_GENERATION)) return;
      throw new Violation('S4', `the gate of ${name} has ${generation}, which never was`);
    }
    for (const [id, row] of table) {
      const placement = gate.placementOf(id as ResourceId);
      if (placement === undefined) throw new Violation('S4', `the gate of ${name} lacks ${id}`);
      const since = formatGeneration(placement.since);
      this.#neverFalls(`gate of ${name} for ${id}`, placement.since);
      if (`${placement.server}@${since}` === row) continue;
      const isKnown = this.commits.get(`${id}@${since}`)?.server === placement.server;
      if (!isKnown) {
        throw new Violation(
          'S4',
          `the gate of ${name} gives ${id} to ${placement.server}@${since}`,
        );
      }
    }
  }

  #checkHeld(name: string, { gate }: Redirector, nowMs: number): void {
    const { heldMax, heldPerResourceMax, heldMaxMs } = this.#options;
    const { requests, mostOfOne, oldestAtMs } = gate.held();
    if (requests > heldMax || mostOfOne > heldPerResourceMax) {
      throw new Violation(
        'S10',
        `${name} holds ${requests} requests, ${mostOfOne} of one resource`,
      );
    }
    const oldestMs = nowMs - oldestAtMs;
    if (oldestMs > heldMaxMs) throw new Violation('L1', `${name} holds one for ${oldestMs} ms`);
  }
}

function agreementOf(member: MemberId, boot: string, generation: Generation): string {
  return `${member} ${boot} ${formatGeneration(generation)}`;
}

import type { DrainPolicy, LostSourcePolicy, MemberId, ResourceId } from '../../core/domain.js';
import type { Generation } from '../../core/generation.js';
import { compareGenerations, formatGeneration, isSameGeneration } from '../../core/generation.js';
import type { Changes, Transaction, TransactResult } from '../../core/table-store/port.js';
import type { SwitchRecord } from '../../core/table-store/records/switch.js';
import { ACK, MEMBER, SWITCH } from '../../core/table-store/records/switch.js';
import { HEAD, PLACEMENT } from '../../core/table-store/records/table.js';
import type { Redirector } from '../../redirector/redirector.js';
import { KnownGenerations } from './known-generations.js';
import type { Commit } from './known-tables.js';
import { KnownTables } from './known-tables.js';
import { LossRules } from './loss-rules.js';
import type { SimProcess } from './process.js';
import { Records } from './records.js';
import { TrueLeases } from './true-leases.js';
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
  /** It had no server before; and when each redirector read that it has one: until then it does not know the resource. */
  readonly isPlacement: boolean;
  readonly learnedAtMs: Map<string, number>;
}

/**
 * Watches everything from outside, at the moment it happens, and compares it with the rules. It believes nothing
 * that the code under test says of itself where it can see the thing: the store's transactions, bytes on the
 * wire, the gates. What can only be told in the end is `judge.ts`'s.
 */
export class Checker {
  readonly redirectors = new Map<string, Observed>();
  /** Planned moves away from servers without a fence: who was live then has nothing under way there any more. */
  readonly departures: Departure[] = [];
  /** What commits took from servers which could not be asked. */
  readonly #takenFromLost: Taken[] = [];
  readonly moving: Moving[] = [];
  readonly #options: CheckerOptions;
  #records = Records.none;
  readonly #leases: TrueLeases;
  readonly #generations = new KnownGenerations();
  readonly #tables = new KnownTables();
  readonly #losses = new LossRules();
  /** Who has agreed to which switch in which life: a later life, or a later word of it, does not unsay that. */
  readonly #agreed = new Set<string>();
  /** Batches that were switched, and their resources. */
  readonly #switched = new Map<string, readonly ResourceId[]>();
  /** The newest incarnation of any store; and that of the last one that was put back. */
  #incarnation = 0;
  #fellBelow = -1;
  #giveBacks = 0;
  #failovers = 0;

  constructor(options: CheckerOptions) {
    this.#options = options;
    this.#leases = new TrueLeases(options.processOf);
  }

  get records(): Records {
    return this.#records;
  }

  get commits(): ReadonlyMap<string, Commit> {
    return this.#tables.commits;
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
    when: { readonly sentAtMs: number; readonly nowMs: number },
  ): void {
    if (!result.committed) return;
    const { nowMs } = when;
    const before = this.#records;
    const { writes } = transaction;
    this.#records = before.with(writes);
    const wrote = (key: string): boolean => writes.some((write) => write.key === key);
    const member = process.name as MemberId;
    if (wrote(MEMBER.key(member))) this.#leases.renewed(member, this.#records, when);
    if (wrote(ACK.key(member))) this.#acknowledged(member);
    for (const server of this.#records.lost) {
      if (before.lossOf(server) === undefined) {
        this.#losses.lost(server, this.#records, this.#leases.live(this.#records, nowMs));
      }
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
    const isCaughtUp = (this.#records.head?.reserved.incarnation ?? 0) > this.#fellBelow;
    if (isCaughtUp) this.#leases.hasRead(process, sentAtMs);
  }

  /** The store begins anew with what a backup holds. */
  putBack(backup: Changes | undefined, nowMs: number): void {
    this.#records = Records.of(backup);
    // What it forgot may have to be done again.
    this.#switched.clear();
    this.#losses.forgetAllRescues();
    // Until it has caught up, who is allowed what is nowhere written down.
    this.#fellBelow = Math.max(this.#fellBelow, this.#incarnation);
    this.#leases.unsettle(nowMs);
  }

  /** A redirector writes to a server that has no fence: the head of a request for the resource, or more of it. */
  forwarded(
    from: string,
    server: string,
    { resource, isHead, nowMs }: { resource: ResourceId; isHead: boolean; nowMs: number },
  ): void {
    const isLive = this.#leases.isLive(from, nowMs);
    if (!isLive && this.#options.policyOf(resource) === 'consistency') {
      throw new Violation('S6', `${from} sent something for ${resource} after its lease`);
    }
    // One that is cut off serves on, and nothing is claimed for it.
    if (!isHead || !isLive || !this.#leases.isSettled(from)) return;
    const allowed = this.#ownerOf(resource);
    if (server !== allowed && !this.#tables.isForgotten(resource, this.#records)) {
      const owner = allowed ?? 'nobody';
      throw new Violation('S1', `${from} sent ${resource} to ${server}, which is ${owner}'s`);
    }
  }

  /** At any time: what is true of every observer at every moment. */
  observe(nowMs: number): void {
    for (const [name, { redirector, process }] of this.redirectors) {
      if (!process.isAlive) continue;
      const { gate, view } = redirector;
      this.#generations.observed(`gate of ${name}`, gate.generation);
      this.#generations.observed(`view of ${name}`, view.reserved);
      this.#tables.checkGate(name, gate, this.#generations);
      if (!process.isPaused) this.#checkHeld(name, redirector, nowMs);
    }
  }

  agentHeard(agent: string, highest: Generation): void {
    this.#generations.observed(`agent of ${agent}`, highest);
  }

  /** What begins anew may begin with less: another process, a lost disk. */
  forget(...observers: string[]): void {
    this.#generations.forget(observers);
  }

  #acknowledged(name: MemberId): void {
    const ack = this.#records.ack(name);
    if (ack?.step !== 'attached' && ack?.step !== 'resumed') return;
    const agreement = agreementOf(name, ack.boot, ack.generation);
    if (ack.obstacles.length === 0 && ack.refusals.length === 0) this.#agreed.add(agreement);
    else this.#agreed.delete(agreement);
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

  #checkHead(before: Records): void {
    this.#generations.checkHead(before, this.#records);
    const { reserved } = this.#records.head ?? {};
    const former = before.head?.reserved;
    const isGivenOut = reserved !== undefined && former !== undefined;
    if (isGivenOut && !isSameGeneration(reserved, former)) this.#tables.givesOut(reserved);
  }

  #noteMoving(nowMs: number): void {
    const resources = new Set<string>(this.#records.open?.moves.map(({ resource }) => resource));
    for (const moving of this.moving) {
      if (moving.toMs === Infinity && !resources.delete(moving.resource)) moving.toMs = nowMs;
    }
    for (const resource of resources) {
      this.moving.push({
        resource,
        fromMs: nowMs,
        toMs: Infinity,
        seenUntilMs: new Map(),
        isPlacement: this.#records.placement(resource as ResourceId) === undefined,
        learnedAtMs: new Map(),
      });
    }
  }

  #noteSeen(redirector: string, sentAtMs: number, nowMs: number): void {
    for (const { fromMs, toMs, seenUntilMs, learnedAtMs } of this.moving) {
      const isOver = sentAtMs >= toMs;
      if (isOver && !learnedAtMs.has(redirector)) learnedAtMs.set(redirector, nowMs);
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
    this.#tables.remember(
      this.#records,
      changed.map(([resource]) => resource),
    );
    for (const [resource, { server, since }] of changed) {
      const was = former.get(resource);
      if (was !== undefined && compareGenerations(since, was.since) <= 0) {
        throw new Violation('S3', `the store's since of ${resource} fell`);
      }
      this.#tables.committed(resource, { since, server, atMs: nowMs });
    }
    if (this.#isRestoration(before)) {
      this.#leases.unsettle(nowMs);
      this.#undone(changed.map(([resource]) => resource));
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
    if (changed.length > 0) this.#leases.unsettle(nowMs);
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

  /** What the older store did with these before the newer table came back is undone, and may have to be done again. */
  #undone(resources: readonly ResourceId[]): void {
    this.#losses.forgetRescues(resources);
    for (const [batch, moved] of this.#switched) {
      if (moved.some((resource) => resources.includes(resource))) this.#switched.delete(batch);
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
    this.#switched.set(
      batch,
      open.moves.map(({ resource }) => resource),
    );
    if (open.lost.length > 0) this.#failovers += 1;
    for (const { resource, source, since } of open.moves) {
      const was = before.placement(resource);
      const isSame =
        was === undefined ? since === null : since !== null && isSameGeneration(was.since, since);
      if (!isSame) throw new Violation('L3', `${resource} was moved from a state that was over`);
      if (source === null || since === null) continue;
      if (!before.lost.includes(source)) {
        const live = this.#leases.live(this.#records, nowMs);
        this.departures.push({ resource, server: source, atMs: nowMs, live });
        continue;
      }
      this.#takenFromLost.push({ resource, server: source, since });
      this.#losses.rescued(resource, before.lossOf(source) ?? '');
    }
    this.#checkAgreement(open, nowMs);
  }

  /** At a commit every redirector whose lease lives holds, and has said so. */
  #checkAgreement(open: SwitchRecord, nowMs: number): void {
    for (const name of this.#records.members) {
      const boot = this.#leases.liveBoot(name, this.#records, nowMs);
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

import type { Clock } from '../core/clock/port.js';
import type { MemberId } from '../core/domain.js';
import { codeOf, fail } from '../core/errors.js';
import { every } from '../core/every.js';
import { NO_GENERATION } from '../core/generation.js';
import type { Log } from '../core/log.js';
import { Draft } from '../core/table-store/draft.js';
import type { TableStore } from '../core/table-store/port.js';
import type { MemberRecord } from '../core/table-store/records/switch.js';
import { ACK, MEMBER, ROSTER } from '../core/table-store/records/switch.js';
import type { TableView } from '../core/table-store/view.js';

export interface MembershipOptions {
  readonly leaseMs: number;
  /** Others' leases are taken to last this much longer: clocks may run at slightly different rates. */
  readonly leaseMarginMs: number;
}

export const MEMBERSHIP_DEFAULTS: MembershipOptions = { leaseMs: 10_000, leaseMarginMs: 2000 };

export interface MembershipParts {
  readonly store: TableStore;
  readonly view: TableView;
  readonly clock: Clock;
  readonly log: Log;
  readonly self: MemberId;
  /** Names this process; no other has the same. */
  readonly boot: string;
}

/** What this redirector tells the others about itself. */
export type MemberReport = Pick<
  MemberRecord,
  'generation' | 'unreachable' | 'abandoned' | 'panic' | 'health' | 'addresses'
>;

/** Others write to the roster too; so often in a row is no chance any more. */
const ATTEMPTS_MAX = 10;

interface Seen {
  readonly boot: string;
  readonly beat: number;
  /** When this beat was first seen here. */
  readonly atMs: number;
}

/**
 * Who the live redirectors are. Leases are judged by each side's own monotonic clock: my own from when its
 * renewal was *sent*; another's from when I first *saw* the renewal, plus a margin, and only by a read that
 * was sent after that time. So nobody is taken for dead while it takes itself for alive, as long as clocks
 * run at nearly the same rate.
 *
 *   outside → joining ⇄ member → outside        joining: written, and not yet holding what an open switch holds
 *                └────────┴──→ usurped
 */
export class Membership {
  readonly #parts: MembershipParts;
  readonly #options: MembershipOptions;
  readonly #seen = new Map<MemberId, Seen>();
  /** Lives of this process that began, or tried to. */
  #lives = 0;
  /** Another process' life under this name, as it was last seen. */
  #rival: Pick<MemberRecord, 'boot' | 'beat'> | undefined;
  #beat = 0;
  #leaseUntilMs = -Infinity;
  #report: MemberReport;
  #writing: Promise<void> | undefined;
  #unwritten = false;
  #state: 'outside' | 'joining' | 'member' | 'usurped' = 'outside';
  /** A new life begins: hold what the open switch says, then it resolves. */
  onJoin: () => Promise<void> = () => Promise.resolve();
  /** The own lease lives until then, and what a switch holds is held. */
  onLease: (untilMs: number) => void = () => undefined;

  constructor(parts: MembershipParts, options: Partial<MembershipOptions> = {}) {
    this.#parts = parts;
    this.#options = { ...MEMBERSHIP_DEFAULTS, ...options };
    this.#report = {
      generation: NO_GENERATION,
      unreachable: {},
      abandoned: {},
      panic: false,
      health: null,
    };
    parts.view.onChange(() => {
      this.#observe();
    });
  }

  get self(): MemberId {
    return this.#parts.self;
  }

  /** Names this life: an ack of an earlier one does not count. */
  get boot(): string {
    return `${this.#parts.boot}.${this.#lives}`;
  }

  /** Names this process, whose lives these are. */
  get process(): string {
    return this.#parts.boot;
  }

  /** The own lease is not over, and the others know of it. */
  isLive(): boolean {
    const { view, clock, self } = this.#parts;
    const isKnown = view.get(MEMBER, self)?.value.boot === this.boot;
    return this.#state === 'member' && isKnown && clock.monotonicMs() < this.#leaseUntilMs;
  }

  /** A lease that nobody knows of, since the store forgot it, has run out after this. */
  get leaseMaxMs(): number {
    return this.#options.leaseMs + this.#options.leaseMarginMs;
  }

  /** Another process runs under this name. */
  get isUsurped(): boolean {
    return this.#state === 'usurped';
  }

  /** Those whose leases live or may live, by name. */
  liveMembers(): MemberId[] {
    const members: MemberId[] = [];
    for (const [id, { value }] of this.#parts.view.all(MEMBER)) {
      if (!this.#isOver(id, value)) members.push(id);
    }
    return members.sort();
  }

  /** Those whose leases are surely over, for longer than `ms`. */
  deadMembers(ms: number): MemberId[] {
    const members = [...this.#parts.view.all(MEMBER)];
    return members.flatMap(([id, { value }]) => (this.#isOver(id, value, ms) ? [id] : []));
  }

  /** This life of the member is surely over: its lease ran out, or another life took its place. */
  isOver(member: MemberId, boot: string): boolean {
    const record = this.#parts.view.get(MEMBER, member)?.value;
    return record?.boot !== boot || this.#isOver(member, record);
  }

  /**
   * This process of the member is surely over: it left, its lease ran out, or another took its place. A new life of
   * it is still the same process.
   */
  isProcessOver(member: MemberId, process: string): boolean {
    const record = this.#parts.view.get(MEMBER, member)?.value;
    if (record === undefined || !isLifeOf(record.boot, process)) return true;
    return this.#isOver(member, record);
  }

  /** It is over for longer than `ms`: what this life gave others for so long has run out too. */
  isLongOver(member: MemberId, boot: string, ms: number): boolean {
    const record = this.#parts.view.get(MEMBER, member)?.value;
    return record?.boot !== boot || this.#isOver(member, record, ms);
  }

  /**
   * Becomes a member in a new life. It counts as live, and as having its lease, only once it holds what an open
   * switch says: the coordinator counts on that. @throws ERR_STORE_UNAVAILABLE, ERR_STORE_AMBIGUOUS, ERR_CONFLICT
   */
  async join(): Promise<void> {
    const { view } = this.#parts;
    this.#lives += 1;
    this.#state = 'joining';
    await view.sync();
    for (let attempt = 1; !(await this.#write()); attempt++) {
      if (attempt >= ATTEMPTS_MAX) fail('ERR_CONFLICT', { what: `member ${this.self}` });
      await view.sync();
    }
    await this.onJoin();
    // Whoever left meanwhile stays outside.
    if (!this.#isInside) return;
    this.#state = 'member';
    this.onLease(this.#leaseUntilMs);
  }

  /** Keeps the lease until the signal aborts, through failures of the store. */
  run(signal: AbortSignal): Promise<void> {
    const everyMs = this.#options.leaseMs / 3;
    return every(this.#parts.clock, { everyMs, signal }, () => this.#renew());
  }

  /** Tells the others: which servers are out of reach at once, the generation with the next beat. */
  report(change: Partial<MemberReport>): void {
    const next = { ...this.#report, ...change };
    const isUrgent = !isSameReport(next, this.#report);
    this.#report = next;
    if (isUrgent && this.#isInside) void this.#renew();
  }

  /** Leaves for good, so that nobody waits for this redirector. */
  async leave(): Promise<void> {
    const { store, view, self } = this.#parts;
    if (!this.#isInside) return;
    this.#state = 'outside';
    this.#leaseUntilMs = -Infinity;
    await this.#writing;
    const draft = new Draft().expect(view, MEMBER, self).remove(MEMBER, self).remove(ACK, self);
    await store.transact(draft.transaction);
  }

  /** One write at a time; what is asked for meanwhile is in the next. */
  #renew(): Promise<void> {
    this.#unwritten = true;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  get #isInside(): boolean {
    return this.#state === 'joining' || this.#state === 'member';
  }

  async #writeAll(): Promise<void> {
    while (this.#unwritten && this.#isInside) {
      this.#unwritten = false;
      try {
        const isOver = this.#parts.clock.monotonicMs() >= this.#leaseUntilMs;
        if (isOver || this.#state === 'joining') await this.#rejoin();
        else if (!(await this.#write())) await this.#settleConflict();
      } catch (err) {
        this.#parts.log.warn({ err, code: codeOf(err) }, 'member lease not renewed');
      }
    }
  }

  /** In a new life, unless another process has this name. */
  async #rejoin(): Promise<void> {
    const { view, self, log } = this.#parts;
    await view.sync();
    if (this.#hasRival()) return;
    log.warn({ member: self }, 'member begins anew');
    await this.join();
  }

  /** The record is not as it was left: removed after a lapse, put back from a backup, or another process' now. */
  async #settleConflict(): Promise<void> {
    const { view, self } = this.#parts;
    await view.sync();
    // A store that came back older is not followed: until it is mended nothing can be renewed in it.
    if (view.regressed) return;
    if (view.get(MEMBER, self)?.value.boot === this.boot) this.#unwritten = true;
    else await this.#rejoin();
  }

  /**
   * Another process' life stands under this name. Until its lease is over, it may live: then nothing is done. If it
   * is seen to renew, it does live, and the name is its.
   */
  #hasRival(): boolean {
    const { view, self } = this.#parts;
    const record = view.get(MEMBER, self)?.value;
    const rival = this.#rival;
    this.#rival = undefined;
    if (record === undefined || this.#isOwn(record.boot) || this.#isOver(self, record))
      return false;
    this.#rival = { boot: record.boot, beat: record.beat };
    if (rival?.boot === record.boot && rival.beat !== record.beat) this.#usurped();
    return true;
  }

  /** A life of this process, however old: a store that came back older may name one. */
  #isOwn(boot: string): boolean {
    return isLifeOf(boot, this.#parts.boot);
  }

  #usurped(): void {
    this.#state = 'usurped';
    this.#parts.log.error({ member: this.self }, 'another redirector runs under this name');
  }

  async #write(): Promise<boolean> {
    const { store, view, self, clock } = this.#parts;
    const { leaseMs } = this.#options;
    this.#beat += 1;
    const record = { boot: this.boot, beat: this.#beat, leaseMs, ...this.#report };
    const draft = new Draft().expect(view, MEMBER, self).put(MEMBER, self, record);
    const isJoining = this.#state === 'joining';
    // Renewed in a store that lost it, it is as new to the others: who acts for all must have counted it.
    if (isJoining || view.get(MEMBER, self) === undefined) {
      const lives = (view.get(ROSTER, 'members')?.value.lives ?? 0) + 1;
      draft.expect(view, ROSTER, 'members').put(ROSTER, 'members', { lives });
    }
    const sentAtMs = clock.monotonicMs();
    const { committed } = await store.transact(draft.transaction);
    if (committed) {
      this.#leaseUntilMs = sentAtMs + leaseMs;
      if (!isJoining) this.onLease(this.#leaseUntilMs);
      await view.sync();
    }
    return committed;
  }

  #isOver(member: MemberId, { leaseMs }: MemberRecord, afterMs = 0): boolean {
    const seen = this.#seen.get(member);
    if (seen === undefined) return false;
    const overAtMs = seen.atMs + leaseMs + this.#options.leaseMarginMs;
    return this.#parts.view.syncedAtMs > overAtMs + afterMs;
  }

  #observe(): void {
    const { view, clock } = this.#parts;
    const members = view.all(MEMBER);
    for (const [id, { value }] of members) {
      const seen = this.#seen.get(id);
      if (seen?.boot === value.boot && seen.beat === value.beat) continue;
      this.#seen.set(id, { boot: value.boot, beat: value.beat, atMs: clock.monotonicMs() });
    }
    for (const id of this.#seen.keys()) if (!members.has(id)) this.#seen.delete(id);
    // Taken out after a lapse, or forgotten by the store: at once in again.
    const isForgotten = members.get(this.self)?.value.boot !== this.boot;
    if (this.#state === 'member' && isForgotten) void this.#renew();
  }
}

function isLifeOf(boot: string, process: string): boolean {
  return boot.startsWith(`${process}.`);
}

function isSameReport(a: MemberReport, b: MemberReport): boolean {
  return (
    a.panic === b.panic &&
    isSameRecord(a.abandoned, b.abandoned, (x, y) => x === y) &&
    isSameRecord(a.addresses ?? {}, b.addresses ?? {}, (x, y) => x === y) &&
    isSameRecord(a.unreachable, b.unreachable, (x, y) => x.evidence === y.evidence)
  );
}

function isSameRecord<Key extends string, Value>(
  a: Readonly<Record<Key, Value>>,
  b: Readonly<Record<Key, Value>>,
  isSame: (x: Value, y: Value) => boolean,
): boolean {
  const entries = Object.entries(a) as [Key, Value][];
  if (entries.length !== Object.keys(b).length) return false;
  return entries.every(([key, value]) => {
    const other = b[key] as Value | undefined;
    return other !== undefined && isSame(value, other);
  });
}

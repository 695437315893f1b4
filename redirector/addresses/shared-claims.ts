import type { Clock } from '../../core/clock/port.js';
import type { MemberId } from '../../core/domain.js';
import { Draft } from '../../core/table-store/draft.js';
import type { TableStore } from '../../core/table-store/port.js';
import type { FloatingAddressRecord } from '../../core/table-store/records/floating-address.js';
import { FLOATING_ADDRESS } from '../../core/table-store/records/floating-address.js';
import { MEMBER } from '../../core/table-store/records/switch.js';
import type { TableView } from '../../core/table-store/view.js';
import type { Membership } from '../membership.js';
import type { Claims, SharedAddress, Stand } from './claims.js';
import { preferredTo, turnsOf } from './rules.js';

export interface SharedClaimsParts {
  readonly store: TableStore;
  readonly view: TableView;
  readonly clock: Clock;
  readonly membership: Pick<
    Membership,
    | 'self'
    | 'process'
    | 'isLive'
    | 'isUsurped'
    | 'isProcessOver'
    | 'liveMembers'
    | 'leaseMaxMs'
    | 'report'
  >;
  /** What the other redirectors say of each other while there is no store. */
  readonly word: {
    /** Until then they let this redirector keep what it has. */
    readonly keptUntilMs: number;
    /** Until then this redirector leaves the address to who has it. */
    promisedUntilMs(ip: string): number;
  };
}

export interface SharedClaimsOptions {
  readonly addresses: readonly SharedAddress[];
  readonly leaseMs: number;
  readonly leaseMarginMs: number;
  /** One that should rather have an address gets it once it has stood ready for so long. */
  readonly handBackAfterMs: number;
}

/**
 * Whose an address is, by its record in the table store: the process' that wrote it last, as long as that is a live
 * member. So it changes hands only by a compare-and-set, and only when it was given up or when the lease of its
 * holder is surely over. The holder goes by its own lease, which ends before the others take it for over.
 */
export class SharedClaims implements Claims {
  readonly #parts: SharedClaimsParts;
  readonly #options: SharedClaimsOptions;
  #leaseUntilMs = -Infinity;
  /** Since when they stand ready without a break: by IP, then by member. */
  readonly #standing = new Map<string, Map<MemberId, number>>();
  /** Since when nobody has it. */
  readonly #freeSinceMs = new Map<string, number>();
  #storeId = '';
  /** A store that is not the one it was may have forgotten who has what: until then nobody's address is not free. */
  #quietUntilMs = -Infinity;

  constructor(parts: SharedClaimsParts, options: SharedClaimsOptions) {
    this.#parts = parts;
    this.#options = options;
    parts.view.onChange(() => {
      this.observe();
    });
  }

  get holdUntilMs(): number {
    const { membership, word } = this.#parts;
    return membership.isUsurped ? -Infinity : Math.max(this.#leaseUntilMs, word.keptUntilMs);
  }

  get marginMs(): number {
    return this.#options.leaseMarginMs;
  }

  /** The own lease, and with it all that is held, goes on until then. */
  setLease(untilMs: number): void {
    this.#leaseUntilMs = untilMs;
  }

  get leaseUntilMs(): number {
    return this.#leaseUntilMs;
  }

  standOf({ ip, prefer }: SharedAddress): Stand {
    const record = this.#recordOf(ip);
    const isMine = this.#isMine(record);
    return {
      isMine,
      isOffered: this.#isFree(ip, record) && this.#isOwnTurn(ip),
      isAwaited: isMine && this.#isAwaited(ip, prefer),
      term: record?.term ?? 0,
    };
  }

  async claim({ ip }: SharedAddress): Promise<void> {
    const { store, view, clock, membership } = this.#parts;
    const { self, process } = membership;
    const record = this.#recordOf(ip);
    const draft = new Draft().expect(view, FLOATING_ADDRESS, ip).put(FLOATING_ADDRESS, ip, {
      holder: { member: self, process },
      term: (record?.term ?? 0) + 1,
      sinceMs: clock.realtimeMs(),
    });
    // Whoever is taken for over and yet renews its lease in this moment keeps it.
    const former = record?.holder?.member;
    if (former !== undefined && former !== self) draft.expect(view, MEMBER, former);
    await store.transact(draft.transaction);
    await view.sync();
  }

  async yield({ ip }: SharedAddress): Promise<void> {
    const { store, view, clock } = this.#parts;
    const record = this.#recordOf(ip);
    if (record === undefined || !this.#isMine(record)) return;
    const draft = new Draft()
      .expect(view, FLOATING_ADDRESS, ip)
      .put(FLOATING_ADDRESS, ip, { ...record, holder: null, sinceMs: clock.realtimeMs() });
    await store.transact(draft.transaction);
    await view.sync();
  }

  stand(faults: Readonly<Record<string, string | null>>): void {
    this.#parts.membership.report({ addresses: faults });
  }

  #recordOf(ip: string): FloatingAddressRecord | undefined {
    return this.#parts.view.get(FLOATING_ADDRESS, ip)?.value;
  }

  #isMine(record: FloatingAddressRecord | undefined): boolean {
    const { self, process } = this.#parts.membership;
    return record?.holder?.member === self && record.holder.process === process;
  }

  /** It may be taken, by this redirector too. */
  #isFree(ip: string, record: FloatingAddressRecord | undefined): boolean {
    const { view, clock, membership, word } = this.#parts;
    if (view.regressed || !membership.isLive() || this.#isMine(record)) return false;
    const holder = record?.holder;
    if (holder === null) return true;
    if (holder !== undefined && !membership.isProcessOver(holder.member, holder.process))
      return false;
    const nowMs = clock.monotonicMs();
    return nowMs >= this.#quietUntilMs && nowMs >= word.promisedUntilMs(ip);
  }

  #isOwnTurn(ip: string): boolean {
    const { clock, membership } = this.#parts;
    const { addresses, leaseMs } = this.#options;
    const nowMs = clock.monotonicMs();
    const wishes = addresses.map(({ ip: each, prefer }) => ({
      ip: each,
      prefer,
      holder: this.#liveHolderOf(each),
      standing: [...(this.#standing.get(each) ?? new Map<MemberId, number>()).keys()],
    }));
    if (turnsOf(wishes).get(ip) === membership.self) return true;
    // Whose turn it is does not take it: it was told other wishes, or another list of addresses.
    const freeSinceMs = this.#freeSinceMs.get(ip);
    const isStanding = this.#standing.get(ip)?.has(membership.self) === true;
    return isStanding && freeSinceMs !== undefined && nowMs > freeSinceMs + leaseMs;
  }

  #isAwaited(ip: string, prefer: readonly MemberId[]): boolean {
    const { clock, membership } = this.#parts;
    const bySinceMs = this.#standing.get(ip);
    const nowMs = clock.monotonicMs();
    return preferredTo(membership.self, prefer).some((member) => {
      const sinceMs = bySinceMs?.get(member);
      return sinceMs !== undefined && nowMs >= sinceMs + this.#options.handBackAfterMs;
    });
  }

  #liveHolderOf(ip: string): MemberId | undefined {
    const holder = this.#recordOf(ip)?.holder;
    const { membership } = this.#parts;
    if (holder === null || holder === undefined) return undefined;
    return membership.isProcessOver(holder.member, holder.process) ? undefined : holder.member;
  }

  /** To be looked at often: that a lease is over is no news of the store. */
  observe(): void {
    const { view, clock, membership } = this.#parts;
    const nowMs = clock.monotonicMs();
    if (view.storeId !== this.#storeId) {
      if (this.#storeId !== '') this.#quietUntilMs = nowMs + membership.leaseMaxMs;
      this.#storeId = view.storeId;
    }
    const live = membership.liveMembers();
    for (const { ip } of this.#options.addresses) {
      const before = this.#standing.get(ip);
      const standing = live.filter(
        (member) => view.get(MEMBER, member)?.value.addresses?.[ip] === null,
      );
      this.#standing.set(
        ip,
        new Map(standing.map((member) => [member, before?.get(member) ?? nowMs])),
      );
      if (this.#liveHolderOf(ip) !== undefined) this.#freeSinceMs.delete(ip);
      else if (!this.#freeSinceMs.has(ip)) this.#freeSinceMs.set(ip, nowMs);
    }
  }
}

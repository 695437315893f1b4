import type { Clock } from '../../core/clock/port.js';
import type { MemberId } from '../../core/domain.js';
import { every } from '../../core/every.js';
import type { AddressDriver } from '../../core/floating-address/port.js';
import type { Log } from '../../core/log.js';
import type { HttpRoute } from '../../core/net/http-route.js';
import type { Net } from '../../core/net/port.js';
import type { TableStore } from '../../core/table-store/port.js';
import type { TableView } from '../../core/table-store/view.js';
import type { Membership, MembershipOptions } from '../membership.js';
import type { AddressHolderParts } from './holder.js';
import { AddressHolder } from './holder.js';
import type { AddressesOptions } from './options.js';
import { OwnClaims } from './own-claims.js';
import { SharedClaims } from './shared-claims.js';
import { Witnesses } from './witnesses.js';

/** What addresses need of the world. */
export interface AddressesPorts {
  readonly driver: AddressDriver;
  /** To reach the other redirectors where they tell how they are. */
  readonly membersNet: Net;
  /** The cluster's. */
  readonly secret: string;
}

export interface AddressesParts extends AddressesPorts {
  readonly store: TableStore;
  readonly view: TableView;
  readonly clock: Clock;
  readonly log: Log;
  readonly self: MemberId;
  readonly membership: Membership;
  readonly isServing: () => boolean;
  readonly vacate: AddressHolderParts['vacate'];
  readonly inherit: AddressHolderParts['inherit'];
  readonly bequeath: AddressHolderParts['bequeath'];
}

/** The addresses that clients connect to, as far as this redirector has to do with them. */
export class Addresses {
  readonly #parts: AddressesParts;
  readonly #options: AddressesOptions;
  readonly #shared: SharedClaims | undefined;
  readonly #witnesses: Witnesses;
  readonly #leaseMs: number;
  readonly holders: readonly AddressHolder[];

  constructor(
    parts: AddressesParts,
    options: AddressesOptions,
    { leaseMs, leaseMarginMs }: MembershipOptions,
  ) {
    this.#parts = parts;
    this.#options = options;
    this.#leaseMs = leaseMs;
    const { clock, self, membersNet } = parts;
    const { redundancy, addresses, onCutOff } = options;
    const log = parts.log.child({ part: 'addresses' });
    this.#witnesses = new Witnesses(
      { ...parts, net: membersNet, log },
      { leaseMs, leaseMarginMs, onCutOff },
    );
    this.#shared =
      redundancy === 'heartbeat'
        ? new SharedClaims(
            { ...parts, word: this.#witnesses },
            { ...options, leaseMs, leaseMarginMs },
          )
        : undefined;
    const claims = this.#shared ?? new OwnClaims(clock, { self, leaseMs });
    const holder = { ...options.holder, lifeMaxMs: leaseMs + leaseMarginMs };
    this.holders = addresses.map(
      (address) => new AddressHolder({ ...parts, log, address, claims }, holder),
    );
  }

  /** Where the other redirectors ask this one. */
  get routes(): readonly HttpRoute[] {
    return this.#shared === undefined ? [] : [this.#witnesses.route];
  }

  /** Held though the own lease is over: the store is away for all. */
  get areKept(): boolean {
    const nowMs = this.#parts.clock.monotonicMs();
    const shared = this.#shared;
    return shared !== undefined && nowMs >= shared.leaseUntilMs && nowMs < shared.holdUntilMs;
  }

  /** The own lease goes on until then. */
  setLease(untilMs: number): void {
    this.#shared?.setLease(untilMs);
  }

  /**
   * To be called before this redirector joins the others: they take its former life for over then, so nothing of that
   * may be left.
   */
  async clear(): Promise<void> {
    await Promise.all(this.holders.map((holder) => holder.clear()));
  }

  /** Until the signal aborts, through all failures. */
  async run(signal: AbortSignal): Promise<void> {
    if (this.holders.length === 0) return;
    const { clock, view } = this.#parts;
    const look = (): void => {
      this.#look();
    };
    const end = view.onChange(look);
    try {
      await every(clock, { everyMs: this.#options.tickMs, firstMs: 0, signal }, look);
    } finally {
      end();
    }
  }

  /** Gives all of them up. Whether they are surely gone from here: else nobody may take this redirector for gone. */
  async leave(): Promise<boolean> {
    this.#stand();
    const areGone = await Promise.all(this.holders.map((holder) => holder.leave()));
    return areGone.every(Boolean);
  }

  #look(): void {
    this.#shared?.observe();
    this.#stand();
    this.#mind();
    for (const holder of this.holders) void holder.poke();
  }

  #stand(): void {
    const faults = this.holders.map(({ address: { ip }, obstacle }) => [ip, obstacle] as const);
    this.#shared?.stand(Object.fromEntries(faults));
  }

  /** Half its life over, no renewal has come through for a while. */
  #mind(): void {
    const held = this.holders.filter(({ isUp }) => isUp).map(({ address: { ip } }) => ip);
    const shared = this.#shared;
    if (shared === undefined || held.length === 0) return;
    const leftMs = shared.leaseUntilMs - this.#parts.clock.monotonicMs();
    if (leftMs < this.#leaseMs / 2) this.#witnesses.mind(held);
  }
}

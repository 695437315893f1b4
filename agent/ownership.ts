import type { LeaseRequest } from '../core/agent-protocol.js';
import type { Clock } from '../core/clock/port.js';
import type { LostSourcePolicy, ResourceId } from '../core/domain.js';
import { resourceId } from '../core/domain.js';
import type { Generation } from '../core/generation.js';
import {
  NO_GENERATION,
  compareGenerations,
  formatGeneration,
  isSameGeneration,
  newestGeneration,
} from '../core/generation.js';
import { ownershipDigest } from '../core/ownership-digest.js';
import type { TableStore } from '../core/table-store/port.js';
import type { Attachments } from './attachments.js';
import { OWNED } from './owned-record.js';

export interface OwnershipOptions {
  /**
   * After a start, how long resources with `onLostSource: availability` wait for word that they are still
   * this server's, before they are served on as before. The others wait for that word however long.
   */
  readonly bootGraceMs: number;
}

export interface OwnershipParts {
  readonly store: TableStore;
  readonly clock: Clock;
  readonly boot: string;
  /** What clients are attached to at the server; undefined: each request is looked at. */
  readonly attachments?: Attachments | undefined;
}

/** Whether a request may run here. All but `admitted` mean: it was not executed. */
export type Admission = 'admitted' | 'not-owner' | 'in-transit' | 'lease-over' | 'unconfirmed';

export type OwnershipChange = 'done' | 'stale' | 'busy' | 'failed';

interface Owned {
  /** The newest generation heard of for this resource. */
  seen: Generation;
  /** Owned since then; undefined: not owned. */
  since: Generation | undefined;
  /** As the request's header writes it. */
  sinceText: string;
  policy: LostSourcePolicy;
  /** A release began: nothing new runs. */
  closing: boolean;
  /** Known to be right in this life of the agent. */
  confirmed: boolean;
  /** The table says so, too: taken it is before that, and may have to be given back. */
  isCommitted: boolean;
  /** A take that is not done yet: doubled messages share its answer. */
  taking: { readonly since: Generation; readonly result: Promise<OwnershipChange> } | undefined;
  inFlight: number;
  readonly idle: Set<() => void>;
}

/**
 * Which resources this server owns: the fence. It answers for each request whether it may run, and
 * follows the coordinator's release and take. Per resource generations only grow: a message that is older
 * than what was heard is refused, so lost, doubled and late messages cannot make two owners. What was
 * confirmed is on the disk: a restart neither forgets a release nor an ownership.
 */
export class Ownership {
  readonly #attachments: Attachments | undefined;
  readonly #store: TableStore;
  readonly #clock: Clock;
  readonly #options: OwnershipOptions;
  readonly #bootAtMs: number;
  readonly #resources = new Map<string, Owned>();
  /** The server runs only this life's messages. */
  readonly boot: string;
  #servingUntilMs = -Infinity;
  #highest = NO_GENERATION;
  #digest: number | undefined;

  private constructor(parts: OwnershipParts, options: OwnershipOptions) {
    this.#attachments = parts.attachments;
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.boot = parts.boot;
    this.#options = options;
    this.#bootAtMs = parts.clock.monotonicMs();
  }

  /** @param parts.store the agent's own, not the cluster's. @throws ERR_STORE_UNAVAILABLE, ERR_RECORD_INVALID */
  static async open(parts: OwnershipParts, options: OwnershipOptions): Promise<Ownership> {
    const ownership = new Ownership(parts, options);
    const { entries } = await parts.store.read(0);
    for (const { key, value } of entries) {
      const { seen, since, policy } = OWNED.parse(key, value);
      const owned = ownership.#of(resourceId(key.slice(key.indexOf('/') + 1)));
      owned.policy = policy;
      ownership.#hear(owned, seen);
      if (since !== null) own(owned, since);
    }
    return ownership;
  }

  /** The newest generation heard of at all. */
  get highest(): Generation {
    return this.#highest;
  }

  /** May a request for the resource, sent by someone who believes in `sinceText`, run now? Then `done` must follow. */
  admit(resource: string, sinceText: string): Admission {
    const owned = this.#resources.get(resource);
    if (owned?.since === undefined) return 'not-owner';
    if (owned.closing) return 'in-transit';
    if (owned.sinceText !== sinceText) return 'not-owner';
    const isAvailable = owned.policy === 'availability';
    if (!owned.confirmed) {
      const graceOverMs = this.#bootAtMs + this.#options.bootGraceMs;
      if (!isAvailable || this.#clock.monotonicMs() < graceOverMs) return 'unconfirmed';
    }
    if (!isAvailable && this.#clock.monotonicMs() >= this.#servingUntilMs) return 'lease-over';
    owned.inFlight += 1;
    return 'admitted';
  }

  /** It is this server's alone, or is just being given up. */
  isOwned(resource: string): boolean {
    return this.#resources.get(resource)?.since !== undefined;
  }

  /** Since when the table gives it to this server, as the request's header writes it; undefined: it does not, or that was not heard yet. */
  committedSince(resource: string): string | undefined {
    const owned = this.#resources.get(resource);
    if (owned?.since === undefined || owned.closing || !owned.isCommitted) return undefined;
    return owned.sinceText;
  }

  /** What was admitted may still be told to the server: its lease has not run out meanwhile. */
  mayGoOn(resource: string): boolean {
    const isAvailable = this.#resources.get(resource)?.policy !== 'consistency';
    return isAvailable || this.#clock.monotonicMs() < this.#servingUntilMs;
  }

  done(resource: string): void {
    const owned = this.#resources.get(resource);
    if (owned === undefined) return;
    owned.inFlight -= 1;
    if (owned.inFlight > 0) return;
    for (const notify of owned.idle) notify();
    owned.idle.clear();
  }

  /**
   * Gives the resource up for the switch of `generation`: nothing new runs from the call on; `done` once
   * nothing old runs either and the disk has it; `busy` if work did not end within `waitMs`. Null: it is not
   * waited for.
   */
  async release(
    resource: ResourceId,
    generation: Generation,
    waitMs: number | null,
  ): Promise<OwnershipChange> {
    const owned = this.#of(resource);
    if (isStaleRelease(owned, generation)) return 'stale';
    this.#hear(owned, generation);
    owned.closing = true;
    this.#digest = undefined;
    const isIdle = waitMs === null || (await this.#idle(owned, waitMs));
    if (!isSameGeneration(owned.seen, generation)) return 'stale';
    if (!isIdle) return 'busy';
    if ((await this.#attachments?.release(resource)) === false) return 'failed';
    if (!isSameGeneration(owned.seen, generation)) return 'stale';
    if (!(await this.#save(resource, owned, null))) return 'failed';
    if (!isSameGeneration(owned.seen, generation)) return 'stale';
    owned.since = undefined;
    owned.closing = false;
    this.#digest = undefined;
    return 'done';
  }

  /** Owns the resource since `since`; requests run once the disk has it. */
  take(
    resource: ResourceId,
    since: Generation,
    policy: LostSourcePolicy,
  ): Promise<OwnershipChange> {
    const owned = this.#of(resource);
    if (owned.taking !== undefined && isSameGeneration(owned.taking.since, since)) {
      return owned.taking.result;
    }
    if (isStaleTake(owned, since)) return Promise.resolve('stale');
    this.#hear(owned, since);
    owned.policy = policy;
    const result = this.#finishTake(resource, owned, since);
    owned.taking = { since, result };
    return result;
  }

  /** A live redirector's health check: renews the serving lease, and confirms what the table agrees with. */
  renew({ leaseMs, boot, digest, stamp }: LeaseRequest): void {
    if (boot !== this.boot || leaseMs === 0 || stamp === null) return;
    const countedFromMs = Math.min(stamp, this.#clock.monotonicMs());
    this.#servingUntilMs = Math.max(this.#servingUntilMs, countedFromMs + leaseMs);
    if (digest !== this.digest()) return;
    for (const owned of this.#resources.values()) {
      if (owned.since === undefined) continue;
      owned.confirmed = true;
      owned.isCommitted = true;
    }
  }

  /** What may run here. Not what is being let go: should the switch that asked for it vanish, it must be given anew. */
  owned(): { readonly resource: ResourceId; readonly since: Generation }[] {
    return [...this.#resources].flatMap(([resource, { since, closing }]) =>
      since === undefined || closing ? [] : [{ resource: resource as ResourceId, since }],
    );
  }

  digest(): number {
    this.#digest ??= ownershipDigest(this.owned().map(({ resource, since }) => [resource, since]));
    return this.#digest;
  }

  #of(resource: ResourceId): Owned {
    let owned = this.#resources.get(resource);
    if (owned === undefined) {
      owned = {
        seen: NO_GENERATION,
        since: undefined,
        sinceText: '',
        policy: 'availability',
        closing: false,
        confirmed: false,
        isCommitted: false,
        taking: undefined,
        inFlight: 0,
        idle: new Set(),
      };
      this.#resources.set(resource, owned);
    }
    return owned;
  }

  #hear(owned: Owned, generation: Generation): void {
    owned.seen = newestGeneration(owned.seen, generation);
    this.#highest = newestGeneration(this.#highest, generation);
  }

  async #finishTake(
    resource: ResourceId,
    owned: Owned,
    since: Generation,
  ): Promise<OwnershipChange> {
    const change = await this.#makeOwned(resource, owned, since);
    if (owned.taking !== undefined && isSameGeneration(owned.taking.since, since)) {
      owned.taking = undefined;
    }
    if (change !== 'done') return change;
    own(owned, since);
    owned.confirmed = true;
    this.#digest = undefined;
    return 'done';
  }

  async #makeOwned(
    resource: ResourceId,
    owned: Owned,
    since: Generation,
  ): Promise<OwnershipChange> {
    if (!(await this.#save(resource, owned, since))) return 'failed';
    if (!isSameGeneration(owned.seen, since)) return 'stale';
    if ((await this.#attachments?.take(resource)) === false) return 'failed';
    return isSameGeneration(owned.seen, since) ? 'done' : 'stale';
  }

  /** True once nothing runs; false after `waitMs`. */
  #idle(owned: Owned, waitMs: number): Promise<boolean> {
    if (owned.inFlight === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const onIdle = (): void => {
        cancel();
        resolve(true);
      };
      const cancel = this.#clock.after(waitMs, () => {
        owned.idle.delete(onIdle);
        resolve(false);
      });
      owned.idle.add(onIdle);
    });
  }

  async #save(resource: ResourceId, owned: Owned, since: Generation | null): Promise<boolean> {
    const { seen, policy } = owned;
    const value = OWNED.encode({ seen, since, policy });
    try {
      await this.#store.transact({ checks: [], writes: [{ key: OWNED.key(resource), value }] });
      return true;
    } catch {
      // Said to the caller as `failed`: the switch is taken back, and the store logs its own trouble.
      return false;
    }
  }
}

function own(owned: Owned, since: Generation): void {
  owned.since = since;
  owned.sinceText = formatGeneration(since);
  owned.closing = false;
  owned.isCommitted = false;
}

/** Heard of and not owned: a take of that generation was taken back, or never was meant for this server. */
function isStaleTake({ seen, since: owned }: Owned, since: Generation): boolean {
  const order = compareGenerations(since, seen);
  if (order !== 0) return order < 0;
  return owned === undefined || !isSameGeneration(owned, since);
}

function isStaleRelease({ seen, since }: Owned, generation: Generation): boolean {
  const order = compareGenerations(generation, seen);
  if (order !== 0) return order < 0;
  return since !== undefined && isSameGeneration(since, generation);
}

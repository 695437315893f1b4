import { fail } from '../../core/errors.js';
import { Draft } from '../../core/table-store/draft.js';
import type { TableStore } from '../../core/table-store/port.js';
import { COORDINATOR } from '../../core/table-store/records/switch.js';
import type { TableView } from '../../core/table-store/view.js';
import type { Members } from './peers.js';

/**
 * Which redirector coordinates: whoever wrote its name last, as long as that life of it is a live member.
 * Each change of hands is a new term; every act of a coordinator checks the record of its term, so one that
 * was paused and replaced can do nothing more.
 */
export class CoordinatorLease {
  readonly #store: TableStore;
  readonly #view: TableView;
  readonly #membership: Members;

  constructor(parts: {
    readonly store: TableStore;
    readonly view: TableView;
    readonly membership: Members;
  }) {
    this.#store = parts.store;
    this.#view = parts.view;
    this.#membership = parts.membership;
  }

  /** The term that this redirector holds; undefined: it does not coordinate. */
  get term(): number | undefined {
    const lease = this.#view.get(COORDINATOR, 'lease')?.value;
    const { self, boot } = this.#membership;
    const isMine = lease?.member === self && lease.boot === boot && this.#membership.isLive();
    return isMine ? lease.term : undefined;
  }

  /**
   * An act of the coordinator begins with this: it is carried out only if this redirector still coordinates, by
   * what it knows now and when the act arrives. @throws ERR_CONFLICT
   */
  draft(): Draft {
    if (this.term === undefined) fail('ERR_CONFLICT', { what: "the coordinator's lease" });
    return new Draft().expect(this.#view, COORDINATOR, 'lease');
  }

  /** Takes over if nobody live coordinates. True: this redirector does. */
  async acquire(): Promise<boolean> {
    if (!this.#membership.isLive()) return false;
    const lease = this.#view.get(COORDINATOR, 'lease')?.value;
    if (lease !== undefined && !this.#membership.isOver(lease.member, lease.boot)) {
      return this.term !== undefined;
    }
    const { self, boot } = this.#membership;
    const draft = new Draft()
      .expect(this.#view, COORDINATOR, 'lease')
      .put(COORDINATOR, 'lease', { member: self, boot, term: (lease?.term ?? 0) + 1 });
    await this.#store.transact(draft.transaction);
    await this.#view.sync();
    return this.term !== undefined;
  }

  /** Hands over at once instead of by the lease's end. */
  async resign(): Promise<void> {
    const { term } = this;
    if (term === undefined) return;
    // The record stays, with a life that nobody lives: terms never start again.
    const resigned = { member: this.#membership.self, boot: 'resigned', term };
    await this.#store.transact(this.draft().put(COORDINATOR, 'lease', resigned).transaction);
  }
}

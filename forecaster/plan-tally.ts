import type { PlanId } from '../core/domain.js';
import type { Startable } from '../core/lifecycle.js';
import type { PlanStatus } from '../core/table-store/records/plan.js';
import { PLAN, PLAN_ENDS } from '../core/table-store/records/plan.js';
import type { TableView } from '../core/table-store/view.js';

/** How plans ended since this process began. Those that had ended before are not its own: a restart must not count them anew. */
export class PlanTally implements Startable {
  readonly #view: TableView;
  /** Those that have not come yet are there with 0: else nobody would see the first one come. */
  readonly #ends = new Map<PlanStatus, number>(PLAN_ENDS.map((status) => [status, 0]));
  /** Of plans that the table store still has. */
  #ended: ReadonlySet<PlanId> = new Set();
  #end: () => void = () => undefined;

  constructor(view: TableView) {
    this.#view = view;
  }

  get ends(): ReadonlyMap<PlanStatus, number> {
    return this.#ends;
  }

  start(): Promise<void> {
    this.#ended = new Set(this.#endedNow().keys());
    this.#end = this.#view.onChange(() => {
      this.#look();
    });
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#end();
    return Promise.resolve();
  }

  #look(): void {
    const ended = this.#endedNow();
    for (const [id, status] of ended) {
      if (!this.#ended.has(id)) this.#ends.set(status, (this.#ends.get(status) ?? 0) + 1);
    }
    this.#ended = new Set(ended.keys());
  }

  #endedNow(): Map<PlanId, PlanStatus> {
    const ended = new Map<PlanId, PlanStatus>();
    for (const [id, { value }] of this.#view.all(PLAN)) {
      if (value.finishedAtMs !== null) ended.set(id, value.status);
    }
    return ended;
  }
}

import type { Clock } from '../../core/clock/port.js';
import type { Log } from '../../core/log.js';
import { audited } from '../../core/table-store/audit.js';
import { Draft } from '../../core/table-store/draft.js';
import type { TableStore } from '../../core/table-store/port.js';
import type { TableView } from '../../core/table-store/view.js';

export interface RefusalsParts {
  readonly store: TableStore;
  readonly view: TableView;
  readonly clock: Clock;
  readonly log: Log;
}

/** The same name stands in the audit again after this: whoever tries in a loop must not push out what was done. */
const PAUSE_MS = 60_000;
const NAMES_MAX = 1000;

/** Writes down who asked for what its role does not allow: in the log each time, in the audit at most once a minute. */
export class Refusals {
  readonly #parts: RefusalsParts;
  /** Monotonic. */
  readonly #notedAtMs = new Map<string, number>();

  constructor(parts: RefusalsParts) {
    this.#parts = parts;
  }

  note(who: string, what: string): void {
    const { clock, log } = this.#parts;
    log.warn({ who, what }, 'refused for its role');
    const nowMs = clock.monotonicMs();
    const before = this.#notedAtMs.get(who);
    if (before !== undefined && nowMs < before + PAUSE_MS) return;
    if (before === undefined && this.#notedAtMs.size >= NAMES_MAX) return;
    this.#notedAtMs.set(who, nowMs);
    void this.#write(who, what).catch((err: unknown) => {
      log.warn({ err, who }, 'a refusal could not be written to the audit');
    });
  }

  async #write(who: string, what: string): Promise<void> {
    const { store } = this.#parts;
    const draft = audited(new Draft(), { who, what: 'refused', detail: what }, this.#parts);
    await store.transact(draft.transaction);
  }
}

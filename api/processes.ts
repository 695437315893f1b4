import type { Clock } from '../core/clock/port.js';
import { codeOf } from '../core/errors.js';
import { every } from '../core/every.js';
import type { Startable } from '../core/lifecycle.js';
import type { Log } from '../core/log.js';
import { Draft } from '../core/table-store/draft.js';
import type { Revision, TableStore } from '../core/table-store/port.js';
import type { ProcessRecord } from '../core/table-store/records/process.js';
import { PROCESS } from '../core/table-store/records/process.js';
import type { TableView } from '../core/table-store/view.js';

/** A process by its own word. */
export interface KnownProcess {
  /** `collector@box-7:7702` */
  readonly id: string;
  readonly says: ProcessRecord;
  /** It has not said for longer than it promised how it is: that was its last word. */
  readonly isSilent: boolean;
}

export interface ProcessesParts {
  readonly store: Pick<TableStore, 'transact'>;
  readonly view: TableView;
  readonly clock: Clock;
  readonly log: Log;
  /** This one, which need not ask the store how it is. */
  readonly self: () => Pick<KnownProcess, 'id' | 'says'>;
}

export interface ProcessesOptions {
  /** Whose record has not changed for so long is not spoken of any more. */
  readonly forgetMs: number;
  readonly forgetEveryMs: number;
}

const DEFAULTS: ProcessesOptions = { forgetMs: 3_600_000, forgetEveryMs: 60_000 };

interface Heard {
  readonly revision: Revision;
  /** Monotonic: of the read that brought it. */
  readonly atMs: number;
}

/**
 * All processes of the cluster, and which of them have fallen silent. That is judged by this process' monotonic clock, and from
 * what was really read: while the table store is away, nobody's silence says anything.
 */
export class Processes implements Startable {
  readonly #parts: ProcessesParts;
  readonly #options: ProcessesOptions;
  readonly #heard = new Map<string, Heard>();
  readonly #stopping = new AbortController();
  #unlisten: () => void = () => undefined;
  #forgetting: Promise<void> = Promise.resolve();

  constructor(parts: ProcessesParts, options: Partial<ProcessesOptions> = {}) {
    this.#parts = parts;
    this.#options = { ...DEFAULTS, ...options };
  }

  start(): Promise<void> {
    const { view, clock } = this.#parts;
    this.#hear();
    this.#unlisten = view.onChange(() => {
      this.#hear();
    });
    const { forgetEveryMs: everyMs } = this.#options;
    const { signal } = this.#stopping;
    this.#forgetting = every(clock, { everyMs, signal }, () => this.#forget());
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#unlisten();
    this.#stopping.abort(new Error('stopping'));
    await this.#forgetting;
  }

  /** This one first, the others by name. */
  all(): KnownProcess[] {
    const { view, self } = this.#parts;
    const own = self();
    const others = [...view.all(PROCESS)]
      .filter(([id]) => id !== own.id)
      .map(([id, { value }]) => ({ id, says: value, isSilent: this.#quietMs(id) > value.leaseMs }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    return [{ ...own, isSilent: false }, ...others];
  }

  #hear(): void {
    const { view } = this.#parts;
    const known = view.all(PROCESS);
    for (const [id, { revision }] of known) {
      if (this.#heard.get(id)?.revision === revision) continue;
      this.#heard.set(id, { revision, atMs: view.syncedAtMs });
    }
    for (const id of this.#heard.keys()) if (!known.has(id)) this.#heard.delete(id);
  }

  #quietMs(id: string): number {
    const heard = this.#heard.get(id);
    return heard === undefined ? 0 : this.#parts.view.syncedAtMs - heard.atMs;
  }

  async #forget(): Promise<void> {
    const { store, view, log } = this.#parts;
    const { forgetMs } = this.#options;
    const gone = [...this.#heard.keys()].filter((id) => this.#quietMs(id) > forgetMs);
    for (const process of gone) {
      const draft = new Draft().expect(view, PROCESS, process).remove(PROCESS, process);
      try {
        await store.transact(draft.transaction);
      } catch (err) {
        if (codeOf(err) === undefined) throw err;
        log.debug({ err, process }, 'silent process not forgotten');
      }
    }
  }
}

import type { ResourceId } from '../../core/domain.js';
import type { Clock } from '../../core/clock/port.js';
import type { WorkerStats } from './worker-stats.js';
import type { Asked, Said, Told, WorkerBirth, WorkerHost, WorkerThread } from './messages.js';

export interface WorkerLinkParts<Settings> {
  readonly host: WorkerHost<Settings>;
  readonly clock: Clock;
  readonly user: LinkUser<Settings>;
}

/** What a worker saw of servers. */
export type News = Extract<Said, { readonly say: 'suspect' | 'misdirected' }>;

/** Who hears what a worker says of itself. */
export interface LinkUser<Settings> {
  ready(link: WorkerLink<Settings>): void;
  named(link: WorkerLink<Settings>, from: number, names: readonly ResourceId[]): void;
  noticed(news: News): void;
  /** Once, last: it is no more, and all that it had open is closed. */
  ended(link: WorkerLink<Settings>, why: string): void;
}

interface Pending {
  readonly resolve: (answer: unknown) => void;
}

/**
 * One worker, as the main thread has it. What it is asked is answered in the end by its word, or by its end: a worker that does
 * not live cannot be in anybody's way.
 *
 *   beginning → told → serving → over        told: it hears what all hear; serving: it listens
 */
export class WorkerLink<Settings> {
  readonly birth: WorkerBirth<Settings>;
  readonly bornAtMs: number;
  /** As it was said last; undefined: not yet. */
  stats: WorkerStats | undefined;
  readonly #parts: WorkerLinkParts<Settings>;
  readonly #thread: WorkerThread<Settings>;
  readonly #pending = new Map<number, Pending>();
  #state: 'beginning' | 'told' | 'serving' | 'over' = 'beginning';
  #asked = 0;
  #heardAtMs: number;
  /** Why it was ended from here. */
  #why: string | undefined;

  constructor(parts: WorkerLinkParts<Settings>, birth: WorkerBirth<Settings>) {
    this.#parts = parts;
    this.birth = birth;
    this.bornAtMs = parts.clock.monotonicMs();
    this.#heardAtMs = this.bornAtMs;
    this.#thread = parts.host.begin(
      birth,
      (message) => {
        this.#heard(message);
      },
      (why) => {
        this.#ended(why);
      },
    );
  }

  /** It hears what all hear. */
  get isTold(): boolean {
    return this.#state === 'told' || this.#state === 'serving';
  }

  get isServing(): boolean {
    return this.#state === 'serving';
  }

  get isOver(): boolean {
    return this.#state === 'over';
  }

  /** Monotonic. */
  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  /** It could not have been heard before. */
  forgiveSilence(): void {
    this.#heardAtMs = this.#parts.clock.monotonicMs();
  }

  tell(message: Told<Settings>): void {
    if (this.isTold) this.#thread.tell(message);
  }

  /** Undefined: it is no more. When the signal aborts the worker is told, and answers as it then can. */
  async ask<Answer>(ask: Asked<Settings>, signal?: AbortSignal): Promise<Answer | undefined> {
    if (!this.isTold) return undefined;
    this.#asked += 1;
    const id = this.#asked;
    const answered = new Promise<unknown>((resolve) => this.#pending.set(id, { resolve }));
    this.#thread.tell({ tell: 'ask', id, ask });
    const onAbort = (): void => {
      this.tell({ tell: 'abort', id });
    };
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const answer = await answered;
      // What it says is of our own making.
      return answer as Answer | undefined;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  serves(): void {
    if (this.#state === 'told') this.#state = 'serving';
  }

  end(why: string): void {
    if (this.#state === 'over' || this.#why !== undefined) return;
    this.#why = why;
    this.#thread.end();
  }

  #heard(message: Said): void {
    if (this.#state === 'over') return;
    this.#heardAtMs = this.#parts.clock.monotonicMs();
    const { user } = this.#parts;
    switch (message.say) {
      case 'ready':
        this.#state = 'told';
        user.ready(this);
        return;
      case 'alive':
        this.stats = message.stats;
        return;
      case 'answer':
        this.#pending.get(message.id)?.resolve(message.answer);
        this.#pending.delete(message.id);
        return;
      case 'failed':
        // What it could not do is not done; by its end it is out of the way.
        this.end(message.why);
        return;
      case 'names':
        user.named(this, message.from, message.names);
        return;
      case 'suspect':
      case 'misdirected':
        user.noticed(message);
        return;
    }
  }

  #ended(why: string): void {
    this.#state = 'over';
    this.#parts.user.ended(this, this.#why ?? why);
    for (const { resolve } of this.#pending.values()) resolve(undefined);
    this.#pending.clear();
  }
}

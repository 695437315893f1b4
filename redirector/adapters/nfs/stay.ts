import type { ResourceId } from '../../../core/domain.js';
import type { EntryUser } from '../entry.js';
import { Entry } from '../entry.js';
import type { UnderWay } from '../under-way.js';
import type { NfsContext } from './context.js';

/** Work of the redirector's own in the gate of a resource: looking for what a client wants to mount. */
export class Stay implements EntryUser, UnderWay {
  readonly description = 'an NFS mount under way';
  readonly keptBytes = 0;
  readonly #context: NfsContext;
  readonly #startedAtMs: number;
  readonly #entry: Entry;
  readonly #answer: (stay: Stay | undefined) => void;

  private constructor(context: NfsContext, at: number, answer: (stay: Stay | undefined) => void) {
    this.#context = context;
    this.#startedAtMs = context.clock.monotonicMs();
    this.#answer = answer;
    this.#entry = new Entry(context, { user: this, work: this, at });
  }

  /** Undefined: not now. */
  static enter(context: NfsContext, resource: ResourceId): Promise<Stay | undefined> {
    const at = context.gate.indexOf(resource);
    if (at < 0) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      new Stay(context, at, resolve).#entry.enter();
    });
  }

  get server(): number {
    return this.#entry.server;
  }

  get ageMs(): number {
    return this.#context.clock.monotonicMs() - this.#startedAtMs;
  }

  leave(): void {
    this.#entry.leave(0);
  }

  entered(): void {
    this.#answer(this);
  }

  refused(): void {
    this.#answer(undefined);
  }

  /** It only looks: whatever it finds is true of the server that it asked. */
  cut(): void {
    this.#entry.withdraw();
  }

  pin(): void {
    this.cut();
  }
}

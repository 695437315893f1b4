import type { MemberId, Redundancy } from '../../core/domain.js';
import type { ProtocolAdapter } from '../adapters/adapter.js';
import type { SessionBook } from './session-book.js';

export interface InheritanceOptions {
  readonly self: MemberId;
  readonly redundancy: Redundancy;
  /** That go from one redirector to another. */
  readonly ips: readonly string[];
}

/**
 * Whose sessions a redirector goes on with. `heartbeat`: a session belongs to the address that its client uses, and goes
 * where that goes. `independent`, and at addresses that stay: it belongs to the redirector, which finds it again when
 * it is started anew.
 */
export class Inheritance {
  readonly #book: SessionBook;
  readonly #options: InheritanceOptions;

  constructor(book: SessionBook, options: InheritanceOptions) {
    this.#book = book;
    this.#options = options;
  }

  /** Where a session is kept whose client connected to this IP. */
  scopeOf(ip: string): string {
    const { self, redundancy, ips } = this.#options;
    return redundancy === 'heartbeat' && ips.includes(ip) ? `address/${ip}` : `member/${self}`;
  }

  /** The redirector begins: its own sessions. @throws ERR_STORE_UNAVAILABLE, ERR_STORE_AMBIGUOUS */
  begin(adapters: readonly ProtocolAdapter[]): Promise<void> {
    return this.#open(`member/${this.#options.self}`, undefined, adapters);
  }

  /** An address comes here. @throws the same, and ERR_CONFLICT: it has gone on already */
  async take(ip: string, term: number, adapters: readonly ProtocolAdapter[]): Promise<void> {
    const scope = this.scopeOf(ip);
    if (scope.startsWith('address/')) await this.#open(scope, term, adapters);
  }

  /** An address is gone from here: what is known of its sessions is written for the next, and then it is nobody's here. */
  async give(ip: string, adapters: readonly ProtocolAdapter[], signal: AbortSignal): Promise<void> {
    const scope = this.scopeOf(ip);
    if (!scope.startsWith('address/')) return;
    this.#book.leave(scope);
    for (const adapter of adapters) adapter.relinquish?.(scope);
    await this.#book.flush(signal);
  }

  async #open(
    scope: string,
    term: number | undefined,
    adapters: readonly ProtocolAdapter[],
  ): Promise<void> {
    const heirs = adapters.filter((adapter) => 'adopt' in adapter);
    // A protocol without sessions costs nothing.
    if (heirs.length === 0) return;
    const sessions = await this.#book.open(scope, term);
    for (const heir of heirs) {
      await heir.adopt?.(
        scope,
        sessions.filter(({ protocol }) => protocol === heir.protocol),
      );
    }
  }
}

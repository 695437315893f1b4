import type { Move } from '../../../core/plan.js';
import type { Obstacle } from '../../../core/table-store/records/switch.js';
import type { Transfer } from '../adapter.js';
import { commitAll } from './commit.js';
import type { NfsContext } from './context.js';
import { refusalOf } from './target.js';

export interface NfsTransferParts {
  readonly context: NfsContext;
  /** For what is under way. */
  readonly plain: Transfer;
}

/**
 * One move of an export: what is under way ends at the source; what clients have written there goes to the disk; the target must
 * show the same file system, and do all that clients were told.
 */
export class NfsTransfer implements Transfer {
  readonly #move: Move;
  readonly #context: NfsContext;
  readonly #plain: Transfer;

  constructor(move: Move, { context, plain }: NfsTransferParts) {
    this.#move = move;
    this.#context = context;
    this.#plain = plain;
  }

  obstacles(): Obstacle[] {
    return this.#plain.obstacles();
  }

  async drain(signal: AbortSignal): Promise<readonly Obstacle[]> {
    const obstacles = await this.#plain.drain(signal);
    const { resource, source } = this.#move;
    if (obstacles.length > 0 || source === null) return obstacles;
    await commitAll(this.#context, resource, this.#context.gate.serverIndexOf(source), signal);
    return [];
  }

  abandon(): void {
    this.#plain.abandon();
    this.#context.stability.lost(this.#move.resource);
  }

  async attach(
    since: Parameters<Transfer['attach']>[0],
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { resource, target } = this.#move;
    if (this.#context.exports.of(resource) === undefined) return undefined;
    const why = await this.#plain.attach(since, signal);
    if (why !== undefined) return why;
    return refusalOf(this.#context, resource, this.#context.gate.serverIndexOf(target));
  }

  finish(): void {
    this.#plain.finish();
  }

  undo(): void {
    this.#plain.undo();
  }
}

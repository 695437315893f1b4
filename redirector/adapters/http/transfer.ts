import type { DrainPolicy, ResourceId } from '../../../core/domain.js';
import type { Move } from '../../../core/plan.js';
import type { Obstacle } from '../../../core/table-store/records/switch.js';
import type { Gate } from '../../gate.js';
import type { Transfer } from '../adapter.js';
import type { UnderWay } from './context.js';

export interface HttpTransferParts {
  readonly gate: Gate;
  readonly underWay: (resource: ResourceId) => readonly UnderWay[];
  readonly drainPolicyOf: (resource: ResourceId) => DrainPolicy;
  /** Undefined: the target answers; else why it does not. */
  readonly reach: (move: Move, signal: AbortSignal) => Promise<string | undefined>;
}

/** One move, for requests: they end by themselves, and there is no state to carry over. */
export class HttpTransfer implements Transfer {
  readonly #move: Move;
  readonly #parts: HttpTransferParts;
  readonly #obstacleAgeMs: number;

  constructor(move: Move, parts: HttpTransferParts, obstacleAgeMs: number) {
    this.#move = move;
    this.#parts = parts;
    this.#obstacleAgeMs = obstacleAgeMs;
  }

  obstacles(): Obstacle[] {
    const { resource } = this.#move;
    if (this.#parts.drainPolicyOf(resource) !== 'abort') return [];
    return this.#describe(({ ageMs }) => ageMs >= this.#obstacleAgeMs);
  }

  async drain(signal: AbortSignal): Promise<readonly Obstacle[]> {
    const { gate, underWay, drainPolicyOf } = this.#parts;
    const { resource } = this.#move;
    const isEmpty = await gate.drained([resource], signal).then(
      () => true,
      () => false,
    );
    if (isEmpty) return [];
    const policy = drainPolicyOf(resource);
    if (policy === 'abort') return this.#describe(() => true);
    for (const exchange of underWay(resource)) {
      if (policy === 'cut') exchange.cut();
      else exchange.pin();
    }
    return [];
  }

  abandon(): void {
    for (const exchange of this.#parts.underWay(this.#move.resource)) exchange.cut();
  }

  attach(_since: unknown, signal: AbortSignal): Promise<string | undefined> {
    return this.#parts.reach(this.#move, signal);
  }

  finish(): void {
    // Nothing is kept for the source: its connections serve its other resources.
  }

  undo(): void {
    // Nothing was opened that the target would have to close.
  }

  #describe(counts: (exchange: UnderWay) => boolean): Obstacle[] {
    const { resource } = this.#move;
    const blocking = this.#parts.underWay(resource).filter(counts);
    const oldest = blocking.reduce<UnderWay | undefined>(
      (old, exchange) => (old === undefined || exchange.ageMs > old.ageMs ? exchange : old),
      undefined,
    );
    if (oldest === undefined) return [];
    const others = blocking.length === 1 ? '' : ` and ${blocking.length - 1} more`;
    return [{ resource, what: `${oldest.description}${others}`, ageMs: oldest.ageMs }];
  }
}

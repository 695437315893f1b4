import type { DrainPolicy, ResourceId } from '../../core/domain.js';
import type { SwitchMove } from '../data-plane.js';
import type { Obstacle } from '../../core/table-store/records/switch.js';
import type { Gate } from '../gate.js';
import type { Transfer } from './adapter.js';
import type { Reach } from './reaching.js';
import type { UnderWay, WorkUnderWay } from './under-way.js';

export interface PlainTransferParts {
  readonly gate: Gate;
  readonly underWay: WorkUnderWay;
  readonly drainPolicyOf: (resource: ResourceId) => DrainPolicy;
  /** Undefined: the target answers; else why it does not. */
  readonly reach: Reach;
}

/** One move, for work that ends by itself or is cut: there is no state to carry over. */
export class PlainTransfer implements Transfer {
  readonly #move: SwitchMove;
  readonly #parts: PlainTransferParts;
  readonly #obstacleAgeMs: number;

  constructor(move: SwitchMove, parts: PlainTransferParts, obstacleAgeMs: number) {
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
    const { gate, drainPolicyOf } = this.#parts;
    const { resource } = this.#move;
    const isEmpty = await gate.drained([resource], signal).then(
      () => true,
      () => false,
    );
    if (isEmpty) return [];
    const policy = drainPolicyOf(resource);
    if (policy === 'abort') return this.#describe(() => true);
    for (const work of this.#underWay()) {
      if (policy === 'cut') work.cut();
      else work.pin();
    }
    return [];
  }

  abandon(): void {
    for (const work of this.#underWay()) work.cut();
  }

  attach(_since: unknown, signal: AbortSignal): Promise<string | undefined> {
    return this.#parts.reach(this.#move.target, signal);
  }

  finish(): void {
    // Nothing is kept for the source: its connections serve its other resources.
  }

  undo(): void {
    // Nothing was opened that the target would have to close.
  }

  #describe(counts: (work: UnderWay) => boolean): Obstacle[] {
    const { resource } = this.#move;
    const blocking = this.#underWay().filter(counts);
    const oldest = blocking.reduce<UnderWay | undefined>(
      (old, work) => (old === undefined || work.ageMs > old.ageMs ? work : old),
      undefined,
    );
    if (oldest === undefined) return [];
    const others = blocking.length === 1 ? '' : ` and ${blocking.length - 1} more`;
    return [{ resource, what: `${oldest.description}${others}`, ageMs: oldest.ageMs }];
  }

  #underWay(): readonly UnderWay[] {
    const { gate, underWay } = this.#parts;
    return underWay.of(gate.indexOf(this.#move.resource));
  }
}

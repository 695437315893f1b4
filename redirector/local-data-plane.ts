import type { Clock } from '../core/clock/port.js';
import type { ResourceId } from '../core/domain.js';
import type { AssignmentTable } from '../core/table.js';
import type { Obstacle } from '../core/table-store/records/switch.js';
import type { ProtocolAdapter, Transfer } from './adapters/adapter.js';
import type { AttachRefusal, DataPlane, SwitchBatch } from './data-plane.js';
import type { Gate, HoldReport, ResourceCounters } from './gate.js';

const REPORTED_MAX = 100;

export interface LocalDataPlaneOptions {
  /** Work under way may take so long to end, from the hold on. */
  readonly drainTimeoutMs: number;
}

/** The data plane of this process: the gate, and the adapters that share it. */
export class LocalDataPlane implements DataPlane {
  readonly outlivesUs = false;
  readonly #gate: Gate;
  readonly #adapters: readonly ProtocolAdapter[];
  readonly #clock: Clock;
  readonly #options: LocalDataPlaneOptions;
  /** Of the open switch. */
  #transfers = new Map<ResourceId, readonly Transfer[]>();

  constructor(
    parts: {
      readonly gate: Gate;
      readonly adapters: readonly ProtocolAdapter[];
      readonly clock: Clock;
    },
    options: LocalDataPlaneOptions,
  ) {
    this.#gate = parts.gate;
    this.#adapters = parts.adapters;
    this.#clock = parts.clock;
    this.#options = options;
  }

  prepare(batch: SwitchBatch): Promise<readonly Obstacle[]> {
    const transfers = this.#begin(batch);
    if (batch.areSourcesLost) return Promise.resolve([]);
    const obstacles = transfers.flatMap((transfer) => transfer.obstacles());
    return Promise.resolve(obstacles.slice(0, REPORTED_MAX));
  }

  hold(batch: SwitchBatch): Promise<void> {
    this.#begin(batch);
    this.#gate.hold(batch.moves.map(({ resource }) => resource));
    return Promise.resolve();
  }

  async drain(batch: SwitchBatch, signal: AbortSignal): Promise<readonly Obstacle[]> {
    const transfers = this.#begin(batch);
    if (batch.areSourcesLost) {
      for (const transfer of transfers) transfer.abandon();
      return [];
    }
    const deadline = new AbortController();
    const onAbort = (): void => {
      deadline.abort(signal.reason);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    const cancel = this.#clock.after(this.#options.drainTimeoutMs, () => {
      deadline.abort(new Error('drain deadline'));
    });
    try {
      const drains = transfers.map((transfer) => transfer.drain(deadline.signal));
      return (await Promise.all(drains)).flat().slice(0, REPORTED_MAX);
    } finally {
      cancel();
      signal.removeEventListener('abort', onAbort);
    }
  }

  async attach(batch: SwitchBatch, signal: AbortSignal): Promise<readonly AttachRefusal[]> {
    this.#begin(batch);
    const attached = batch.moves.map(async ({ resource }) => {
      const transfers = this.#transfers.get(resource) ?? [];
      const answers = transfers.map((transfer) => transfer.attach(batch.generation, signal));
      const why = (await Promise.all(answers)).find((answer) => answer !== undefined);
      return why === undefined ? [] : [{ resource, why }];
    });
    return (await Promise.all(attached)).flat().slice(0, REPORTED_MAX);
  }

  apply(table: AssignmentTable): void {
    this.#gate.apply(table);
  }

  resume({ moves }: SwitchBatch, committed: boolean): HoldReport {
    for (const transfer of [...this.#transfers.values()].flat()) {
      if (committed) transfer.finish();
      else transfer.undo();
    }
    this.#transfers = new Map();
    return this.#gate.resume(moves.map(({ resource }) => resource));
  }

  counters(): ResourceCounters[] {
    return this.#gate.counters();
  }

  /** The transfers of the batch, made when first asked for: a redirector may join in any state. */
  #begin({ moves }: SwitchBatch): Transfer[] {
    for (const move of moves) {
      if (this.#transfers.has(move.resource)) continue;
      const transfers = this.#adapters.map((adapter) => adapter.transfer(move));
      this.#transfers.set(move.resource, transfers);
    }
    return moves.flatMap(({ resource }) => this.#transfers.get(resource) ?? []);
  }
}

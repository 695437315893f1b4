import { setMaxListeners } from 'node:events';
import type { Clock } from '../core/clock/port.js';
import type { ResourceId } from '../core/domain.js';
import type { AssignmentTable } from '../core/table.js';
import type { Obstacle } from '../core/table-store/records/switch.js';
import type { ProtocolAdapter, Transfer } from './adapters/adapter.js';
import type { AttachRefusal, DataPlane, SwitchBatch, SwitchMove } from './data-plane.js';
import type { Gate, HoldReport, ResourceCounters } from './gate.js';

const REPORTED_MAX = 100;

export interface LocalDataPlaneOptions {
  /** Work under way may take so long to end, from the hold on. */
  readonly drainTimeoutMs: number;
}

/** One move, as one adapter sees it. */
interface Moving {
  readonly move: SwitchMove;
  readonly transfer: Transfer;
  /** Its source is. */
  readonly isLost: boolean;
}

/** The data plane of this process: the gate, and the adapters that share it. */
export class LocalDataPlane implements DataPlane {
  readonly outlivesUs = false;
  readonly #gate: Gate;
  readonly #adapters: readonly ProtocolAdapter[];
  readonly #clock: Clock;
  #options: LocalDataPlaneOptions;
  /** Of the open switch. */
  #transfers = new Map<ResourceId, readonly Transfer[]>();
  /** All of them, as its last batch has them. */
  #listed: { readonly batch: SwitchBatch; readonly transfers: readonly Moving[] } | undefined;
  /** The gate's, of the resources of that batch. */
  #named: { readonly batch: SwitchBatch; readonly indices: Int32Array } | undefined;

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

  reconfigure(options: LocalDataPlaneOptions): void {
    this.#options = options;
  }

  prepare(batch: SwitchBatch): Promise<readonly Obstacle[]> {
    const staying = this.#transfersOf(batch).filter(({ isLost }) => !isLost);
    const obstacles = staying.flatMap(({ transfer }) => transfer.obstacles());
    return Promise.resolve(obstacles.slice(0, REPORTED_MAX));
  }

  hold(batch: SwitchBatch): Promise<void> {
    this.#gate.holdAt(this.#indicesOf(batch));
    return Promise.resolve();
  }

  async drain(batch: SwitchBatch, signal: AbortSignal): Promise<readonly Obstacle[]> {
    const deadline = new AbortController();
    // Each busy resource of the batch listens: that is no leak.
    setMaxListeners(0, deadline.signal);
    const onAbort = (): void => {
      deadline.abort(signal.reason);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    const cancel = this.#clock.after(this.#options.drainTimeoutMs, () => {
      deadline.abort(new Error('drain deadline'));
    });
    try {
      const drains = this.#transfersOf(batch).map(({ transfer, isLost }) => {
        if (!isLost) return transfer.drain(deadline.signal);
        transfer.abandon();
        return Promise.resolve<readonly Obstacle[]>([]);
      });
      return (await Promise.all(drains)).flat().slice(0, REPORTED_MAX);
    } finally {
      cancel();
      signal.removeEventListener('abort', onAbort);
    }
  }

  async attach(batch: SwitchBatch, signal: AbortSignal): Promise<readonly AttachRefusal[]> {
    const attached = this.#transfersOf(batch).map(async ({ transfer, move: { resource } }) => {
      const why = await transfer.attach(batch.generation, signal);
      return why === undefined ? [] : [{ resource, why }];
    });
    return (await Promise.all(attached)).flat().slice(0, REPORTED_MAX);
  }

  apply(table: AssignmentTable): void {
    this.#gate.apply(table);
  }

  resume(batch: SwitchBatch, committed: boolean): HoldReport {
    for (const { transfer } of this.#transfersOf(batch)) {
      if (committed) transfer.finish();
      else transfer.undo();
    }
    this.#transfers = new Map();
    this.#listed = undefined;
    const indices = this.#indicesOf(batch);
    this.#named = undefined;
    return this.#gate.resumeAt(indices);
  }

  counters(): ResourceCounters[] {
    return this.#gate.counters();
  }

  #indicesOf(batch: SwitchBatch): Int32Array {
    if (this.#named?.batch !== batch) {
      const indices = this.#gate.indicesOf(batch.moves.map(({ resource }) => resource));
      this.#named = { batch, indices };
    }
    return this.#named.indices;
  }

  /** Made when first asked for: a redirector may join a switch in any state. */
  #transfersOf(batch: SwitchBatch): readonly Moving[] {
    if (this.#listed?.batch !== batch) this.#listed = { batch, transfers: this.#list(batch) };
    return this.#listed.transfers;
  }

  #list({ moves, lost }: SwitchBatch): Moving[] {
    const list: Moving[] = [];
    for (const move of moves) {
      let transfers = this.#transfers.get(move.resource);
      if (transfers === undefined) {
        transfers = this.#adapters.map((adapter) => adapter.transfer(move));
        this.#transfers.set(move.resource, transfers);
      }
      const isLost = move.source !== null && lost.includes(move.source);
      for (const transfer of transfers) list.push({ move, transfer, isLost });
    }
    return list;
  }
}

import type { ServerId } from '../core/domain.js';
import type { Generation } from '../core/generation.js';
import type { Move } from '../core/plan.js';
import type { AssignmentTable } from '../core/table.js';
import type { Obstacle } from '../core/table-store/records/switch.js';
import type { HoldReport, ResourceCounters } from './gate.js';

/** What a switch asks of whatever carries the traffic: our own gate with its adapters, or a foreign proxy. */
export interface DataPlane {
  /** It goes on without this process: then its duty outlives this member's lease. */
  readonly outlivesUs: boolean;
  /** What would keep the batch from draining; at most a hundred. */
  prepare(batch: SwitchBatch): Promise<readonly Obstacle[]>;
  /** When it resolves, nothing new is sent for the batch's resources. */
  hold(batch: SwitchBatch): Promise<void>;
  /** When it resolves, nothing is under way any more but what is returned. */
  drain(batch: SwitchBatch, signal: AbortSignal): Promise<readonly Obstacle[]>;
  attach(batch: SwitchBatch, signal: AbortSignal): Promise<readonly AttachRefusal[]>;
  /** Work goes by this table from now on. */
  apply(table: AssignmentTable): void;
  /** Ends the hold; `committed`: at the targets, else at the sources. */
  resume(batch: SwitchBatch, committed: boolean): HoldReport | Promise<HoldReport>;
  counters(): ResourceCounters[];
}

/** What carries the traffic has to know of a move. */
export type SwitchMove = Pick<Move, 'resource' | 'source' | 'target'>;

export interface SwitchBatch {
  readonly generation: Generation;
  readonly moves: readonly SwitchMove[];
  /** Sources that are lost: work under way at them is not waited for. */
  readonly lost: readonly ServerId[];
}

export interface AttachRefusal {
  readonly resource: Move['resource'];
  readonly why: string;
}

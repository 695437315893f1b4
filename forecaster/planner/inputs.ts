import type { Dimension, ResourceId, ServerId, ServerState } from '../../core/domain.js';
import type { ForecastBlock } from '../../core/forecast.js';
import type { Generation } from '../../core/generation.js';
import type { Batch, Disproved, NoPlan, PlanAnalysis } from '../../core/plan.js';
import type { PlannerOptions } from '../../core/table-store/policy.js';

/**
 * What the planner is told and what it answers: the seam between it and whoever plans (the round, replay,
 * what-if). Plain values; a what-if is a call with other values.
 */
export interface PlanningInputs {
  readonly nowMs: number;
  /**
   * Demand over the horizon. Series of resources in the four dimensions are used, others ignored; a
   * resource without any counts as an average one and stays where it is.
   */
  readonly forecast: ForecastBlock;
  /** What of the forecast is not as it was made, since it is not borne out by what is measured. */
  readonly disproved: readonly Disproved[];
  /** The last measured value of each series of `forecast`, in its order; NaN: not known. */
  readonly last: Float32Array;
  readonly resources: readonly PlanningResource[];
  readonly servers: readonly PlanningServer[];
  readonly options: PlannerOptions;
  readonly seed: number;
  /** Null: everything may move. Otherwise only what has no server or must leave it, and this is why. */
  readonly restraint: Restraint | null;
}

export interface PlanningResource {
  readonly id: ResourceId;
  /** Null: not assigned yet. */
  readonly server: ServerId | null;
  /** The generation that gave it to its server; null if not assigned. */
  readonly since: Generation | null;
  readonly standby: ServerId | null;
  /** When it was moved last, epoch milliseconds; null: never, or long ago. */
  readonly movedAtMs: number | null;
  /** A move that is approved or under way: it counts there already, and is left alone. */
  readonly movingTo: ServerId | null;
  readonly pinned: ServerId | null;
  /** Where a plan that waits would have it: the search begins there. Absent: none does. */
  readonly wanted?: ServerId;
  /** What is under way for it, as last measured: of TCP its connections, which are its sessions. Absent: not known. */
  readonly inFlight?: number;
  /** Who may serve it. Resources that share one array are told apart fastest. */
  readonly eligible: readonly ServerId[];
}

export interface PlanningServer {
  readonly id: ServerId;
  readonly state: ServerState | 'lost';
  /** Used only when a server is lost or nothing else avoids an overload. */
  readonly spare: boolean;
  readonly zone: string | null;
  /** In the dimension's unit; one that is absent is not planned for this server. */
  readonly capacity: Readonly<Partial<Record<Dimension, number>>>;
  /** What it carries besides its resources and cannot give away; default nothing. */
  readonly base?: Readonly<Partial<Record<Dimension, number>>>;
  /** How long it lately took for what it serves, mean over the requests. Absent: not known. */
  readonly responseMs?: number;
}

export type { PlannerOptions };

export type Restraint =
  | { readonly why: 'paused' }
  | { readonly why: 'unmeasured'; readonly steps: number }
  | { readonly why: 'learning'; readonly steps: number; readonly stepsMin: number };

/** Null: the standby that the resource has may not serve it, and no other does. */
export type Standbys = Readonly<Record<ResourceId, ServerId | null>>;

/** A plan, or why there is none. */
export type PlanningResult = {
  /** For where the plan puts everything; those that differ from what the resources have now. */
  readonly standbys: Standbys;
  /** The same for where everything stands as long as only what is needed of the plan is carried out. */
  readonly standing: Standbys;
} & (
  | {
      readonly plan: { readonly batches: Batch[]; readonly analysis: PlanAnalysis };
      readonly none: null;
    }
  | { readonly plan: null; readonly none: NoPlan }
);

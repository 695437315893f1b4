import { z } from 'zod';
import type { PolicyName } from './options.js';

/** A resource goes to another server; indices into the scene. */
export interface Relocation {
  readonly resource: number;
  readonly target: number;
}

export interface TimedRelocation extends Relocation {
  /** Epoch milliseconds. */
  readonly atMs: number;
}

/** One way to place the resources. It is asked once a step, from the end of the warm-up to the end of the trace. */
export interface Policy {
  readonly name: PolicyName;
  /** Server of each resource before the first step. */
  firstMap(): Int32Array;
  /**
   * What moves within this step, in the order of time. It may look at the load before the step only (the
   * oracle, of course, looks further). `map` is what its earlier answers led to.
   */
  relocations(step: number, map: Int32Array): Promise<readonly TimedRelocation[]>;
  /** What it can say of itself after the last step. */
  account(): Promise<PolicyAccount>;
}

/** Null where the policy has no such thing: moves at once hold nobody up, and who does not forecast has no coverage. */
export const policyAccountSchema = z.object({
  /** Share of what was forecast whose P10…P90 band held the load. */
  coverage: z.number().nullable(),
  /** Sum over the switches of the time in which requests were held. */
  holdMs: z.number().nullable(),
  /** Batches that were not switched in the end. */
  failedSwitches: z.number().nullable(),
});
export type PolicyAccount = Readonly<z.output<typeof policyAccountSchema>>;

export const NOTHING_TO_SAY: PolicyAccount = { coverage: null, holdMs: null, failedSwitches: null };

import { z } from 'zod';
import { finiteSchema, serverIdSchema } from '../../schema.js';
import { RecordKind } from './kind.js';

const headroomSchema = z.object({
  madeAtMs: finiteSchema,
  /** The forecast says nothing of later. */
  untilMs: finiteSchema,
  /**
   * What is left of each server at the peak of its utilization within the horizon, by the highest quantile that is
   * forecast: 1 – all of it, 0 – nothing. A server that is neither forecast nor measured is absent.
   */
  shares: z.record(serverIdSchema, z.number().min(0).max(1)),
});
export type HeadroomRecord = Readonly<z.output<typeof headroomSchema>>;

/** What the last forecast leaves of each server: for whoever weighs servers, here or in another balancer. */
export const HEADROOM = new RecordKind<HeadroomRecord, 'forecast'>('headroom', headroomSchema);

/** Of the servers of which something is known now. */
export function headroomsOf(
  record: HeadroomRecord | undefined,
  nowMs: number,
): HeadroomRecord['shares'] {
  return record !== undefined && nowMs < record.untilMs ? record.shares : {};
}

import { z } from 'zod';
import type { ResourceId } from '../core/domain.js';
import { LOST_SOURCE_POLICIES } from '../core/domain.js';
import { generationSchema } from '../core/schema.js';
import { RecordKind } from '../core/table-store/records/kind.js';

const ownedSchema = z.object({
  seen: generationSchema,
  since: generationSchema.nullable(),
  policy: z.enum(LOST_SOURCE_POLICIES),
});

/** What the agent remembers of a resource over restarts, in its own store. */
export const OWNED = new RecordKind<z.output<typeof ownedSchema>, ResourceId>('owned', ownedSchema);

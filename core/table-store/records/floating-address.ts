import { z } from 'zod';
import { countSchema, finiteSchema, memberIdSchema } from '../../schema.js';
import { RecordKind } from './kind.js';

const floatingAddressSchema = z.object({
  /** Whose it is as long as the lease of that process lives; null: given up, whoever stands ready may take it. */
  holder: z.object({ member: memberIdSchema, process: z.string() }).nullable(),
  /** Grows with each change of hands. */
  term: countSchema,
  /** Wall clock: for people. */
  sinceMs: finiteSchema,
});
export type FloatingAddressRecord = Readonly<z.output<typeof floatingAddressSchema>>;
/** Which redirector holds an address of clients, by its IP. */
export const FLOATING_ADDRESS = new RecordKind<FloatingAddressRecord>(
  'floating-address',
  floatingAddressSchema,
);

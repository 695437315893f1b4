import type { z } from 'zod';

/**
 * What a running process takes up by itself when its config is read again (SIGHUP), with all that stands under it. The rest
 * needs a restart.
 */
export function reloadable<Schema extends z.ZodType>(schema: Schema): Schema {
  return schema.meta({ reloadable: true });
}

import { z } from 'zod';
import type { ServerId } from '../../../core/domain.js';
import type { Json } from '../../../core/json.js';
import { resourceIdSchema } from '../../../core/schema.js';
import type { FileEntry } from './file-entry.js';

/* How a file entry is kept in the session store, under its id in hexadecimal. */

const idSchema = z.string().regex(/^[0-9a-f]{32}$/);

const recordSchema = z.object({
  resource: resourceIdSchema,
  fileId: z.string().regex(/^[0-9a-f]{1,16}$/),
  /** Directory and name, each byte of it a character. */
  links: z.array(z.tuple([idSchema, z.string().min(1).max(255)])).max(8),
  /** By server. */
  handles: z.record(z.string(), z.base64()),
});

export type HandleRecord = z.output<typeof recordSchema>;

/** Undefined: it was not written by this product. */
export function parseHandleRecord(value: Json): HandleRecord | undefined {
  return recordSchema.safeParse(value).data;
}

export function handleRecordOf(entry: FileEntry, serverId: (server: number) => ServerId): Json {
  return {
    resource: entry.resource,
    fileId: entry.fileId.toString(16),
    links: entry.links.map(({ dir, name }) => [recordId(dir.id), name]),
    handles: Object.fromEntries(
      [...entry.handles].map(([server, handle]) => [
        serverId(server),
        Buffer.from(handle).toString('base64'),
      ]),
    ),
  };
}

export function recordId(id: Uint8Array): string {
  return Buffer.from(id).toString('hex');
}

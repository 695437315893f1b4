import { open } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import type { Config } from '../../core/config/schema.js';
import { fail } from '../../core/errors.js';
import type { ErrorPage } from '../../core/net/http/error-answer.js';

/* Bodies for the redirector's own answers, from the files that the config names. */

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.json': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
  '.xml': 'application/xml',
};

/** `folder`: relative paths are relative to it. @throws ERR_FILE_UNREADABLE, ERR_ERROR_PAGE_INVALID */
export async function readErrorPages(
  { http }: Config,
  folder: string,
): Promise<ReadonlyMap<string, ErrorPage>> {
  const pages = new Map<string, ErrorPage>();
  for (const [status, file] of Object.entries(http.errorPages)) {
    pages.set(status, await pageIn(resolve(folder, file), http.errorPageBytesMax));
  }
  return pages;
}

async function pageIn(file: string, bytesMax: number): Promise<ErrorPage> {
  const extension = extname(file).toLowerCase();
  const contentType = CONTENT_TYPES[extension];
  if (contentType === undefined) {
    const known = Object.keys(CONTENT_TYPES).join(', ');
    return fail('ERR_ERROR_PAGE_INVALID', { file, why: `its name ends in none of ${known}` });
  }
  const body = await bytesIn(file, bytesMax);
  if (body.length > bytesMax) {
    const why = `it is longer than the ${bytesMax} bytes of http.errorPageBytesMax`;
    return fail('ERR_ERROR_PAGE_INVALID', { file, why });
  }
  return { contentType, body };
}

/** At most one more than allowed, however long the file is. */
async function bytesIn(file: string, bytesMax: number): Promise<Uint8Array> {
  try {
    const handle = await open(file);
    try {
      const { size } = await handle.stat();
      const bytes = Buffer.alloc(Math.min(size, Math.floor(bytesMax)) + 1);
      let length = 0;
      for (;;) {
        const { bytesRead } = await handle.read(bytes, length, bytes.length - length);
        length += bytesRead;
        if (bytesRead === 0 || length === bytes.length) return bytes.subarray(0, length);
      }
    } finally {
      await handle.close();
    }
  } catch (cause) {
    return fail('ERR_FILE_UNREADABLE', { file, why: 'it cannot be read' }, { cause });
  }
}

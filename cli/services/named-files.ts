import type { Config } from '../../core/config/schema.js';
import type { ErrorPage } from '../../core/net/http/error-answer.js';
import { ErrorPages } from '../../redirector/adapters/http/error-pages.js';
import { readErrorPages } from './error-pages.js';
import type { SecurityMaterial, SecurityParts } from './security.js';
import { Security, readSecurity } from './security.js';

/** What the files hold that a config names, as it was at one moment; plain values, so that other threads can be told them. */
export interface FileContents {
  readonly security: SecurityMaterial;
  readonly errorPages: ReadonlyMap<string, ErrorPage>;
}

/** The same, ready for use. */
export interface NamedFiles {
  readonly security: Security;
  readonly errorPages: ErrorPages;
}

/** @throws ERR_FILE_UNREADABLE, ERR_ERROR_PAGE_INVALID, ERR_CHAP_SECRET_INVALID */
export async function readNamedFiles(config: Config, parts: SecurityParts): Promise<FileContents> {
  return {
    security: await readSecurity(config, parts),
    errorPages: await readErrorPages(config, parts.folder),
  };
}

/** @throws ERR_TLS_INVALID */
export function namedFilesOf(config: Config, { security, errorPages }: FileContents): NamedFiles {
  return { security: new Security(config, security), errorPages: new ErrorPages(errorPages) };
}

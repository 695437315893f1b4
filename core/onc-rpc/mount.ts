import type { XdrCursor } from './xdr.js';
import { XdrWriter } from './xdr.js';

/* MOUNT version 3 (RFC 1813 appendix I) and the portmapper, version 2 (RFC 1833 §3). */

export const MOUNT_PROGRAM = 100_005;
export const MOUNT_VERSION = 3;
export const MNT = 1;
export const DUMP = 2;
export const UMNT = 3;
export const UMNTALL = 4;
export const EXPORT = 5;
export const HANDLE_BYTES_MAX = 64;
export const MOUNT_PATH_BYTES_MAX = 1024;

export const PORTMAP_PROGRAM = 100_000;
export const PORTMAP_VERSION = 2;
export const GETPORT = 3;
export const PORTMAP_DUMP = 4;
export const TCP = 6;
export const PORTMAP_PORT = 111;

export function mountArguments(path: string): Uint8Array {
  return new XdrWriter().text(path).done();
}

/** The handle of what was mounted, or the server's status. */
export function readMounted(results: XdrCursor): Uint8Array | number {
  const status = results.number();
  if (status !== 0) return status;
  const handle = results.opaqueBytes(HANDLE_BYTES_MAX);
  return results.isSound ? handle : status;
}

export function getPortArguments(program: number, version: number): Uint8Array {
  return new XdrWriter().number(program).number(version).number(TCP).number(0).done();
}

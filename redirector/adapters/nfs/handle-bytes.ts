import { createHash } from 'node:crypto';
import type { ResourceId } from '../../../core/domain.js';
import { numberAt, putNumber } from '../../../core/onc-rpc/xdr.js';

/*
 * What a handle of the redirector's own looks like: a word that says so, and an id that nobody can guess. Nothing of a server's
 * handle is in it: those have up to 64 bytes, which is all that NFS v3 allows, and differ from server to server.
 */

/** "FsH", and the version. */
const MAGIC = 0x46_73_48_01;
const MAGIC_BYTES = 4;
export const ID_BYTES = 16;
const OWN_HANDLE_BYTES = MAGIC_BYTES + ID_BYTES;

export function ownHandle(id: Uint8Array): Uint8Array {
  const handle = new Uint8Array(OWN_HANDLE_BYTES);
  putNumber(handle, 0, MAGIC);
  handle.set(id, MAGIC_BYTES);
  return handle;
}

/** Undefined: no handle that a redirector has made. */
export function idOf(handle: Uint8Array): Uint8Array | undefined {
  if (handle.length !== OWN_HANDLE_BYTES || numberAt(handle, 0) !== MAGIC) return undefined;
  return handle.subarray(MAGIC_BYTES);
}

/** The same for every redirector. */
export function rootIdOf(resource: ResourceId): Uint8Array {
  return digest(`foreshift nfs root ${resource}`).subarray(0, ID_BYTES);
}

/** What clients see as the file system of the resource, whichever server it is on. */
export function fsIdOf(resource: ResourceId): Uint8Array {
  return digest(`foreshift nfs fsid ${resource}`).subarray(0, 8);
}

/** Each byte a character: a key. */
export function bytesText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

function digest(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}

import { HANDLE_BYTES_MAX } from '../../../core/onc-rpc/mount.js';
import type { MarkKind, Marks } from './marks.js';
import {
  ATTRIBUTES,
  FILE_ID,
  HANDLE,
  NAME,
  OPTIONAL_HANDLE,
  SIZE_MAX,
  STABILITY,
  WRITE_VERIFIER,
} from './marks.js';
import type { XdrCursor } from '../../../core/onc-rpc/xdr.js';
import { longAt, numberAt, padded } from '../../../core/onc-rpc/xdr.js';

/**
 * What arguments and results of NFS v3 are made of (RFC 1813 §2.6, §3). `data` is last in its message and may lie beyond the
 * front. `wcc`: attributes before, in short, and after.
 */
export type Field =
  | 'handle'
  | 'optionalHandle'
  | 'name'
  | 'path'
  | 'number'
  | 'long'
  | 'bool'
  | 'verifier'
  | 'writeVerifier'
  | 'stability'
  | 'sizeMax'
  | 'attributes'
  | 'optionalAttributes'
  | 'wcc'
  | 'newAttributes'
  | 'guard'
  | 'howToCreate'
  | 'node'
  | 'data'
  | 'entries'
  | 'entriesPlus';

/** RFC 1813 leaves it to servers; no file system has longer names. */
export const NAME_BYTES_MAX = 255;
const PATH_BYTES_MAX = 4096;
const DATA_BYTES_MAX = 1 << 20;
const ATTRIBUTES_BYTES = 84;
/** Within attributes. */
export const FS_ID_AT = 44;
export const FILE_ID_AT = 52;
const WCC_BEFORE_BYTES = 24;
const VERIFIER_BYTES = 8;
const BLOCK = 3;
const CHARACTER = 4;
const SOCKET = 6;
const NODE_TYPE_MAX = 7;

/** Steps over the fields and marks what lies there. Afterwards the cursor says whether all was sound. */
export function walk(cursor: XdrCursor, fields: readonly Field[], marks: Marks): void {
  for (const field of fields) {
    step(cursor, field, marks);
    if (!cursor.isSound) return;
  }
}

/** Of the file whose handle is that mark: in the attributes that come right after it, if they are there. */
export function fileIdAfter(message: Uint8Array, marks: Marks, nth: number): bigint | undefined {
  const after = marks.at(nth) + padded(marks.length(nth)) + 4;
  const next = nth + 1;
  if (next >= marks.count || marks.kind(next) !== ATTRIBUTES || marks.at(next) !== after) {
    return undefined;
  }
  return longAt(message, after + FILE_ID_AT);
}

function step(cursor: XdrCursor, field: Field, marks: Marks): void {
  switch (field) {
    case 'handle':
      opaque(cursor, marks, HANDLE, HANDLE_BYTES_MAX);
      return;
    case 'optionalHandle':
      marks.add(OPTIONAL_HANDLE, cursor.at, 4);
      if (cursor.bool()) opaque(cursor, marks, HANDLE, HANDLE_BYTES_MAX);
      return;
    case 'name':
      opaque(cursor, marks, NAME, NAME_BYTES_MAX);
      return;
    case 'path':
      cursor.opaque(PATH_BYTES_MAX);
      return;
    case 'number':
      cursor.skip(4);
      return;
    case 'long':
      cursor.skip(8);
      return;
    case 'bool':
      cursor.bool();
      return;
    case 'verifier':
      cursor.skip(VERIFIER_BYTES);
      return;
    case 'writeVerifier':
      fixed(cursor, marks, WRITE_VERIFIER, VERIFIER_BYTES);
      return;
    case 'stability':
      fixed(cursor, marks, STABILITY, 4);
      return;
    case 'sizeMax':
      fixed(cursor, marks, SIZE_MAX, 4);
      return;
    case 'attributes':
      fixed(cursor, marks, ATTRIBUTES, ATTRIBUTES_BYTES);
      return;
    case 'optionalAttributes':
      if (cursor.bool()) fixed(cursor, marks, ATTRIBUTES, ATTRIBUTES_BYTES);
      return;
    case 'wcc':
      if (cursor.bool()) cursor.skip(WCC_BEFORE_BYTES);
      step(cursor, 'optionalAttributes', marks);
      return;
    case 'newAttributes':
      newAttributes(cursor);
      return;
    case 'guard':
      if (cursor.bool()) cursor.skip(8);
      return;
    case 'howToCreate':
      howToCreate(cursor);
      return;
    case 'node':
      node(cursor);
      return;
    case 'data':
      cursor.opaqueBeyond(DATA_BYTES_MAX);
      return;
    case 'entries':
      while (cursor.bool() && cursor.isSound) entry(cursor, marks);
      cursor.bool();
      return;
    case 'entriesPlus':
      while (cursor.bool() && cursor.isSound) {
        entry(cursor, marks);
        step(cursor, 'optionalAttributes', marks);
        step(cursor, 'optionalHandle', marks);
      }
      cursor.bool();
      return;
  }
}

function fixed(cursor: XdrCursor, marks: Marks, kind: MarkKind, length: number): void {
  marks.add(kind, cursor.at, length);
  cursor.skip(length);
}

function opaque(cursor: XdrCursor, marks: Marks, kind: MarkKind, bytesMax: number): void {
  const at = cursor.opaque(bytesMax);
  if (cursor.isSound) marks.add(kind, at, numberAt(cursor.bytes, at - 4));
}

/** `sattr3`: each perhaps; the two times may be the server's own. */
function newAttributes(cursor: XdrCursor): void {
  for (const bytes of [4, 4, 4, 8]) if (cursor.bool()) cursor.skip(bytes);
  for (let time = 0; time < 2; time++) {
    const how = cursor.number();
    if (how > 2) cursor.isSound = false;
    if (how === 2) cursor.skip(8);
  }
}

/** Unchecked, guarded, or exclusive. */
function howToCreate(cursor: XdrCursor): void {
  const how = cursor.number();
  if (how > 2) cursor.isSound = false;
  if (how === 2) cursor.skip(VERIFIER_BYTES);
  else newAttributes(cursor);
}

function node(cursor: XdrCursor): void {
  const type = cursor.number();
  if (type > NODE_TYPE_MAX) cursor.isSound = false;
  // A type that cannot be made has nothing more: the server refuses it.
  if (type === CHARACTER || type === BLOCK || type >= SOCKET) newAttributes(cursor);
  if (type === CHARACTER || type === BLOCK) cursor.skip(8);
}

/** File id, name, cookie. */
function entry(cursor: XdrCursor, marks: Marks): void {
  fixed(cursor, marks, FILE_ID, 8);
  step(cursor, 'name', marks);
  cursor.skip(8);
}

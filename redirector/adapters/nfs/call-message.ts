import type { CallHead } from '../../../core/onc-rpc/message.js';
import type { Said } from '../../../core/onc-rpc/calls.js';
import type { RpcRecord } from '../../../core/onc-rpc/record.js';
import { wholeOf } from '../../../core/onc-rpc/record.js';
import { padded } from '../../../core/onc-rpc/xdr.js';
import type { NfsContext } from './context.js';
import { Edits } from './edits.js';
import type { NfsExport } from './exports.js';
import type { FileEntry } from './file-entry.js';
import { walk } from './grammar.js';
import { bytesText } from './handle-bytes.js';
import { squashed } from './identity.js';
import { HANDLE, NAME, STABILITY } from './marks.js';
import type { Procedure } from './procedures.js';
import { PROCEDURES } from './procedures.js';
import { FILE_SYNC } from './stability.js';

interface Place {
  readonly at: number;
  readonly length: number;
}

/** Whom it is said to. */
export interface CallHearer {
  readonly xid: number;
  /** As the server calls what the arguments name, in their order. */
  readonly handles: readonly Uint8Array[];
  readonly export: NfsExport;
  /** Whoever commits it later may come to another of those who serve it. */
  readonly isShared: boolean;
}

/** Flavor and length. */
const AUTH_HEAD_BYTES = 8;

const UNKNOWN: Procedure = {
  ...{ name: 'UNKNOWN', arguments: [], results: [], failure: [] },
  ...{ again: 'same', changes: false, issues: false, isBulk: undefined },
};

/** What a client says in a call, and how the same is said to a server. */
export class CallMessage {
  readonly head: CallHead;
  readonly procedure: Procedure;
  readonly #record: RpcRecord;
  #entries: readonly FileEntry[] = [];
  #names: readonly string[] = [];
  /** Of the handles. */
  #places: readonly Place[] = [];
  /** In the arguments of a WRITE; −1: none. */
  #stabilityAt = -1;

  constructor(head: CallHead, record: RpcRecord) {
    this.head = head;
    this.procedure = PROCEDURES[head.procedure] ?? UNKNOWN;
    this.#record = this.procedure.isBulk === 'arguments' ? record : inOnePiece(record);
  }

  /** It is not said again, and nobody asks for the bytes of it. */
  release(): void {
    this.#record.block?.leave();
  }

  get isKnown(): boolean {
    return this.procedure !== UNKNOWN;
  }

  get length(): number {
    return this.#record.length;
  }

  /** All but what it writes, in one piece. */
  get front(): Uint8Array {
    return this.#record.front;
  }

  /** Files and directories that it names by their handles; none before it was read. */
  get entries(): readonly FileEntry[] {
    return this.#entries;
  }

  /** Those that it asks for in there, and others. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** It says how safely what it writes is to be written. */
  get writes(): boolean {
    return this.#stabilityAt >= 0;
  }

  /** Undefined: it was read; else it is not to be understood, or the first handle in it that the table does not know. */
  read({
    table,
    scratch,
  }: Pick<NfsContext, 'table' | 'scratch'>): 'garbage' | Uint8Array | undefined {
    const { cursor, marks } = scratch;
    const { front, length } = this.#record;
    walk(cursor.on(front, this.head.argumentsAt, length), this.procedure.arguments, marks.clear());
    if (!cursor.isRead) return 'garbage';
    const entries: FileEntry[] = [];
    const places: Place[] = [];
    const names: string[] = [];
    for (let nth = 0; nth < marks.count; nth++) {
      const kind = marks.kind(nth);
      if (kind === NAME) names.push(bytesText(marks.bytes(nth, front)));
      else if (kind === STABILITY) this.#stabilityAt = marks.at(nth);
      else if (kind === HANDLE) {
        const handle = marks.bytes(nth, front);
        const entry = table.find(handle);
        if (entry === undefined) return handle;
        entries.push(entry);
        places.push({ at: marks.at(nth), length: handle.length });
      }
    }
    this.#entries = entries;
    this.#places = places;
    this.#names = names;
    return undefined;
  }

  /** What that server calls what it names; undefined: not all of that is known. */
  handlesAt(server: number): readonly Uint8Array[] | undefined {
    const handles: Uint8Array[] = [];
    for (const entry of this.#entries) {
      const handle = entry.handleAt(server);
      if (handle === undefined) return undefined;
      handles.push(handle);
    }
    return handles;
  }

  /** In pieces to be written. Not after `release`. */
  sayTo({ xid, handles, export: served, isShared }: CallHearer): Said {
    const edits = new Edits();
    const credentials = squashed(this.front, this.head, served);
    if (credentials !== undefined) {
      const { credentialsAt, credentialsBytes } = this.head;
      const bytes = AUTH_HEAD_BYTES + padded(credentialsBytes);
      edits.cut(credentialsAt - AUTH_HEAD_BYTES, bytes, credentials);
    }
    for (let nth = 0; nth < this.#places.length; nth++) {
      const { at, length } = this.#places[nth]!;
      edits.opaque(at, length, handles[nth]!);
    }
    if (this.writes && isShared) edits.number(this.#stabilityAt, FILE_SYNC);
    return { pieces: edits.apply(this.#record, xid), block: this.#record.block };
  }
}

/** Of what is kept for long, or is no longer than usual. */
function inOnePiece(record: RpcRecord): RpcRecord {
  const { length, front, rest, block } = record;
  if (block === undefined && rest.length === 0) return record;
  const whole = block === undefined ? wholeOf(record) : Buffer.from(front);
  block?.leave();
  return { length, front: whole, rest: [] };
}

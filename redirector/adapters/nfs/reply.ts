import type { Asked } from './asked.js';
import type { NfsContext } from './context.js';
import { Edits } from './edits.js';
import type { FileEntry } from './file-entry.js';
import type { Field } from './grammar.js';
import { FS_ID_AT, fileIdAfter } from './grammar.js';
import { bytesText } from './handle-bytes.js';
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
import type { Marks } from './marks.js';
import type { Procedure } from './procedures.js';
import { COMMIT, OK, walkResults } from './procedures.js';
import type { RpcRecord } from '../../../core/onc-rpc/record.js';
import { wholeOf } from '../../../core/onc-rpc/record.js';
import { acceptedReply, resultsOf } from '../../../core/onc-rpc/message.js';
import { longAt, numberAt } from '../../../core/onc-rpc/xdr.js';
import { UNSTABLE } from './stability.js';

/** What goes to the client; `issued`: handles in there that the store has to have before. */
export interface Reply {
  /** Undefined: the RPC layer of the server refused it. */
  readonly status: number | undefined;
  readonly pieces: readonly Uint8Array[];
  readonly issued: readonly FileEntry[];
}

/**
 * The server's reply as the client gets it: its own xid, the redirector's handles, file system id, write verifier and sizes.
 * `mayIssue`: with handles that nobody has yet; else they are left out, as servers may. Undefined: it is not to be understood, or
 * it is for a handle that cannot be issued.
 */
export function replyOf(
  context: NfsContext,
  asked: Asked,
  record: RpcRecord,
  mayIssue: boolean,
): Reply | undefined {
  const at = resultsOf(record.front);
  if (at === 'garbage') return undefined;
  const edits = new Edits();
  if (at === undefined) {
    return { status: undefined, pieces: edits.apply(record, asked.xid), issued: [] };
  }
  const isBulk = asked.procedure.isBulk === 'results';
  const front = isBulk ? record.front : wholeOf(record);
  const { cursor, marks } = context.scratch;
  const status = walkResults(cursor.on(front, at, record.length), asked.procedure, marks);
  if (status === undefined) return undefined;
  const issued = translate({ context, asked, front, marks, edits, mayIssue });
  if (issued === undefined) return undefined;
  const rest = isBulk ? record.rest : [];
  const pieces = edits.apply({ length: record.length, front, rest }, asked.xid);
  return { status, pieces, issued };
}

interface Translation {
  readonly context: NfsContext;
  readonly asked: Asked;
  readonly front: Uint8Array;
  readonly marks: Marks;
  readonly edits: Edits;
  readonly mayIssue: boolean;
}

function translate(of: Translation): readonly FileEntry[] | undefined {
  const { context, asked, front, marks, edits } = of;
  const { resource } = asked.entry;
  const issued: FileEntry[] = [];
  const sizes: number[] = [];
  let isStable = true;
  /** The mark that says that a handle follows; −1: the next one must be there. */
  let optional = -1;
  let fileId: bigint | undefined;
  let { name } = asked;
  for (let nth = 0; nth < marks.count; nth++) {
    const at = marks.at(nth);
    switch (marks.kind(nth)) {
      case ATTRIBUTES:
        edits.replace(at + FS_ID_AT, asked.export.fsId);
        break;
      case FILE_ID:
        fileId = longAt(front, at);
        break;
      case NAME:
        name = bytesText(marks.bytes(nth, front));
        break;
      case OPTIONAL_HANDLE:
        optional = at;
        break;
      case HANDLE: {
        const seenId = fileId ?? fileIdAfter(front, marks, nth);
        const entry = issue(of, name, { handle: marks.bytes(nth, front), fileId: seenId });
        if (entry !== undefined) edits.opaque(at, marks.length(nth), entry.handle);
        else if (optional >= 0) edits.omit(optional, marks.length(nth));
        else return undefined;
        if (entry !== undefined && !context.table.isKept(entry)) issued.push(entry);
        break;
      }
      case STABILITY:
        isStable = numberAt(front, at) !== UNSTABLE;
        break;
      case WRITE_VERIFIER: {
        const by = { server: asked.server, verifier: marks.bytes(nth, front) };
        const { stability } = context;
        if (asked.number === COMMIT) {
          stability.committed(asked.entry, { ...by, until: asked.writtenUntil });
        } else {
          stability.wrote(asked.entry, { ...by, isStable });
        }
        edits.replace(at, stability.verifier(resource));
        break;
      }
      case SIZE_MAX:
        sizes.push(at);
        break;
    }
  }
  if (sizes.length > 0) {
    const said = sizes.map((at) => numberAt(front, at));
    const told = context.sizes.tell(resource, said, context.options.transferBytesMax);
    for (const [nth, at] of sizes.entries()) edits.number(at, told[nth] ?? 0);
  }
  return issued;
}

function issue(
  { context: { table }, asked: { entry: dir, server }, mayIssue }: Translation,
  name: string,
  file: { readonly handle: Uint8Array; readonly fileId: bigint | undefined },
): FileEntry | undefined {
  const entry = table.seen(dir, name, { ...file, server });
  return entry === undefined || mayIssue || table.isKept(entry) ? entry : undefined;
}

/** A reply of the redirector itself, with a status of NFS and nothing that may be left out. */
export function ownReply(xid: number, status: number, procedure: Procedure): Uint8Array {
  const reply = acceptedReply(xid).number(status);
  const fields = status === OK ? procedure.results : procedure.failure;
  for (const field of fields) {
    for (let word = 0; word < (ABSENT_WORDS[field] ?? 0); word++) reply.number(0);
  }
  return reply.done();
}

/** So many words say that it is not there. */
const ABSENT_WORDS: Partial<Record<Field, number>> = {
  optionalHandle: 1,
  optionalAttributes: 1,
  wcc: 2,
};

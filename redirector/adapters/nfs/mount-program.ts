import type { NfsContext } from './context.js';
import type { FileEntry } from './file-entry.js';
import { NAME_BYTES_MAX } from './grammar.js';
import {
  DUMP,
  EXPORT,
  MNT,
  MOUNT_PATH_BYTES_MAX,
  MOUNT_VERSION,
  UMNT,
  UMNTALL,
} from '../../../core/onc-rpc/mount.js';
import { ACCES, JUKEBOX, NOENT, NULL, OK, SERVERFAULT, STALE } from './procedures.js';
import type { CallHead } from '../../../core/onc-rpc/message.js';
import {
  AUTH_SYS,
  GARBAGE_ARGS,
  PROC_UNAVAIL,
  acceptedReply,
  versionMismatch,
} from '../../../core/onc-rpc/message.js';
import { XdrCursor } from '../../../core/onc-rpc/xdr.js';
import { Stay } from './stay.js';

/**
 * The redirector's own MOUNT program (RFC 1813 appendix I). A server is asked only if nobody has mounted the export yet, or
 * for a directory below it.
 */
export async function mountReply(
  context: NfsContext,
  host: string,
  head: CallHead,
  message: Uint8Array,
): Promise<Uint8Array> {
  const { xid, version, procedure, argumentsAt } = head;
  if (version !== MOUNT_VERSION) return versionMismatch(xid, MOUNT_VERSION, MOUNT_VERSION);
  const cursor = new XdrCursor().on(message, argumentsAt);
  switch (procedure) {
    case NULL:
      return acceptedReply(xid).done();
    case MNT: {
      const path = readPath(cursor);
      if (path === undefined) return acceptedReply(xid, GARBAGE_ARGS).done();
      const mounted = await mount(context, host, path);
      if (typeof mounted === 'number') {
        return acceptedReply(xid).number(statusOfMount(mounted)).done();
      }
      context.mounts.add(host, path);
      const reply = acceptedReply(xid).number(OK).opaque(mounted.handle);
      return reply.number(1).number(AUTH_SYS).done();
    }
    case UMNT: {
      const path = readPath(cursor);
      if (path === undefined) return acceptedReply(xid, GARBAGE_ARGS).done();
      context.mounts.remove(host, path);
      return acceptedReply(xid).done();
    }
    case UMNTALL:
      context.mounts.removeAll(host);
      return acceptedReply(xid).done();
    case DUMP: {
      const reply = acceptedReply(xid);
      for (const { host: other, path } of context.mounts.all()) {
        reply.bool(true).text(other).text(path);
      }
      return reply.bool(false).done();
    }
    case EXPORT: {
      const reply = acceptedReply(xid);
      for (const { path, clientNames } of context.exports.all) {
        reply.bool(true).text(path);
        for (const name of clientNames) reply.bool(true).text(name);
        reply.bool(false);
      }
      return reply.bool(false).done();
    }
    default:
      return acceptedReply(xid, PROC_UNAVAIL).done();
  }
}

function readPath(cursor: XdrCursor): string | undefined {
  const path = cursor.opaqueBytes(MOUNT_PATH_BYTES_MAX);
  return cursor.isRead ? Buffer.from(path).toString('latin1') : undefined;
}

/** What the path stands for, or a status of NFS. */
async function mount(context: NfsContext, host: string, path: string): Promise<FileEntry | number> {
  const { exports, table } = context;
  const found = path.startsWith('/') ? exports.at(path) : undefined;
  if (found === undefined) return NOENT;
  if (!context.mayUse(found.export, host)) return ACCES;
  const root = table.rootOf(found.export.resource);
  const isMounted = root.fileId !== 0n && table.isKept(root);
  if (isMounted && found.names.length === 0) return root;
  const stay = await Stay.enter(context, found.export.resource);
  if (stay === undefined) return JUKEBOX;
  try {
    return await walkTo(context, root, found.names, stay.server);
  } finally {
    stay.leave();
  }
}

/** From the first directory down; each is in the store once it was found. */
async function walkTo(
  { resolver, table }: NfsContext,
  root: FileEntry,
  names: readonly string[],
  server: number,
): Promise<FileEntry | number> {
  const walked: FileEntry[] = [root];
  let entry = root;
  for (const name of names) {
    if (name === '..' || name.length > NAME_BYTES_MAX) return ACCES;
    const status = await resolver.resolve(entry, server);
    if (status !== OK) return status === 'lost' ? JUKEBOX : status;
    const looked = await resolver.look(entry, name, server);
    if (typeof looked !== 'object') return looked === 'lost' ? JUKEBOX : looked;
    const next = table.seen(entry, name, { ...looked, server });
    if (next === undefined) return SERVERFAULT;
    entry = next;
    walked.push(entry);
  }
  const status = await resolver.resolve(entry, server);
  if (status !== OK) return status === 'lost' ? JUKEBOX : status;
  return (await table.save(walked)) ? entry : JUKEBOX;
}

/** `mountstat3` has fewer: what it does not know is a fault of the server, for a client to try again. */
function statusOfMount(status: number): number {
  switch (status) {
    case JUKEBOX:
      return SERVERFAULT;
    case STALE:
      return NOENT;
    default:
      return status;
  }
}

import type { ResourceId } from '../../../core/domain.js';
import type { NfsContext } from './context.js';
import type { FileEntry } from './file-entry.js';
import { COMMIT, NFS_PROGRAM, NFS_VERSION, OK } from './procedures.js';
import { XdrWriter } from '../../../core/onc-rpc/xdr.js';

/** COMMITs at a server at the same time. */
const AT_ONCE_MAX = 16;

/**
 * Before a planned move, with nothing under way: what clients have written at the server is on its disk, so that they need not
 * write it again. What cannot be committed in time they will.
 */
export async function commitAll(
  context: NfsContext,
  resource: ResourceId,
  server: number,
  signal: AbortSignal,
): Promise<void> {
  const { stability } = context;
  const files = stability.uncommitted(resource);
  const left = [...(files ?? [])];
  let isWhole = files !== undefined;
  const commitSome = async (): Promise<void> => {
    for (let file = left.pop(); file !== undefined; file = left.pop()) {
      if (signal.aborted || !(await commit(context, file, server))) isWhole = false;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE_MAX }, commitSome));
  if (!isWhole) stability.lost(resource);
}

async function commit(
  { servers, stability }: NfsContext,
  file: FileEntry,
  server: number,
): Promise<boolean> {
  const handle = file.handleAt(server);
  if (handle === undefined) return false;
  const until = stability.now();
  const results = await servers.ask(server, {
    ...{ program: NFS_PROGRAM, version: NFS_VERSION, procedure: COMMIT },
    // From the beginning to the end of the file.
    arguments: new XdrWriter().opaque(handle).long(0n).number(0).done(),
  });
  if (typeof results === 'string' || results.number() !== OK) return false;
  if (results.bool()) results.skip(24);
  if (results.bool()) results.skip(84);
  const { at, bytes } = results;
  results.skip(8);
  if (!results.isRead) return false;
  stability.committed(file, { server, verifier: bytes.subarray(at, at + 8), until });
  return true;
}

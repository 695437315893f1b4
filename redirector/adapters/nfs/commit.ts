import type { ResourceId } from '../../../core/domain.js';
import type { NfsContext } from './context.js';
import type { FileEntry } from './file-entry.js';
import { WRITE_VERIFIER } from './marks.js';
import { COMMIT, OK } from './procedures.js';
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
  // From the beginning to the end of the file.
  const args = new XdrWriter().opaque(handle).long(0n).number(0).done();
  const said = await servers.ask(server, COMMIT, args);
  if (typeof said === 'string' || said.status !== OK) return false;
  const { bytes, marks } = said;
  const verifier = marks.bytes(marks.find(WRITE_VERIFIER), bytes);
  stability.committed(file, { server, verifier, until });
  return true;
}

import type { ResourceId } from '../../../core/domain.js';
import type { NfsContext } from './context.js';
import { FSINFO, NFS_PROGRAM, NFS_VERSION, OK, PROCEDURES, STALE } from './procedures.js';
import { walk } from './grammar.js';
import { SIZE_MAX } from './marks.js';
import { XdrWriter, numberAt } from '../../../core/onc-rpc/xdr.js';

/**
 * Why a server cannot go on with an export: it does not show the same first directory, or does less at once than clients were
 * told when they mounted. Undefined: it can.
 */
export async function refusalOf(
  { resolver, table, servers, sizes, scratch, gate }: NfsContext,
  resource: ResourceId,
  server: number,
): Promise<string | undefined> {
  const name = gate.serverId(server);
  const root = table.rootOf(resource);
  // What it said in a former life is not asked for again.
  root.setHandle(server, undefined);
  const status = await resolver.resolve(root, server);
  if (status === 'lost') return `${name} does not answer as an NFS server`;
  if (status === STALE) return `${name} exports another file system for ${resource}`;
  const handle = root.handleAt(server);
  if (status !== OK || handle === undefined) {
    return `${name} does not export ${resource} to this redirector (status ${status})`;
  }
  const results = await servers.ask(server, {
    ...{ program: NFS_PROGRAM, version: NFS_VERSION, procedure: FSINFO },
    arguments: new XdrWriter().opaque(handle).done(),
  });
  if (typeof results === 'string' || results.number() !== OK) {
    return `${name} does not say what it can do`;
  }
  const { marks } = scratch;
  walk(results, PROCEDURES[FSINFO]?.results ?? [], marks.clear());
  const said: number[] = [];
  for (let nth = 0; nth < marks.count; nth++) {
    if (marks.kind(nth) === SIZE_MAX) said.push(numberAt(results.bytes, marks.at(nth)));
  }
  if (!results.isRead) return `${name} does not say what it can do`;
  return sizes.fits(resource, said)
    ? undefined
    : `${name} reads or writes less at once than clients were told`;
}

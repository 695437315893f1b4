import type { ResourceId } from '../../../core/domain.js';
import type { NfsContext } from './context.js';
import { FSINFO, OK, STALE } from './procedures.js';
import { SIZE_MAX } from './marks.js';
import { XdrWriter, numberAt } from '../../../core/onc-rpc/xdr.js';

/**
 * Why a server cannot go on with an export: it does not show the same first directory, or does less at once than clients were
 * told when they mounted. Undefined: it can.
 */
export async function refusalOf(
  { resolver, table, servers, sizes, gate }: NfsContext,
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
  const said = await servers.ask(server, FSINFO, new XdrWriter().opaque(handle).done());
  if (typeof said === 'string' || said.status !== OK) return `${name} does not say what it can do`;
  const { bytes, marks } = said;
  const maxima: number[] = [];
  for (let nth = marks.find(SIZE_MAX); nth >= 0; nth = marks.find(SIZE_MAX, nth + 1)) {
    maxima.push(numberAt(bytes, marks.at(nth)));
  }
  return sizes.fits(resource, maxima)
    ? undefined
    : `${name} reads or writes less at once than clients were told`;
}

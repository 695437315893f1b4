import type { NfsExport } from './exports.js';
import type { CallHead, UnixIdentity } from '../../../core/onc-rpc/message.js';
import { identityOf, sysCredentials } from '../../../core/onc-rpc/message.js';

/** The credentials that a server gets instead of the client's, with their flavor; undefined: the client's. */
export function squashed(
  front: Uint8Array,
  head: CallHead,
  { squash, anonymous }: NfsExport,
): Uint8Array | undefined {
  if (squash === 'none') return undefined;
  const nobody: UnixIdentity = { ...anonymous, gids: [] };
  const given = identityOf(front, head);
  if (given === undefined || squash === 'all') return sysCredentials(nobody);
  const isOfRoot = given.uid === 0 || given.gid === 0 || given.gids.includes(0);
  if (!isOfRoot) return undefined;
  if (given.uid === 0) return sysCredentials(nobody);
  const squashedGid = (gid: number): number => (gid === 0 ? anonymous.gid : gid);
  return sysCredentials({
    uid: given.uid,
    gid: squashedGid(given.gid),
    gids: given.gids.map(squashedGid),
  });
}

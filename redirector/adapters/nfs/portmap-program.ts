import type { NfsContext } from './context.js';
import {
  GETPORT,
  MOUNT_PROGRAM,
  MOUNT_VERSION,
  PORTMAP_DUMP,
  PORTMAP_PROGRAM,
  PORTMAP_VERSION,
  TCP,
} from '../../../core/onc-rpc/mount.js';
import { NFS_PROGRAM, NFS_VERSION, NULL } from './procedures.js';
import type { CallHead } from '../../../core/onc-rpc/message.js';
import {
  GARBAGE_ARGS,
  PROC_UNAVAIL,
  acceptedReply,
  versionMismatch,
} from '../../../core/onc-rpc/message.js';
import { XdrCursor } from '../../../core/onc-rpc/xdr.js';

/** All programs are behind one port; clients that do not know it ask the portmapper, at port 111 as a rule. */
const SERVED = [
  [PORTMAP_PROGRAM, PORTMAP_VERSION],
  [MOUNT_PROGRAM, MOUNT_VERSION],
  [NFS_PROGRAM, NFS_VERSION],
] as const;

/** The portmapper's answers, RFC 1833 §3: version 2, and TCP only. */
export function portmapReply(
  { port }: NfsContext,
  head: CallHead,
  message: Uint8Array,
): Uint8Array {
  const { xid, version, procedure, argumentsAt } = head;
  if (version !== PORTMAP_VERSION) return versionMismatch(xid, PORTMAP_VERSION, PORTMAP_VERSION);
  switch (procedure) {
    case NULL:
      return acceptedReply(xid).done();
    case GETPORT: {
      const asked = new XdrCursor().on(message, argumentsAt);
      const [program, wanted, protocol] = [asked.number(), asked.number(), asked.number()];
      asked.number();
      if (!asked.isRead) return acceptedReply(xid, GARBAGE_ARGS).done();
      const isServed =
        protocol === TCP && SERVED.some(([one, its]) => one === program && its === wanted);
      return acceptedReply(xid)
        .number(isServed ? port() : 0)
        .done();
    }
    case PORTMAP_DUMP: {
      const reply = acceptedReply(xid);
      for (const [program, its] of SERVED) {
        reply.bool(true).number(program).number(its).number(TCP).number(port());
      }
      return reply.bool(false).done();
    }
    default:
      return acceptedReply(xid, PROC_UNAVAIL).done();
  }
}

import { readFile } from 'node:fs/promises';
import type { Attachments } from '../../agent/attachments.js';
import { GANESHA_DEFAULTS, Ganesha } from '../../agent/ganesha.js';
import { TGT_DEFAULTS, Tgt } from '../../agent/tgt.js';
import { tgtdAnswerIn, tgtdRequestBytes } from '../../agent/tgtd-protocol.js';
import type { Clock } from '../../core/clock/port.js';
import { NodeDisk } from '../../core/disk/node.js';
import type { Address, ServerId } from '../../core/domain.js';
import { fail } from '../../core/errors.js';
import type { Log } from '../../core/log.js';
import { localCall } from '../../core/net/local-call.js';
import type { Net } from '../../core/net/port.js';
import { clip } from '../../core/text.js';

/** A server beside the agent whose exports or targets follow what is owned. */
export type AttachedServer =
  | {
      readonly kind: 'ganesha';
      /** The folder of its EXPORT blocks, one `<resource>.export` each, and of `owned.conf`, which it includes. */
      readonly exports: string;
      readonly pidFile: string;
      readonly mountPort: number;
    }
  | {
      readonly kind: 'tgt';
      /** The folder of its targets, one `<resource>.target` each, and of `owned.conf`, which its configuration includes. */
      readonly targets: string;
      /** Of its own (`tgtd -C`). */
      readonly controlPort: number;
      /** Its management socket, but for the control port; left out: where TGT_IPC_SOCKET says, or by default. */
      readonly socket?: string;
      /** It may take so long until tgtd shows what it was told. */
      readonly timeoutMs?: number;
    };

interface Parts {
  readonly net: Net;
  readonly clock: Clock;
  readonly log: Log;
}

/** tgtd answers in less than a millisecond, unless it hangs. */
const TGTD_CALL = { timeoutMs: 1000, answerBytesMax: 16 << 20 } as const;
const TGTD_SOCKET = '/var/run/tgtd/socket';

/** @param beside the server by its name, and where it serves clients */
export function attachmentsOf(
  attached: AttachedServer,
  beside: { readonly server: ServerId; readonly forward: Address },
  parts: Parts,
): Attachments {
  return attached.kind === 'ganesha'
    ? ganeshaOf(attached, beside, parts)
    : tgtOf(attached, beside, parts);
}

function ganeshaOf(
  { exports, pidFile, mountPort }: AttachedServer & { readonly kind: 'ganesha' },
  { forward, server }: { readonly server: ServerId; readonly forward: Address },
  parts: Parts,
): Ganesha {
  return new Ganesha(
    {
      ...parts,
      disk: new NodeDisk(exports),
      reload: async () => {
        try {
          process.kill(pidIn(await readFile(pidFile, 'utf8')), 'SIGHUP');
        } catch (cause) {
          const why = cause instanceof Error ? cause.message : String(cause);
          fail('ERR_SERVER_UNTOLD', { server, why: clip(why) }, { cause });
        }
      },
    },
    { ...GANESHA_DEFAULTS, mount: { host: forward.host, port: mountPort } },
  );
}

/** 0 and negative ones would be groups of processes. */
function pidIn(text: string): number {
  const pid = Number(text.trim());
  if (Number.isInteger(pid) && pid > 1) return pid;
  throw new Error('no process id in its pid file');
}

function tgtOf(
  { targets, controlPort, socket, ...options }: AttachedServer & { readonly kind: 'tgt' },
  { server }: { readonly server: ServerId },
  { clock, log }: Parts,
): Tgt {
  const path = `${socket ?? process.env.TGT_IPC_SOCKET ?? TGTD_SOCKET}.${controlPort}`;
  return new Tgt(
    {
      ...{ clock, log, disk: new NodeDisk(targets) },
      ask: async (request) => {
        const answer = await localCall(path, tgtdRequestBytes(request), clock, TGTD_CALL);
        return tgtdAnswerIn(answer, { server, request });
      },
    },
    { ...TGT_DEFAULTS, ...options, server },
  );
}

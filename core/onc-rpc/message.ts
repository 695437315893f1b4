import { numberAt, padded, XdrWriter } from './xdr.js';

/* Heads of calls and replies (RFC 5531 §9). */

export const AUTH_NONE = 0;
export const AUTH_SYS = 1;
export const RPCSEC_GSS = 6;
const AUTH_BYTES_MAX = 400;

const CALL = 0;
const REPLY = 1;
const RPC_VERSION = 2;
const ACCEPTED = 0;
const DENIED = 1;
const RPC_MISMATCH = 0;
const AUTH_ERROR = 1;
/** As libtirpc says it of a flavor that it does not speak. */
const AUTH_REJECTEDCRED = 2;

/** RFC 5531 `accept_stat`. */
const SUCCESS = 0;
export const PROG_UNAVAIL = 1;
const PROG_MISMATCH = 2;
export const PROC_UNAVAIL = 3;
export const GARBAGE_ARGS = 4;

export interface CallHead {
  readonly xid: number;
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  readonly flavor: number;
  /** Where the body of the credentials begins, and its length. */
  readonly credentialsAt: number;
  readonly credentialsBytes: number;
  readonly argumentsAt: number;
}

/** `garbage`: nobody can be answered; the others: with these answers. */
export type CallHeadFault = 'garbage' | { readonly answer: Uint8Array };

/** Of a message's front. */
export function readCallHead(front: Uint8Array): CallHead | CallHeadFault {
  if (front.length < 8 || numberAt(front, 4) !== CALL) return 'garbage';
  const xid = numberAt(front, 0);
  if (front.length < 40) return 'garbage';
  if (numberAt(front, 8) !== RPC_VERSION) return { answer: rpcMismatch(xid) };
  const flavor = numberAt(front, 24);
  const credentialsBytes = numberAt(front, 28);
  if (credentialsBytes > AUTH_BYTES_MAX) return 'garbage';
  const verifierAt = 32 + padded(credentialsBytes);
  if (front.length < verifierAt + 8) return 'garbage';
  const verifierBytes = numberAt(front, verifierAt + 4);
  const argumentsAt = verifierAt + 8 + padded(verifierBytes);
  if (verifierBytes > AUTH_BYTES_MAX || argumentsAt > front.length) return 'garbage';
  // RPCSEC_GSS signs xid and arguments, which change on the way; the others are of no use here.
  if (flavor !== AUTH_NONE && flavor !== AUTH_SYS) return { answer: authRejected(xid) };
  // Field by field: an object that is put together of others takes V8 a hundred times as long, microseconds.
  return {
    xid,
    flavor,
    credentialsBytes,
    argumentsAt,
    program: numberAt(front, 12),
    version: numberAt(front, 16),
    procedure: numberAt(front, 20),
    credentialsAt: 32,
  };
}

/** Where the results of a reply begin; undefined: it has none, since the call was refused. `garbage`: it is no reply. */
export function resultsOf(front: Uint8Array): number | undefined | 'garbage' {
  if (front.length < 12 || numberAt(front, 4) !== REPLY) return 'garbage';
  const status = numberAt(front, 8);
  if (status === DENIED) return front.length >= 16 ? undefined : 'garbage';
  if (status !== ACCEPTED || front.length < 24) return 'garbage';
  const verifierBytes = numberAt(front, 16);
  const at = 20 + padded(verifierBytes);
  if (verifierBytes > AUTH_BYTES_MAX || at + 4 > front.length) return 'garbage';
  return numberAt(front, at) === SUCCESS ? at + 4 : undefined;
}

/** The head of a call of our own; arguments follow. */
export function callHead(call: {
  readonly xid: number;
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  readonly credentials: Uint8Array;
}): XdrWriter {
  return new XdrWriter()
    .number(call.xid)
    .number(CALL)
    .number(RPC_VERSION)
    .number(call.program)
    .number(call.version)
    .number(call.procedure)
    .raw(call.credentials)
    .number(AUTH_NONE)
    .number(0);
}

export interface UnixIdentity {
  readonly uid: number;
  readonly gid: number;
  readonly gids: readonly number[];
}

const GIDS_MAX = 16;
const MACHINE_BYTES_MAX = 255;

/** AUTH_SYS with its flavor and length, as it stands in a head. */
export function sysCredentials({ uid, gid, gids }: UnixIdentity, machine = ''): Uint8Array {
  const body = new XdrWriter().number(0).text(machine).number(uid).number(gid).number(gids.length);
  for (const other of gids) body.number(other);
  return new XdrWriter().number(AUTH_SYS).opaque(body.done()).done();
}

/** Whose call it is, by AUTH_SYS; undefined: by its own word nobody's. */
export function identityOf(
  front: Uint8Array,
  { flavor, credentialsAt, credentialsBytes }: CallHead,
): UnixIdentity | undefined {
  if (flavor !== AUTH_SYS || credentialsBytes < 20) return undefined;
  const end = credentialsAt + credentialsBytes;
  const machineBytes = numberAt(front, credentialsAt + 4);
  const at = credentialsAt + 8 + padded(machineBytes);
  if (machineBytes > MACHINE_BYTES_MAX || at + 12 > end) return undefined;
  const count = numberAt(front, at + 8);
  if (count > GIDS_MAX || at + 12 + 4 * count !== end) return undefined;
  const gids = Array.from({ length: count }, (_, nth) => numberAt(front, at + 12 + 4 * nth));
  return { uid: numberAt(front, at), gid: numberAt(front, at + 4), gids };
}

/** A reply of our own to a call that was accepted; results follow after SUCCESS. */
export function acceptedReply(xid: number, status = SUCCESS): XdrWriter {
  return new XdrWriter(64)
    .number(xid)
    .number(REPLY)
    .number(ACCEPTED)
    .number(AUTH_NONE)
    .number(0)
    .number(status);
}

/** The program is there in another version only. */
export function versionMismatch(xid: number, lowest: number, highest: number): Uint8Array {
  return acceptedReply(xid, PROG_MISMATCH).number(lowest).number(highest).done();
}

function rpcMismatch(xid: number): Uint8Array {
  return denied(xid, RPC_MISMATCH).number(RPC_VERSION).number(RPC_VERSION).done();
}

function authRejected(xid: number): Uint8Array {
  return denied(xid, AUTH_ERROR).number(AUTH_REJECTEDCRED).done();
}

function denied(xid: number, why: number): XdrWriter {
  return new XdrWriter(32).number(xid).number(REPLY).number(DENIED).number(why);
}

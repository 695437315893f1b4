import { endianness } from 'node:os';
import { fail } from '../core/errors.js';

/*
 * What tgtadm and tgtd say to each other at tgtd's management socket: one request a connection, a head and a text, in the machine's own order of
 * bytes (`struct tgtadm_req` of tgt, the same since 1.0.18 of 2011). Without tgtadm, since to start a process for each of the ten
 * things that a move has to say takes a hundred milliseconds, in which clients wait.
 */

/** As tgtadm has them: `--mode`, `--op`. */
const MODES = { target: 1, logicalunit: 2, conn: 6 } as const;
const OPERATIONS = { new: 0, delete: 1, show: 2, bind: 3, unbind: 4, update: 5 } as const;

export interface TgtdRequest {
  readonly mode: keyof typeof MODES;
  readonly op: keyof typeof OPERATIONS;
  /** Number of the target; left out: of all. */
  readonly tid?: number;
  /** Of a session, and of a connection in it. */
  readonly sid?: number;
  readonly cid?: number;
  readonly lun?: number;
  /** What belongs to it, by name. */
  readonly said?: readonly (readonly [name: string, value: string])[];
  /** What is to be changed of a logical unit, by name: values may have anything in them but commas. */
  readonly params?: readonly (readonly [name: string, value: string])[];
}

/** mode, op, lld (64), len, tid, sid (8), lun (8), cid, host_no, device_type, ac_dir, pack, force. */
const HEAD_BYTES = 120;
const AT = { mode: 0, op: 4, driver: 8, length: 72, tid: 76, sid: 80, lun: 88, cid: 96 } as const;
const DRIVER = 'iscsi';
const ALL_TARGETS = -1;
const NO_LUN = (1n << 64n) - 1n;
/** err, len. */
const ANSWER_HEAD_BYTES = 8;
const IS_LITTLE = endianness() === 'LE';

/** Of `enum tgtadm_errno`, in its order. */
const WHYS = [
  'done',
  'unknown error',
  'out of memory',
  'no such driver',
  'no such target',
  'no such logical unit',
  'no such session',
  'no such connection',
  'no such binding',
  'the target exists already',
  'the logical unit exists already',
  'the binding exists already',
  'who may log in is known already',
  'who may log in is not known',
  'the account exists already',
  'no such account',
  'too many accounts',
  'invalid request',
  'the target has an outgoing account already',
  'the target is still active',
  'the logical unit is still active',
  'the driver is still active',
  'not supported',
  'unknown parameter',
  'removal is prevented',
] as const;

export function tgtdRequestBytes(request: TgtdRequest): Uint8Array {
  const { mode, op, tid = ALL_TARGETS, sid = 0, cid = 0, lun } = request;
  const text = Buffer.from(textOf(request));
  const bytes = Buffer.alloc(HEAD_BYTES + text.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  view.setUint32(AT.mode, MODES[mode], IS_LITTLE);
  view.setUint32(AT.op, OPERATIONS[op], IS_LITTLE);
  bytes.write(DRIVER, AT.driver);
  view.setUint32(AT.length, bytes.length, IS_LITTLE);
  view.setInt32(AT.tid, tid, IS_LITTLE);
  view.setBigUint64(AT.sid, BigInt(sid), IS_LITTLE);
  view.setBigUint64(AT.lun, lun === undefined ? NO_LUN : BigInt(lun), IS_LITTLE);
  view.setUint32(AT.cid, cid, IS_LITTLE);
  // host_no and force 0, device_type a disk, ac_dir incoming.
  bytes.set(text, HEAD_BYTES);
  return bytes;
}

/** With a zero at its end, if there is any. */
function textOf({ said = [], params }: TgtdRequest): string {
  const parts = said.map(([name, value]) => `${name}=${value}`);
  if (params !== undefined) {
    parts.push(`targetOps ${params.map(([name, value]) => `${name}=${value},`).join('')}`);
  }
  return parts.length === 0 ? '' : `${parts.join(',')}\0`;
}

/**
 * @param answer up to where tgtd closed
 * @param told by which errors name server and request
 * @returns what it shows
 * @throws ERR_SERVER_UNTOLD – it did not do it, and says why, or what it says is no whole answer
 */
export function tgtdAnswerIn(
  answer: Uint8Array,
  { server, request }: { readonly server: string; readonly request: TgtdRequest },
): string {
  const refuse = (why: string): never =>
    fail('ERR_SERVER_UNTOLD', { server, why: `${request.mode} ${request.op}: ${why}` });
  if (answer.length === 0) return refuse('no answer; tgtd wants to be told by its own user');
  if (answer.length < ANSWER_HEAD_BYTES) return refuse('its answer is not whole');
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  const error = view.getUint32(0, IS_LITTLE);
  if (error !== 0) return refuse(WHYS[error] ?? `error ${error}`);
  if (view.getUint32(4, IS_LITTLE) !== answer.length) return refuse('its answer is not whole');
  return Buffer.from(answer.subarray(ANSWER_HEAD_BYTES)).toString().replace(/\0+$/, '');
}

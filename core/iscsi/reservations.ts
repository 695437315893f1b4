import { LIST_HEAD_BYTES, commandOf, listedIn } from './scsi.js';

/* Reservations of logical units: PERSISTENT RESERVE IN and OUT (SPC-4 §5.13), RESERVE and RELEASE (SPC-2). */

export const RESERVATION_CONFLICT = 0x18;

export const PERSISTENT_RESERVE_IN = 0x5e;
export const PERSISTENT_RESERVE_OUT = 0x5f;
export const RESERVE_6 = 0x16;
const RELEASE_6 = 0x17;
const RESERVE_10 = 0x56;
const RELEASE_10 = 0x57;

/** What PERSISTENT RESERVE OUT is to do. */
export const ACTION = {
  register: 0,
  reserve: 1,
  release: 2,
  clear: 3,
  preempt: 4,
  preemptAndAbort: 5,
  /** Whatever key was registered before. */
  registerAnyhow: 6,
  registerAndMove: 7,
} as const;

/** No key: as the new one, it ends the registration. */
export const NO_KEY = '0'.repeat(16);
/** Scope and type: write exclusive, of the whole unit. */
export const WRITE_EXCLUSIVE = 0x01;

const WRITE_EXCLUSIVE_ALL_REGISTRANTS = 7;
const EXCLUSIVE_ACCESS_ALL_REGISTRANTS = 8;
const PARAMETER_BYTES = 24;
const KEY_BYTES = 8;
/** Activate persist through power loss. */
const APTPL = 0x01;

/** What a PERSISTENT RESERVE OUT says. Keys are 16 hexadecimal digits. */
export interface PersistentOut {
  readonly action: number;
  /** Scope and type, as they stand in the command. */
  readonly kind: number;
  /** The key of whoever says it. */
  readonly key: string;
  /** The new key, or the key of those whom it is about. */
  readonly subject: string;
  readonly isThroughPowerLoss: boolean;
}

/** Undefined: its parameters are too short. */
export function persistentOutIn(
  command: Uint8Array,
  parameters: Uint8Array,
): PersistentOut | undefined {
  if (parameters.length < PARAMETER_BYTES) return undefined;
  const bytes = Buffer.from(parameters);
  return {
    action: actionOf(command),
    kind: command[2]!,
    key: bytes.toString('hex', 0, KEY_BYTES),
    subject: bytes.toString('hex', KEY_BYTES, 2 * KEY_BYTES),
    isThroughPowerLoss: (bytes[20]! & APTPL) !== 0,
  };
}

/** The same the other way round: what to send for it. */
export function persistentOut(says: PersistentOut): {
  readonly command: Buffer;
  readonly written: Buffer;
} {
  const command = commandOf(PERSISTENT_RESERVE_OUT, says.action, says.kind);
  command.writeUInt32BE(PARAMETER_BYTES, 5);
  const written = Buffer.alloc(PARAMETER_BYTES);
  written.write(says.key, 0, 'hex');
  written.write(says.subject, KEY_BYTES, 'hex');
  if (says.isThroughPowerLoss) written[20] = APTPL;
  return { command, written };
}

/** Of a PERSISTENT RESERVE OUT. */
export function actionOf(command: Uint8Array): number {
  return command[1]! & 0x1f;
}

/** Whoever is registered holds the reservation. */
export function isOfAllRegistrants(kind: number): boolean {
  const type = kind & 0x0f;
  return type === WRITE_EXCLUSIVE_ALL_REGISTRANTS || type === EXCLUSIVE_ACCESS_ALL_REGISTRANTS;
}

/** Asks for the keys that are registered, up to so many. */
export function readKeysCommand(keysMax: number): { command: Buffer; readBytesMax: number } {
  const readBytesMax = LIST_HEAD_BYTES + KEY_BYTES * keysMax;
  const command = commandOf(PERSISTENT_RESERVE_IN);
  command.writeUInt16BE(readBytesMax, 7);
  return { command, readBytesMax };
}

/** One for each registration. */
export function keysIn(data: Uint8Array): string[] {
  return listedIn(data, 4, KEY_BYTES).map((key) => key.toString('hex'));
}

/** Whether a command is one to make, change or end a reservation. */
export function isOfReservations(operation: number): boolean {
  return operation === PERSISTENT_RESERVE_OUT || scsi2Of(operation) !== undefined;
}

/** What it does to the reservation of SPC-2; undefined: nothing. */
export function scsi2Of(operation: number): 'reserve' | 'release' | undefined {
  if (operation === RESERVE_6 || operation === RESERVE_10) return 'reserve';
  return operation === RELEASE_6 || operation === RELEASE_10 ? 'release' : undefined;
}

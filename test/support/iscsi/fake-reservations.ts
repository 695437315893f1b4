import {
  ACTION,
  NO_KEY,
  PERSISTENT_RESERVE_IN,
  PERSISTENT_RESERVE_OUT,
  RESERVATION_CONFLICT,
  isOfAllRegistrants,
  persistentOutIn,
  scsi2Of,
} from '../../../core/iscsi/reservations.js';
import type { SenseCode } from '../../../core/iscsi/scsi.js';

const INVALID_OPERATION: SenseCode = [5, 0x20, 0];
const PREEMPTED: SenseCode = [6, 0x2a, 0x03];
const WRITES_BLOCKS = new Set([0x2a, 0x89]);
const READS_BLOCKS = new Set([0x28]);
const UNRESERVED = new Set([0x12, 0xa0]);

/** What came of a command: its status, or what it reads. */
export type Outcome =
  { readonly status: number; readonly sense?: SenseCode } | { readonly data: Buffer };

interface Holder {
  owner: string;
  kind: number;
}

/**
 * Reservations of one unit as a server keeps them. An owner is a session, which a new one of the same initiator port is not (as in
 * tgtd), or an initiator port (as SPC has it).
 */
export class FakeReservations {
  /** It knows no persistent reservations at all. */
  isWithout = false;
  readonly registrations: { readonly owner: string; readonly key: string }[] = [];
  holder: Holder | undefined;
  reservedBy: string | undefined;
  readonly #attend: (owner: string, sense: SenseCode) => void;

  constructor(attend: (owner: string, sense: SenseCode) => void) {
    this.#attend = attend;
  }

  get keys(): string[] {
    return this.registrations.map(({ key }) => key);
  }

  /** Whether somebody else keeps the command out. */
  keepsOut(owner: string, operation: number): boolean {
    if (this.reservedBy !== undefined && this.reservedBy !== owner) {
      return !UNRESERVED.has(operation) && scsi2Of(operation) !== 'release';
    }
    const { holder } = this;
    if (holder === undefined || holder.owner === owner) return false;
    const type = holder.kind & 0x0f;
    // Types 5 to 8 are of all who are registered.
    if (type >= 5 && this.#keyOf(owner) !== undefined) return false;
    const isExclusive = [3, 6, 8].includes(type);
    return WRITES_BLOCKS.has(operation) || (isExclusive && READS_BLOCKS.has(operation));
  }

  /** Undefined: it is not about reservations. */
  run(owner: string, command: Uint8Array, written: Buffer): Outcome | undefined {
    const scsi2 = scsi2Of(command[0]!);
    if (scsi2 !== undefined) return this.#scsi2(owner, scsi2 === 'reserve');
    if (command[0] === PERSISTENT_RESERVE_IN) return { data: this.#read(command[1]! & 0x1f) };
    if (command[0] !== PERSISTENT_RESERVE_OUT) return undefined;
    if (this.isWithout) return { status: 2, sense: INVALID_OPERATION };
    return { status: this.#out(owner, command, written) };
  }

  ended(owner: string): void {
    if (this.reservedBy === owner) this.reservedBy = undefined;
  }

  #scsi2(owner: string, isReserve: boolean): Outcome {
    if (isReserve) this.reservedBy = owner;
    else if (this.reservedBy === owner) this.reservedBy = undefined;
    return { status: 0 };
  }

  #read(action: number): Buffer {
    const READ_KEYS = 0;
    const { holder } = this;
    const keys =
      action === READ_KEYS ? this.keys : holder ? [this.#keyOf(holder.owner) ?? NO_KEY] : [];
    const list = Buffer.concat(keys.map((key) => Buffer.from(key, 'hex')));
    const tail = Buffer.alloc(action === READ_KEYS || holder === undefined ? 0 : 8);
    if (tail.length > 0) tail[5] = holder?.kind ?? 0;
    const head = Buffer.alloc(8);
    head.writeUInt32BE(list.length + tail.length, 4);
    return Buffer.concat([head, list, tail]);
  }

  #keyOf(owner: string): string | undefined {
    return this.registrations.find((each) => each.owner === owner)?.key;
  }

  #out(owner: string, command: Uint8Array, written: Buffer): number {
    const out = persistentOutIn(command, written);
    if (out === undefined) return RESERVATION_CONFLICT;
    const { action, key, subject, kind } = out;
    const own = this.#keyOf(owner);
    if (action === ACTION.registerAnyhow) return this.#register(owner, subject);
    if (action === ACTION.register) {
      return (own ?? NO_KEY) === key ? this.#register(owner, subject) : RESERVATION_CONFLICT;
    }
    if (own !== key) return RESERVATION_CONFLICT;
    const { holder } = this;
    const isHolder =
      holder !== undefined && (holder.owner === owner || isOfAllRegistrants(holder.kind));
    switch (action) {
      case ACTION.reserve:
        if (holder !== undefined && !(isHolder && holder.kind === kind))
          return RESERVATION_CONFLICT;
        this.holder ??= { owner, kind };
        return 0;
      case ACTION.release:
        if (isHolder) this.holder = undefined;
        return 0;
      case ACTION.clear:
        this.holder = undefined;
        this.#remove(() => true);
        return 0;
      case ACTION.preempt:
        if (!this.keys.includes(subject)) return RESERVATION_CONFLICT;
        if (holder !== undefined && this.#keyOf(holder.owner) === subject) {
          this.holder = { owner, kind };
        }
        for (const gone of this.#remove((each) => each.owner !== owner && each.key === subject)) {
          this.#attend(gone, PREEMPTED);
        }
        return 0;
      default:
        return RESERVATION_CONFLICT;
    }
  }

  #register(owner: string, key: string): number {
    this.#remove((each) => each.owner === owner);
    if (key !== NO_KEY) this.registrations.push({ owner, key });
    else if (this.holder?.owner === owner) this.holder = undefined;
    return 0;
  }

  #remove(isGone: (each: { readonly owner: string; readonly key: string }) => boolean): string[] {
    const gone = this.registrations.filter(isGone);
    for (const each of gone) this.registrations.splice(this.registrations.indexOf(each), 1);
    return gone.map(({ owner }) => owner);
  }
}

import type { Connection, Net } from '../../../core/net/port.js';
import type { ChapSecret } from '../../../core/iscsi/chap.js';
import type { Pdu } from '../../../core/iscsi/pdu.js';
import {
  ASYNC_MESSAGE,
  AT,
  DATA_IN,
  DATA_OUT,
  FINAL,
  HAS_STATUS,
  LOGIN,
  LOGIN_RESPONSE,
  LOGOUT,
  LOGOUT_RESPONSE,
  NOP_OUT,
  READY_TO_TRANSFER,
  SCSI_COMMAND,
  SCSI_RESPONSE,
  TASK_MANAGEMENT,
  TASK_MANAGEMENT_RESPONSE,
  WRITES,
  commandIn,
  expectedLengthOf,
  flagsOf,
  headOf,
  isImmediate,
  next,
  opcodeOf,
  piecesOf,
  taskTagOf,
  wholeOf,
} from '../../../core/iscsi/pdu.js';
import { PduReader } from '../../../core/iscsi/pdu-reader.js';
import { RESERVATION_CONFLICT } from '../../../core/iscsi/reservations.js';
import type { SenseCode } from '../../../core/iscsi/scsi.js';
import { senseData } from '../../../core/iscsi/scsi.js';
import type { Keys } from '../../../core/iscsi/text.js';
import { TextCollector, textOf } from '../../../core/iscsi/text.js';
import { unmapRangesIn } from '../../../core/iscsi/unmap.js';
import { FakeLogin, SEGMENT_BYTES } from './fake-login.js';
import { FakeReservations } from './fake-reservations.js';

const BLOCK_BYTES = 512;
/** Of what it asks for at once. */
const BURST_BYTES = 16_384;
const WINDOW = 16;
const AT_POWER_ON: SenseCode = [6, 0x29, 0x00];
const NOT_AUTHENTICATED = 0x0201;

/** A logical unit that several targets show. */
export class SharedUnit {
  readonly bytes: Buffer;
  readonly serial: string;
  /** It takes UNMAP, and says so. */
  isThin = false;
  /** What it says of the length of its blocks. */
  blockBytes = BLOCK_BYTES;

  constructor(blocks: number, serial = 'unit-1') {
    this.bytes = Buffer.alloc(blocks * BLOCK_BYTES);
    this.serial = serial;
  }
}

interface Running {
  readonly pdu: Pdu;
  readonly data: Uint8Array[];
  length: number;
  wanted: { readonly tag: number; readonly end: number } | undefined;
}

/**
 * An iSCSI target with one unit (LUN 1, and a controller as LUN 0). It keeps to the protocol, and insists that others do: a command
 * out of its order is a fault, which is written down. A new nexus has two unit attentions for each LUN.
 */
export class FakeTarget {
  readonly name: string;
  readonly unit: SharedUnit;
  /** What it shows as LUN 1 under these names; under others, the one unit. */
  readonly named = new Map<string, SharedUnit>();
  readonly sessions: FakeSession[] = [];
  readonly faults: string[] = [];
  /** Operation codes of what was carried out. */
  readonly done: number[] = [];
  /** It carries out what it is told, but says nothing. */
  isMute = false;
  /** Of each read, so many PDUs are sent before it falls silent. */
  dataInMax = Infinity;
  /** In each of those. */
  dataInBytes = SEGMENT_BYTES;
  /** What it asks for at once of what is written. */
  burstBytes = BURST_BYTES;
  /** Once it has so much of that, it asks for it from the beginning, which it must not. */
  asksAnewAt = Infinity;
  /** It does not even carry out what it is told. */
  isStuck = false;
  /** By the name of its target: what its reads and writes end with. */
  readonly failing = new Map<string, SenseCode>();
  /** It lets nobody in: class and detail. */
  refuses = 0;
  /** Only this one is let in, with a proof (CHAP). */
  asks: ChapSecret | undefined;
  /** Its own proof, for those who want one. */
  own: ChapSecret | undefined;
  /** Texts of logins, as they came. */
  readonly saidAtLogin: Keys[] = [];
  /** A new session of the same initiator port finds what the former had registered. */
  isByPort = false;
  /** Of LUN 1. */
  reservations = this.#newReservations();
  readonly #net: Net;

  constructor(net: Net, name: string, unit: SharedUnit) {
    this.#net = net;
    this.name = name;
    this.unit = unit;
  }

  async start(): Promise<void> {
    await this.#net.listen({ host: this.name, port: 3260 }, (connection) => {
      this.sessions.push(new FakeSession(this, connection));
    });
  }

  /** As after a power loss: what it had in memory is gone. Initiators of whom it says so hear of it when they speak to it next. */
  restart(isUnheard: (initiator: string) => boolean = () => false): void {
    this.reservations = this.#newReservations();
    for (const session of this.openSessions) {
      if (isUnheard(session.initiator)) session.isForgotten = true;
      else session.drop();
    }
  }

  get openSessions(): FakeSession[] {
    return this.sessions.filter(({ isOpen }) => isOpen);
  }

  count(operation: number): number {
    return this.done.filter((each) => each === operation).length;
  }

  #newReservations(): FakeReservations {
    return new FakeReservations((owner, sense) => {
      for (const session of this.openSessions) {
        if (session.owner === owner) session.attend(sense);
      }
    });
  }
}

class FakeSession {
  isOpen = true;
  isLoggedOut = false;
  /** Whoever speaks to it hears that there is no such connection. */
  isForgotten = false;
  initiator = '';
  targetName = '';
  readonly #target: FakeTarget;
  readonly #connection: Connection;
  readonly #reader = new PduReader({ dataBytesMax: SEGMENT_BYTES });
  readonly #login: FakeLogin;
  readonly #running = new Map<number, Running>();
  /** By LUN: what it has to tell. */
  readonly #attentions = new Map<string, SenseCode[]>([
    ['0', [AT_POWER_ON, AT_POWER_ON]],
    ['1', [AT_POWER_ON, AT_POWER_ON]],
  ]);
  #expected = 0;
  #status = 1;
  #isLoggedIn = false;
  #transfer = 0;
  #port = '';

  constructor(target: FakeTarget, connection: Connection) {
    this.#target = target;
    this.#connection = connection;
    this.#login = new FakeLogin(target);
    connection.handler = {
      opened: () => undefined,
      data: (bytes) => {
        if (
          !this.#reader.read(bytes, (pdu) => {
            this.#said(pdu);
          })
        )
          this.#fault('too much data');
      },
      drained: () => undefined,
      ended: () => {
        connection.end();
      },
      closed: () => {
        this.isOpen = false;
        target.reservations.ended(this.owner);
      },
    };
  }

  /** Whom reservations are of. */
  get owner(): string {
    return this.#target.isByPort ? this.#port : String(this.#target.sessions.indexOf(this));
  }

  attend(sense: SenseCode): void {
    this.#attentions.get('1')?.push(sense);
  }

  drop(): void {
    this.#connection.reset();
  }

  /** An Async Message: log out, please. */
  askForLogout(): void {
    const head = headOf(ASYNC_MESSAGE);
    head[36] = 1;
    this.#send(head);
  }

  #fault(what: string): void {
    this.#target.faults.push(what);
    this.#connection.reset();
  }

  #said(pdu: Pdu): void {
    if (this.isForgotten) {
      this.drop();
      return;
    }
    const opcode = opcodeOf(pdu);
    if (!this.#isLoggedIn) {
      if (opcode === LOGIN) this.#logIn(pdu);
      else this.#fault('not logged in');
      return;
    }
    if (opcode === DATA_OUT) {
      this.#dataOut(pdu);
      return;
    }
    const number = pdu.head.readUInt32BE(AT.commandNumber);
    if (number !== this.#expected) {
      this.#fault(`CmdSN ${number} for ${this.#expected}`);
      return;
    }
    if (!isImmediate(pdu)) this.#expected = next(this.#expected);
    if (opcode === SCSI_COMMAND) this.#command(pdu);
    else if (opcode === TASK_MANAGEMENT) this.#manage(pdu);
    else if (opcode === LOGOUT) this.#logout(pdu);
    else if (opcode !== NOP_OUT) this.#fault(`opcode ${opcode}`);
  }

  #logIn(pdu: Pdu): void {
    const text = new TextCollector();
    text.add(pdu.data);
    const keys: Keys = text.take() ?? new Map();
    this.#target.saidAtLogin.push(keys);
    this.initiator = keys.get('InitiatorName') ?? this.initiator;
    this.targetName = keys.get('TargetName') ?? this.targetName;
    this.#port = `${this.initiator} ${pdu.head.toString('hex', 8, 14)}`;
    this.#expected = pdu.head.readUInt32BE(AT.commandNumber);
    const flags = flagsOf(pdu);
    const isSecurity = ((flags >> 2) & 3) === 0;
    const login = this.#login;
    const said = isSecurity ? login.security(keys) : login.operational();
    const isStaying = isSecurity && !login.isLetIn;
    const head = headOf(LOGIN_RESPONSE, isStaying ? flags & 0x0c : flags, taskTagOf(pdu));
    pdu.head.copy(head, 8, 8, 14);
    const status = said === undefined ? NOT_AUTHENTICATED : this.#target.refuses;
    head.writeUInt16BE(status, 36);
    this.#isLoggedIn = status === 0 && (flags & FINAL) !== 0 && (flags & 3) === 3;
    this.#send(head, [textOf(said ?? [])]);
  }

  #logout(pdu: Pdu): void {
    this.isLoggedOut = true;
    this.#send(headOf(LOGOUT_RESPONSE, FINAL, taskTagOf(pdu)));
    this.#connection.end();
  }

  #manage(pdu: Pdu): void {
    const head = headOf(TASK_MANAGEMENT_RESPONSE, FINAL, taskTagOf(pdu));
    const ABORT_TASK = 1;
    if ((flagsOf(pdu) & 0x7f) === ABORT_TASK) {
      const known = this.#running.get(pdu.head.readUInt32BE(AT.transfer));
      const isIt =
        known?.pdu.head.readUInt32BE(AT.commandNumber) ===
        pdu.head.readUInt32BE(AT.referredCommandNumber);
      if (isIt) this.#running.delete(pdu.head.readUInt32BE(AT.transfer));
      else head[AT.response] = 1;
    } else {
      this.#running.clear();
    }
    this.#send(head);
  }

  #command(pdu: Pdu): void {
    const running: Running = {
      pdu,
      data: [...pdu.data],
      length: pdu.dataLength,
      wanted: undefined,
    };
    this.#running.set(taskTagOf(pdu), running);
    if (this.#target.isStuck) return;
    this.#goOn(running);
  }

  #dataOut(pdu: Pdu): void {
    const running = this.#running.get(taskTagOf(pdu));
    const { head, dataLength, data } = pdu;
    if (running === undefined) return;
    const { wanted } = running;
    const isWanted =
      wanted?.tag === head.readUInt32BE(AT.transfer) &&
      head.readUInt32BE(AT.offset) === running.length &&
      running.length + dataLength <= wanted.end;
    if (!isWanted) {
      this.#fault('data that nobody has asked for');
      return;
    }
    running.data.push(...data);
    running.length += dataLength;
    const isFinal = (flagsOf(pdu) & FINAL) !== 0;
    if (isFinal !== (running.length === wanted.end)) this.#fault('a burst that ends elsewhere');
    if (running.length < wanted.end) return;
    running.wanted = undefined;
    this.#goOn(running);
  }

  #goOn(running: Running): void {
    const { pdu, length } = running;
    const expected = expectedLengthOf(pdu);
    if ((flagsOf(pdu) & WRITES) !== 0 && length < expected) {
      const { burstBytes, asksAnewAt } = this.#target;
      const at = length < asksAnewAt ? length : 0;
      const end = Math.min(expected, at + burstBytes);
      running.wanted = { tag: ++this.#transfer, end };
      const head = headOf(READY_TO_TRANSFER, FINAL, taskTagOf(pdu));
      head.writeUInt32BE(this.#transfer, AT.transfer);
      head.writeUInt32BE(at, AT.offset);
      head.writeUInt32BE(end - at, AT.desiredLength);
      this.#send(head);
      return;
    }
    this.#carryOut(pdu, Buffer.from(wholeOf(running.data)));
  }

  #carryOut(pdu: Pdu, written: Buffer): void {
    const { name } = this.#target;
    const unit = this.#target.named.get(this.targetName) ?? this.#target.unit;
    const { bytes, serial } = unit;
    const command = commandIn(pdu);
    const operation = command[0]!;
    const lun = String(pdu.head[AT.lun + 1]);
    const isReport = operation === 0xa0 || operation === 0x12;
    const attention = isReport ? undefined : this.#attentions.get(lun)?.shift();
    if (attention !== undefined) {
      this.#respond(pdu, 2, senseData(attention));
      return;
    }
    const { reservations } = this.#target;
    if (lun === '1' && reservations.keepsOut(this.owner, operation)) {
      this.#respond(pdu, RESERVATION_CONFLICT);
      return;
    }
    this.#target.done.push(operation);
    const failure = this.#target.failing.get(this.targetName);
    if (failure !== undefined && (operation === 0x28 || operation === 0x2a)) {
      this.#respond(pdu, 2, senseData(failure));
      return;
    }
    const reserved = lun === '1' ? reservations.run(this.owner, command, written) : undefined;
    if (reserved !== undefined) {
      if ('data' in reserved) this.#read(pdu, reserved.data);
      else this.#respond(pdu, reserved.status, reserved.sense && senseData(reserved.sense));
      return;
    }
    const at = command.readUInt32BE(2) * BLOCK_BYTES;
    switch (operation) {
      case 0x28:
        this.#read(pdu, bytes.subarray(at, at + command.readUInt16BE(7) * BLOCK_BYTES));
        return;
      case 0x2a:
        written.copy(bytes, at);
        break;
      case 0x41:
        bytes
          .subarray(at, at + command.readUInt16BE(7) * BLOCK_BYTES)
          .fill(written.length > 0 ? written : 0);
        break;
      case 0x42:
        for (const { lba, blocks } of unmapRangesIn(written) ?? []) {
          bytes.subarray(lba * BLOCK_BYTES, (lba + blocks) * BLOCK_BYTES).fill(0);
        }
        break;
      case 0x89:
        // COMPARE AND WRITE of one block, which is the same the second time only if the first was not done.
        if (!bytes.subarray(0, BLOCK_BYTES).equals(written.subarray(0, BLOCK_BYTES))) {
          this.#respond(pdu, 2, senseData([0x0e, 0x1d, 0]));
          return;
        }
        written.copy(bytes, 0, BLOCK_BYTES);
        break;
      case 0x12: {
        if (command[2] === 0xb2) {
          this.#read(pdu, Buffer.from([0, 0xb2, 0, 4, 0, 0xe0, 2, 0]));
          return;
        }
        // Of controllers each server has its own.
        const [type, text] = lun === '0' ? [0x0c, `controller of ${name}`] : [0, serial];
        const head = Buffer.from([type, command[2]!, 0, text.length]);
        this.#read(pdu, Buffer.concat([head, Buffer.from(text)]));
        return;
      }
      case 0x9e:
        if (lun === '0') break;
        this.#read(pdu, capacityOf(unit));
        return;
      case 0xa0: {
        const list = Buffer.alloc(24);
        list[3] = 16;
        list[17] = 1;
        this.#read(pdu, list);
        return;
      }
      default:
    }
    this.#respond(pdu, 0);
  }

  #read(pdu: Pdu, data: Buffer): void {
    const wanted = expectedLengthOf(pdu);
    const all = data.subarray(0, wanted);
    let count = 0;
    const { dataInMax, dataInBytes } = this.#target;
    for (let at = 0; at < all.length; at += dataInBytes) {
      if (count++ >= dataInMax) return;
      const piece = Buffer.from(all.subarray(at, at + dataInBytes));
      const isLast = at + piece.length === all.length;
      const head = headOf(DATA_IN, isLast ? FINAL | HAS_STATUS : 0, taskTagOf(pdu));
      head.writeUInt32BE(count - 1, AT.dataNumber);
      head.writeUInt32BE(at, AT.offset);
      if (isLast) this.#running.delete(taskTagOf(pdu));
      if (!this.#target.isMute) this.#send(head, [piece]);
    }
  }

  #respond(pdu: Pdu, status: number, data: Buffer = Buffer.alloc(0)): void {
    this.#running.delete(taskTagOf(pdu));
    if (this.#target.isMute) return;
    const head = headOf(SCSI_RESPONSE, FINAL, taskTagOf(pdu));
    head[AT.status] = status;
    this.#send(head, [data]);
  }

  #send(head: Buffer, data: readonly Uint8Array[] = []): void {
    if (!this.isOpen) return;
    const opcode = opcodeOf({ head });
    const hasStatus =
      opcode === DATA_IN ? (head[AT.flags]! & HAS_STATUS) !== 0 : opcode !== READY_TO_TRANSFER;
    head.writeUInt32BE(this.#status, AT.statusNumber);
    if (hasStatus) this.#status = next(this.#status);
    head.writeUInt32BE(this.#expected, AT.expectedCommandNumber);
    head.writeUInt32BE(next(this.#expected, WINDOW), AT.commandNumberMax);
    for (const piece of piecesOf(head, data)) this.#connection.write(piece);
  }
}

function capacityOf({ bytes, blockBytes, isThin }: SharedUnit): Buffer {
  const data = Buffer.alloc(32);
  data.writeUInt32BE(bytes.length / BLOCK_BYTES - 1, 4);
  data.writeUInt32BE(blockBytes, 8);
  if (isThin) data[14] = 0x80;
  return data;
}

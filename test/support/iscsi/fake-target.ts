import type { Connection, Net } from '../../../core/net/port.js';
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
import { senseData } from '../../../core/iscsi/scsi.js';
import { TextCollector, textOf } from '../../../core/iscsi/text.js';

const BLOCK_BYTES = 512;
/** Of data in one PDU to or from it, and of what it asks for at once. */
const SEGMENT_BYTES = 8192;
const BURST_BYTES = 16_384;
const WINDOW = 16;
const UNIT_ATTENTION_AT_POWER_ON = [6, 0x29, 0x00] as const;

/** A logical unit that several targets show. */
export class SharedUnit {
  readonly bytes: Buffer;
  readonly serial: string;

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
  readonly sessions: FakeSession[] = [];
  readonly faults: string[] = [];
  /** Operation codes of what was carried out. */
  readonly done: number[] = [];
  /** It carries out what it is told, but says nothing. */
  isMute = false;
  /** Of each read, so many PDUs are sent before it falls silent. */
  dataInMax = Infinity;
  /** It does not even carry out what it is told. */
  isStuck = false;
  /** It lets nobody in: class and detail. */
  refuses = 0;
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

  get openSessions(): FakeSession[] {
    return this.sessions.filter(({ isOpen }) => isOpen);
  }

  count(operation: number): number {
    return this.done.filter((each) => each === operation).length;
  }
}

class FakeSession {
  isOpen = true;
  isLoggedOut = false;
  initiator = '';
  readonly #target: FakeTarget;
  readonly #connection: Connection;
  readonly #reader = new PduReader({ dataBytesMax: SEGMENT_BYTES });
  readonly #running = new Map<number, Running>();
  /** By LUN: how many it has to tell of. */
  readonly #attentions = new Map([
    ['0', 2],
    ['1', 2],
  ]);
  #expected = 0;
  #status = 1;
  #isLoggedIn = false;
  #transfer = 0;

  constructor(target: FakeTarget, connection: Connection) {
    this.#target = target;
    this.#connection = connection;
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
      },
    };
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
    const opcode = opcodeOf(pdu);
    if (!this.#isLoggedIn) {
      if (opcode === LOGIN) this.#login(pdu);
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

  #login(pdu: Pdu): void {
    const text = new TextCollector();
    text.add(pdu.data);
    const keys = text.take();
    this.initiator = keys?.get('InitiatorName') ?? '';
    this.#expected = pdu.head.readUInt32BE(AT.commandNumber);
    const head = headOf(LOGIN_RESPONSE, flagsOf(pdu), taskTagOf(pdu));
    pdu.head.copy(head, 8, 8, 14);
    head.writeUInt16BE(this.#target.refuses, 36);
    this.#isLoggedIn = this.#target.refuses === 0;
    this.#send(head, [textOf([['MaxRecvDataSegmentLength', String(SEGMENT_BYTES)]])]);
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
    const expected = pdu.head.readUInt32BE(AT.expectedLength);
    if ((flagsOf(pdu) & WRITES) !== 0 && length < expected) {
      const end = Math.min(expected, length + BURST_BYTES);
      running.wanted = { tag: ++this.#transfer, end };
      const head = headOf(READY_TO_TRANSFER, FINAL, taskTagOf(pdu));
      head.writeUInt32BE(this.#transfer, AT.transfer);
      head.writeUInt32BE(length, AT.offset);
      head.writeUInt32BE(end - length, AT.desiredLength);
      this.#send(head);
      return;
    }
    this.#carryOut(pdu, Buffer.from(wholeOf(running.data)));
  }

  #carryOut(pdu: Pdu, written: Buffer): void {
    const { name, unit } = this.#target;
    const { bytes, serial } = unit;
    const command = pdu.head.subarray(AT.command, AT.command + 16);
    const operation = command[0]!;
    const lun = String(pdu.head[AT.lun + 1]);
    const isReport = operation === 0xa0 || operation === 0x12;
    const attentions = this.#attentions.get(lun) ?? 0;
    if (!isReport && attentions > 0) {
      this.#attentions.set(lun, attentions - 1);
      this.#respond(pdu, 2, senseData(UNIT_ATTENTION_AT_POWER_ON));
      return;
    }
    this.#target.done.push(operation);
    const at = command.readUInt32BE(2) * BLOCK_BYTES;
    switch (operation) {
      case 0x28:
        this.#read(pdu, bytes.subarray(at, at + command.readUInt16BE(7) * BLOCK_BYTES));
        return;
      case 0x2a:
        written.copy(bytes, at);
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
        // Of controllers each server has its own.
        const [type, text] = lun === '0' ? [0x0c, `controller of ${name}`] : [0, serial];
        const head = Buffer.from([type, command[2]!, 0, text.length]);
        this.#read(pdu, Buffer.concat([head, Buffer.from(text)]));
        return;
      }
      case 0x9e:
        if (lun === '0') break;
        this.#read(pdu, capacityOf(bytes.length / BLOCK_BYTES));
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
    const wanted = pdu.head.readUInt32BE(AT.expectedLength);
    const all = data.subarray(0, wanted);
    let count = 0;
    for (let at = 0; at < all.length; at += SEGMENT_BYTES) {
      if (count++ >= this.#target.dataInMax) return;
      const piece = Buffer.from(all.subarray(at, at + SEGMENT_BYTES));
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

function capacityOf(blocks: number): Buffer {
  const data = Buffer.alloc(32);
  data.writeUInt32BE(blocks - 1, 4);
  data.writeUInt32BE(BLOCK_BYTES, 8);
  return data;
}

import { chapResponse } from '../../../core/iscsi/chap.js';
import type { Address } from '../../../core/domain.js';
import type { Pdu } from '../../../core/iscsi/pdu.js';
import {
  AT,
  CONTINUES,
  DATA_IN,
  DATA_OUT,
  FINAL,
  HAS_STATUS,
  LOGIN,
  READS,
  READY_TO_TRANSFER,
  SCSI_COMMAND,
  SCSI_RESPONSE,
  TASK_MANAGEMENT,
  TEXT,
  WRITES,
  flagsOf,
  headOf,
  immediate,
  next,
  opcodeOf,
  piecesOf,
  taskTagOf,
  wholeOf,
} from '../../../core/iscsi/pdu.js';
import { PduReader } from '../../../core/iscsi/pdu-reader.js';
import {
  NO_KEY,
  keysIn,
  persistentOut,
  readKeysCommand,
} from '../../../core/iscsi/reservations.js';
import type { SenseCode } from '../../../core/iscsi/scsi.js';
import { senseIn } from '../../../core/iscsi/scsi.js';
import type { Keys } from '../../../core/iscsi/text.js';
import { TextCollector, bytesIn, hexOf, textOf } from '../../../core/iscsi/text.js';
import type { Connection, Net } from '../../../core/net/port.js';

const SEGMENT_BYTES = 8192;

export interface Outcome {
  readonly status: number;
  readonly sense: SenseCode | undefined;
  readonly data: Buffer;
}

interface Command {
  readonly command: Uint8Array;
  readonly written: Buffer;
  readonly pieces: Uint8Array[];
  got: number;
  dataNumber: number;
  /** Sends the data that the target has asked for, when it likes. */
  readonly asked: (send: () => void) => void;
  readonly resolve: (outcome: Outcome | undefined) => void;
}

/** An initiator in a few lines, which checks every number that it is told. */
export class Initiator {
  readonly connection: Connection;
  readonly faults: string[] = [];
  readonly heard: Pdu[] = [];
  isClosed = false;
  /** In the data of one PDU, as it says when it logs in, and as it sends them. */
  segmentBytes = SEGMENT_BYTES;
  /** Of the last answer. */
  window = { expected: 0, max: 0 };
  command = 1;
  readonly #reader = new PduReader({ dataBytesMax: 1 << 20 });
  readonly #name: string;
  readonly #commands = new Map<number, Command>();
  readonly #waiting = new Map<number, (pdu: Pdu | undefined) => void>();
  readonly #early: Uint8Array[] = [];
  #isOpen = false;
  #status: number | undefined;
  #tag = 100;

  constructor(net: Net, to: Address, name = 'iqn.2026-01.test:client') {
    this.#name = name;
    this.connection = net.connect(to, { timeoutMs: 5000 });
    this.connection.handler = {
      opened: () => {
        this.#isOpen = true;
        for (const bytes of this.#early.splice(0)) this.connection.write(bytes);
      },
      data: (bytes) => {
        this.#reader.read(bytes, (pdu) => {
          this.#heard(pdu);
        });
      },
      drained: () => undefined,
      ended: () => {
        this.connection.end();
      },
      closed: () => {
        this.isClosed = true;
        for (const { resolve } of this.#commands.values()) resolve(undefined);
        for (const resolve of this.#waiting.values()) resolve(undefined);
      },
    };
  }

  write(...pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) {
      if (this.#isOpen) this.connection.write(piece);
      else this.#early.push(piece);
    }
  }

  /** The status class and detail: zero if it is done. Undefined: the connection broke. */
  async login(
    target: string | undefined,
    chap?: { readonly user: string; readonly secret: string },
  ): Promise<number | undefined> {
    const whom =
      target === undefined
        ? [['SessionType', 'Discovery'] as const]
        : [['TargetName', target] as const];
    const first = [['InitiatorName', this.#name] as const, ...whom];
    if (chap !== undefined) {
      const asked = await this.#loginStep(0, 0, [...first, ['AuthMethod', 'CHAP,None']]);
      if (asked?.status !== 0) return asked?.status;
      const given = await this.#loginStep(0, 0, [['CHAP_A', '5']]);
      if (given?.status !== 0) return given?.status;
      const id = Number(given.keys.get('CHAP_I'));
      const challenge = bytesIn(given.keys.get('CHAP_C'), 1024) ?? Buffer.alloc(0);
      const response = chapResponse(id, chap.secret, challenge);
      const proof = [['CHAP_N', chap.user] as const, ['CHAP_R', hexOf(response)] as const];
      const proven = await this.#loginStep(FINAL, 1, proof);
      if (proven?.status !== 0) return proven?.status;
    }
    const last = await this.#loginStep(FINAL | (1 << 2), 3, [
      ...(chap === undefined ? first : []),
      ['MaxRecvDataSegmentLength', String(this.segmentBytes)],
      ['InitialR2T', 'No'],
    ]);
    return last?.status;
  }

  async #loginStep(
    flags: number,
    goesTo: number,
    keys: readonly (readonly [string, string])[],
  ): Promise<{ readonly status: number; readonly keys: Keys } | undefined> {
    const head = immediate(headOf(LOGIN, flags | goesTo, 7));
    head.set([0x40, 1, 2, 3, 4, 5], 8);
    head.writeUInt32BE(this.command, AT.commandNumber);
    const answer = await this.ask(head, [textOf(keys)]);
    if (answer === undefined) return undefined;
    const text = new TextCollector();
    text.add(answer.data);
    return { status: answer.head.readUInt16BE(36), keys: text.take() ?? new Map() };
  }

  async sendTargets(wanted = 'All'): Promise<string> {
    let asked = textOf([['SendTargets', wanted]]);
    let all = '';
    for (let tag = 0xffff_ffff; ;) {
      const head = headOf(TEXT, FINAL, ++this.#tag);
      head.writeUInt32BE(tag, AT.transfer);
      const answer = await this.ask(this.numbered(head), [asked]);
      all += Buffer.from(wholeOf(answer?.data ?? [])).toString();
      if (answer === undefined || (flagsOf(answer) & CONTINUES) === 0) return all;
      tag = answer.head.readUInt32BE(AT.transfer);
      asked = Buffer.alloc(0);
    }
  }

  /** What is answered in one PDU. */
  ask(head: Buffer, data: readonly Uint8Array[] = []): Promise<Pdu | undefined> {
    return new Promise((resolve) => {
      this.#waiting.set(taskTagOf({ head }), resolve);
      this.write(...piecesOf(head, data));
    });
  }

  numbered(head: Buffer): Buffer {
    head.writeUInt32BE(this.command, AT.commandNumber);
    this.command = next(this.command);
    return head;
  }

  /** Undefined: the connection broke. */
  run(
    command: Uint8Array,
    of: {
      readonly readBytes?: number;
      readonly written?: Buffer;
      readonly lun?: number;
      readonly immediateBytes?: number;
      readonly tag?: number;
      /** Left out: what the target asks for is sent at once. */
      readonly asked?: Command['asked'];
    } = {},
  ): Promise<Outcome | undefined> {
    if (this.isClosed) return Promise.resolve(undefined);
    const { readBytes = 0, written = Buffer.alloc(0), lun = 1, immediateBytes = 4096 } = of;
    const {
      tag = ++this.#tag,
      asked = (send) => {
        send();
      },
    } = of;
    const isWrite = written.length > 0;
    const head = headOf(SCSI_COMMAND, FINAL | (isWrite ? WRITES : readBytes > 0 ? READS : 0), tag);
    head[AT.lun + 1] = lun;
    head.set(command, AT.command);
    head.writeUInt32BE(isWrite ? written.length : readBytes, AT.expectedLength);
    return new Promise((resolve) => {
      this.#commands.set(tag, {
        ...{ command, written, pieces: [], got: 0, dataNumber: 0 },
        ...{ asked, resolve },
      });
      this.write(...piecesOf(this.numbered(head), [written.subarray(0, immediateBytes)]));
    });
  }

  async read(block: number, blocks: number): Promise<Buffer | undefined> {
    const outcome = await this.run(tenBytes(0x28, block, blocks), { readBytes: blocks * 512 });
    return outcome?.status === 0 ? outcome.data : undefined;
  }

  async put(block: number, data: Buffer): Promise<number | undefined> {
    return (await this.run(tenBytes(0x2a, block, data.length / 512), { written: data }))?.status;
  }

  /** PERSISTENT RESERVE OUT: its status. */
  async reserve(
    action: number,
    of: { readonly key?: string; readonly subject?: string; readonly kind?: number } = {},
  ): Promise<number | undefined> {
    const { key = NO_KEY, subject = NO_KEY, kind = 0 } = of;
    const says = { action, kind, key, subject, isThroughPowerLoss: false };
    const { command, written } = persistentOut(says);
    return (await this.run(command, { written }))?.status;
  }

  /** The keys that are registered, as its server has them. */
  async keys(): Promise<readonly string[]> {
    const { command, readBytesMax: readBytes } = readKeysCommand(64);
    return keysIn((await this.run(command, { readBytes }))?.data ?? Buffer.alloc(0));
  }

  async abort(tag: number): Promise<number | undefined> {
    const head = immediate(headOf(TASK_MANAGEMENT, FINAL | 1, ++this.#tag));
    head.writeUInt32BE(tag, AT.transfer);
    head.writeUInt32BE(this.command, AT.commandNumber);
    return (await this.ask(head))?.head[AT.response];
  }

  /** Of the last command. */
  get tag(): number {
    return this.#tag;
  }

  close(): void {
    this.connection.destroy();
  }

  #heard(pdu: Pdu): void {
    this.heard.push(pdu);
    this.#check(pdu);
    const tag = taskTagOf(pdu);
    const command = this.#commands.get(tag);
    switch (opcodeOf(pdu)) {
      case DATA_IN:
        if (command !== undefined) this.#dataIn(command, pdu, tag);
        return;
      case READY_TO_TRANSFER:
        command?.asked(() => {
          this.#dataOut(command, pdu, tag);
        });
        return;
      case SCSI_RESPONSE: {
        if (command === undefined) return;
        if (pdu.head.readUInt32BE(AT.dataNumber) !== command.dataNumber)
          this.faults.push('ExpDataSN');
        this.#end(tag, command, pdu.head[AT.status]!, senseIn(wholeOf(pdu.data)));
        return;
      }
      default:
        this.#waiting.get(tag)?.(pdu);
        this.#waiting.delete(tag);
    }
  }

  #check(pdu: Pdu): void {
    const { head } = pdu;
    const opcode = opcodeOf(pdu);
    const isData = opcode === DATA_IN && (flagsOf(pdu) & HAS_STATUS) === 0;
    const number = head.readUInt32BE(AT.statusNumber);
    this.#status ??= number;
    if (number !== this.#status) this.faults.push(`StatSN ${number} for ${this.#status}`);
    if (!isData && opcode !== READY_TO_TRANSFER) this.#status = next(this.#status);
    const max = head.readUInt32BE(AT.commandNumberMax);
    if (max < this.window.max) this.faults.push('MaxCmdSN falls');
    this.window = { expected: head.readUInt32BE(AT.expectedCommandNumber), max };
  }

  #dataIn(command: Command, { head, data, dataLength }: Pdu, tag: number): void {
    if (head.readUInt32BE(AT.dataNumber) !== command.dataNumber++) this.faults.push('DataSN');
    if (head.readUInt32BE(AT.offset) !== command.got) this.faults.push('offset of Data-In');
    command.pieces.push(...data);
    command.got += dataLength;
    if ((head[AT.flags]! & HAS_STATUS) !== 0) this.#end(tag, command, head[AT.status]!, undefined);
  }

  #dataOut(command: Command, { head }: Pdu, tag: number): void {
    if (head.readUInt32BE(AT.dataNumber) !== command.dataNumber++) this.faults.push('R2TSN');
    const from = head.readUInt32BE(AT.offset);
    const end = from + head.readUInt32BE(AT.desiredLength);
    for (let at = from, number = 0; at < end; number++) {
      const to = Math.min(end, at + this.segmentBytes);
      const out = headOf(DATA_OUT, to === end ? FINAL : 0, tag);
      head.copy(out, AT.transfer, AT.transfer, AT.transfer + 4);
      out.writeUInt32BE(number, AT.dataNumber);
      out.writeUInt32BE(at, AT.offset);
      this.write(...piecesOf(out, [command.written.subarray(at, to)]));
      at = to;
    }
  }

  #end(tag: number, command: Command, status: number, sense: SenseCode | undefined): void {
    this.#commands.delete(tag);
    command.resolve({ status, sense, data: Buffer.concat(command.pieces) });
  }
}

export function tenBytes(operation: number, block: number, blocks: number): Buffer {
  const command = Buffer.alloc(16);
  command[0] = operation;
  command.writeUInt32BE(block, 2);
  command.writeUInt16BE(blocks, 7);
  return command;
}

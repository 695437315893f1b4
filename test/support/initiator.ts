import type { Address } from '../../core/domain.js';
import type { Connection, Net } from '../../core/net/port.js';

/** An answer of the server to a command: SCSI's status (0 is good), and what it sent. Undefined: the connection is over. */
export interface ScsiAnswer {
  readonly status: number;
  readonly data: Buffer;
}

const HEADER_BYTES = 48;
const LOGIN = 0x43;
const LOGIN_ANSWER = 0x23;
const COMMAND = 0x01;
const COMMAND_ANSWER = 0x21;
const DATA_OUT = 0x05;
const DATA_IN = 0x25;
const READY_TO_TRANSFER = 0x31;
const FINAL = 0x80;
const READ = 0x40;
const WRITE = 0x20;
const BLOCK_BYTES = 512;

/**
 * An iSCSI initiator in a few lines, with one session on one connection that it never makes again: what clients of libraries hide by
 * logging in anew is seen here. Unit 1 of its target, and one command at a time.
 */
export class Initiator {
  readonly connection: Connection;
  readonly #name: string;
  #received: Buffer = Buffer.alloc(0);
  #answer: ((pdu: Buffer | undefined) => void) | undefined;
  /** Came before it was asked for. */
  readonly #early: Buffer[] = [];
  #tag = 0;
  #commands = 1;
  isClosed = false;

  constructor(net: Net, to: Address, name = 'iqn.2001-04.test:initiator') {
    this.#name = name;
    this.connection = net.connect(to, { timeoutMs: 5000 });
    this.connection.handler = {
      opened: () => {
        this.#heard(Buffer.alloc(0));
      },
      data: (bytes) => {
        this.#received = Buffer.concat([this.#received, bytes]);
        for (;;) {
          const length = pduBytes(this.#received);
          if (length === undefined || this.#received.length < length) return;
          this.#heard(Buffer.from(this.#received.subarray(0, length)));
          this.#received = this.#received.subarray(length);
        }
      },
      drained: () => undefined,
      ended: () => {
        this.connection.end();
      },
      closed: () => {
        this.isClosed = true;
        this.#answer?.(undefined);
      },
    };
  }

  close(): void {
    this.connection.destroy();
  }

  /** The status of the login, its class and detail: 0 is good. Undefined: the connection ended. */
  async login(target: string): Promise<number | undefined> {
    await this.#next();
    const keys = [
      `InitiatorName=${this.#name}`,
      `TargetName=${target}`,
      ...['SessionType=Normal', 'HeaderDigest=None', 'DataDigest=None'],
      ...['InitialR2T=Yes', 'ImmediateData=No', 'MaxRecvDataSegmentLength=65536'],
    ];
    const text = Buffer.from(keys.map((key) => `${key}\0`).join(''));
    const header = headerOf(LOGIN, 0x87, text.length);
    header.write('800000010000', 8, 'hex');
    header.writeUInt32BE(this.#commands, 24);
    this.#send(header, text);
    const answer = await this.#next();
    if (answer?.[0] !== LOGIN_ANSWER) return undefined;
    return answer.readUInt16BE(36);
  }

  /** A new nexus hears first that it is one. */
  async ready(): Promise<number | undefined> {
    await this.command(Buffer.alloc(16), 0);
    return (await this.command(Buffer.alloc(16), 0))?.status;
  }

  read(block: number, count = 1): Promise<ScsiAnswer | undefined> {
    return this.command(blocksOf(0x28, block, count), READ, count * BLOCK_BYTES);
  }

  /** @param data whole blocks */
  async write(block: number, data: Buffer): Promise<ScsiAnswer | undefined> {
    const rest = await this.beginWrite(block, data);
    return rest?.();
  }

  /** Until the server waits for the data, which are sent by the function returned. Undefined: it did not come so far. */
  async beginWrite(
    block: number,
    data: Buffer,
  ): Promise<(() => Promise<ScsiAnswer | undefined>) | undefined> {
    const cdb = blocksOf(0x2a, block, data.length / BLOCK_BYTES);
    this.#sendCommand(cdb, WRITE, data.length);
    const asked = await this.#next();
    if (asked?.[0] !== READY_TO_TRANSFER) return undefined;
    return () => {
      const header = headerOf(DATA_OUT, FINAL, data.length);
      asked.copy(header, 8, 8, 24);
      this.#send(header, data);
      return this.#answered();
    };
  }

  command(cdb: Buffer, direction: number, bytes = 0): Promise<ScsiAnswer | undefined> {
    this.#sendCommand(cdb, direction, bytes);
    return this.#answered();
  }

  #sendCommand(cdb: Buffer, direction: number, bytes: number): void {
    const header = headerOf(COMMAND, FINAL | direction | 1, 0);
    header.writeUInt8(1, 9);
    header.writeUInt32BE(++this.#tag, 16);
    header.writeUInt32BE(bytes, 20);
    header.writeUInt32BE(this.#commands++, 24);
    cdb.copy(header, 32);
    this.#send(header);
  }

  async #answered(): Promise<ScsiAnswer | undefined> {
    const data: Buffer[] = [];
    for (;;) {
      const pdu = await this.#next();
      if (pdu === undefined) return undefined;
      if (pdu[0] === DATA_IN) data.push(dataOf(pdu));
      // The last of the data may bring the status with it.
      const isLast = pdu[0] === COMMAND_ANSWER || (pdu[0] === DATA_IN && ((pdu[1] ?? 0) & 1) === 1);
      if (isLast) return { status: pdu[3] ?? -1, data: Buffer.concat(data) };
    }
  }

  #send(header: Buffer, data: Buffer = Buffer.alloc(0)): void {
    if (this.isClosed) return;
    this.connection.write(Buffer.concat([header, data, Buffer.alloc(-data.length & 3)]));
  }

  #next(): Promise<Buffer | undefined> {
    const early = this.#early.shift();
    if (early !== undefined || this.isClosed) return Promise.resolve(early);
    return new Promise((resolve) => {
      this.#answer = (pdu) => {
        this.#answer = undefined;
        resolve(pdu);
      };
    });
  }

  #heard(pdu: Buffer): void {
    if (this.#answer === undefined) this.#early.push(pdu);
    else this.#answer(pdu);
  }
}

function headerOf(operation: number, flags: number, dataBytes: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(operation, 0);
  header.writeUInt8(flags, 1);
  header.writeUIntBE(dataBytes, 5, 3);
  return header;
}

function blocksOf(operation: number, block: number, count: number): Buffer {
  const cdb = Buffer.alloc(16);
  cdb.writeUInt8(operation, 0);
  cdb.writeUInt32BE(block, 2);
  cdb.writeUInt16BE(count, 7);
  return cdb;
}

/** With header and padding; undefined: that cannot be said yet. */
function pduBytes(received: Buffer): number | undefined {
  if (received.length < HEADER_BYTES) return undefined;
  const length = received.readUIntBE(5, 3);
  return HEADER_BYTES + length + (-length & 3);
}

function dataOf(pdu: Buffer): Buffer {
  return pdu.subarray(HEADER_BYTES, HEADER_BYTES + pdu.readUIntBE(5, 3));
}

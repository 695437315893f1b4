/* XDR (RFC 4506): everything in units of four bytes, big end first, what is not fixed in length after its length. */

/** The next multiple of four. */
export function padded(length: number): number {
  return (length + 3) & ~3;
}

export function numberAt(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  );
}

export function putNumber(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

export function longAt(bytes: Uint8Array, at: number): bigint {
  return (BigInt(numberAt(bytes, at)) << 32n) | BigInt(numberAt(bytes, at + 4));
}

const NOTHING = new Uint8Array(0);

/**
 * Reads on from field to field without allocating. Beyond the end everything is zero, and it is not sound any more; so is what
 * breaks a rule. A message of which only the front lies in one piece may be longer than `bytes`: its end can be skipped to.
 */
export class XdrCursor {
  #bytes: Uint8Array = NOTHING;
  /** Of the whole message. */
  #length = 0;
  at = 0;
  isSound = true;

  /** From here on in these bytes. */
  on(bytes: Uint8Array, at = 0, length = bytes.length): this {
    this.#bytes = bytes;
    this.#length = length;
    this.at = at;
    this.isSound = at <= length;
    return this;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Soundly, to the last byte. */
  get isRead(): boolean {
    return this.isSound && this.at === this.#length;
  }

  number(): number {
    const { at } = this;
    if (!this.#has(4)) return 0;
    this.at += 4;
    return numberAt(this.#bytes, at);
  }

  /** One of two; else it is not sound. */
  bool(): boolean {
    const value = this.number();
    if (value > 1) this.isSound = false;
    return value === 1;
  }

  /** Bytes of a fixed length. */
  skip(length: number): void {
    if (this.#has(length)) this.at += length;
  }

  /** Its length before it; returns where its bytes begin. */
  opaque(bytesMax: number): number {
    const length = this.number();
    if (length > bytesMax) this.isSound = false;
    const at = this.at;
    this.skip(padded(length));
    return at;
  }

  /** The bytes themselves; empty if that is not sound. */
  opaqueBytes(bytesMax: number): Uint8Array {
    const at = this.opaque(bytesMax);
    if (!this.isSound) return NOTHING;
    return this.#bytes.subarray(at, at + numberAt(this.#bytes, at - 4));
  }

  /** The same, but it may lie beyond the front. */
  opaqueBeyond(bytesMax: number): void {
    const length = this.number();
    const end = this.at + padded(length);
    if (length > bytesMax || end > this.#length) this.isSound = false;
    if (this.isSound) this.at = end;
  }

  #has(length: number): boolean {
    if (this.at + length > this.#bytes.length) this.isSound = false;
    return this.isSound;
  }
}

/** For small messages: fields one after another. */
export class XdrWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(bytesUsual = 256) {
    this.#bytes = Buffer.allocUnsafe(bytesUsual);
  }

  number(value: number): this {
    this.#room(4);
    putNumber(this.#bytes, this.#length, value);
    this.#length += 4;
    return this;
  }

  bool(value: boolean): this {
    return this.number(value ? 1 : 0);
  }

  long(value: bigint): this {
    return this.number(Number(value >> 32n)).number(Number(value & 0xffff_ffffn));
  }

  /** As they are; a multiple of four. */
  raw(bytes: Uint8Array): this {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  opaque(bytes: Uint8Array): this {
    this.number(bytes.length);
    const length = padded(bytes.length);
    this.#room(length);
    this.#bytes.set(bytes, this.#length);
    this.#bytes.fill(0, this.#length + bytes.length, this.#length + length);
    this.#length += length;
    return this;
  }

  text(text: string): this {
    return this.opaque(Buffer.from(text));
  }

  done(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#length + bytes));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

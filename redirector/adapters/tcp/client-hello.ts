import { isHostName } from '../../../core/net/guard.js';

/** What the hello says: a name in lower case, empty if it names nobody; or that it goes on, or is none. */
export type HelloFound = 'more' | 'invalid' | { readonly name: string };

/** Of the message. Browsers send less than 2 KiB, with keys of post-quantum exchanges too. */
const MESSAGE_BYTES_MAX = 16 << 10;
const RECORD_BYTES_MAX = 16 << 10;
/** Clients that want to be hard to read cut the hello into a few. */
const RECORDS_MAX = 64;
const RECORD_HEADER_BYTES = 5;
const MESSAGE_HEADER_BYTES = 4;
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const HOST_NAME = 0;

/**
 * Reads the first message of a TLS client (RFC 8446 §4.1.2, the same since TLS 1.0) for the name of the server that it wants
 * (RFC 6066 §3), however it is cut into packets and records. Strict: what does not add up to the byte is no hello. It takes
 * time and memory in proportion to what it is given, up to its limits.
 */
export class ClientHelloReader {
  readonly #header = new Uint8Array(RECORD_HEADER_BYTES);
  #headerBytes = 0;
  /** Of the record under way. */
  #leftInRecord = 0;
  #records = 0;
  #message = new Uint8Array(1024);
  #messageBytes = 0;

  /** Not called again once it has found something. */
  read(bytes: Uint8Array): HelloFound {
    let at = 0;
    while (at < bytes.length) {
      if (this.#leftInRecord === 0) {
        this.#header[this.#headerBytes++] = bytes[at++] ?? 0;
        if (!this.#isHeaderSound()) return 'invalid';
        continue;
      }
      const end = Math.min(bytes.length, at + this.#leftInRecord);
      this.#append(bytes.subarray(at, end));
      this.#leftInRecord -= end - at;
      at = end;
      const found = this.#look();
      if (found !== 'more') return found;
    }
    return 'more';
  }

  /** So far; a whole one begins a record. */
  #isHeaderSound(): boolean {
    const [type = 0, major = 0, minor = 0, high = 0, low = 0] = this.#header;
    if (type !== HANDSHAKE) return false;
    if (this.#headerBytes > 1 && major !== 3) return false;
    if (this.#headerBytes > 2 && minor > 4) return false;
    if (this.#headerBytes < RECORD_HEADER_BYTES) return true;
    this.#headerBytes = 0;
    this.#records += 1;
    this.#leftInRecord = high * 256 + low;
    return (
      this.#records <= RECORDS_MAX &&
      this.#leftInRecord > 0 &&
      this.#leftInRecord <= RECORD_BYTES_MAX
    );
  }

  #append(bytes: Uint8Array): void {
    const needed = this.#messageBytes + bytes.length;
    if (needed > this.#message.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#message.length));
      grown.set(this.#message.subarray(0, this.#messageBytes));
      this.#message = grown;
    }
    this.#message.set(bytes, this.#messageBytes);
    this.#messageBytes = needed;
  }

  #look(): HelloFound {
    if (this.#message[0] !== CLIENT_HELLO) return 'invalid';
    if (this.#messageBytes < MESSAGE_HEADER_BYTES) return 'more';
    const fields = new Fields(this.#message.subarray(1, this.#messageBytes));
    const length = fields.number(3);
    if (length > MESSAGE_BYTES_MAX) return 'invalid';
    if (this.#messageBytes < MESSAGE_HEADER_BYTES + length) return 'more';
    // Nothing may follow it in its record: the client waits for the server now.
    if (this.#messageBytes > MESSAGE_HEADER_BYTES + length || this.#leftInRecord > 0)
      return 'invalid';
    const name = serverNameIn(fields);
    return name === undefined || !fields.isRead ? 'invalid' : { name };
  }
}

/** Undefined: not a hello. */
function serverNameIn(fields: Fields): string | undefined {
  const version = fields.number(2);
  fields.bytes(32);
  const session = fields.list(1);
  const suites = fields.list(2);
  const compressions = fields.list(1);
  if (version < 0x0300 || version > 0x0304 || session.length > 32) return undefined;
  if (suites.length < 2 || suites.length % 2 === 1 || compressions.length < 1) return undefined;
  // Clients of old leave the extensions out.
  if (fields.isRead) return '';
  const extensions = new Fields(fields.list(2));
  let name = '';
  const types = new Set<number>();
  while (extensions.isSound && extensions.left > 0) {
    const type = extensions.number(2);
    const content = extensions.list(2);
    // One of a kind, says the standard; of two names each reader might take another.
    if (types.has(type)) return undefined;
    types.add(type);
    if (type !== SERVER_NAME) continue;
    const found = hostNameIn(new Fields(content));
    if (found === undefined) return undefined;
    name = found;
  }
  return extensions.isRead ? name : undefined;
}

function hostNameIn(extension: Fields): string | undefined {
  const entry = new Fields(extension.list(2));
  const type = entry.number(1);
  const name = Buffer.from(entry.list(2)).toString('latin1').toLowerCase();
  if (!extension.isRead || !entry.isRead || type !== HOST_NAME) return undefined;
  return isHostName(name) ? name : undefined;
}

/** Reads on from field to field; beyond the end everything is empty, and it is not sound any more. */
class Fields {
  readonly #bytes: Uint8Array;
  #at = 0;
  isSound = true;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Soundly, to the last byte. */
  get isRead(): boolean {
    return this.isSound && this.left === 0;
  }

  bytes(length: number): Uint8Array {
    if (!this.isSound || length > this.left) {
      this.isSound = false;
      return this.#bytes.subarray(0, 0);
    }
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** Big end first. */
  number(length: number): number {
    let number = 0;
    for (const byte of this.bytes(length)) number = number * 256 + byte;
    return number;
  }

  /** What follows its own length, which takes so many bytes. */
  list(lengthBytes: number): Uint8Array {
    return this.bytes(this.number(lengthBytes));
  }
}

/* What both sides tell each other at login and after: `Key=value`, each closed by a zero byte (RFC 7143 §6). */

export type Keys = ReadonlyMap<string, string>;

export interface TextLimits {
  /** Of one text, in however many PDUs. */
  readonly textBytesMax: number;
  readonly keysMax: number;
}

const TEXT_LIMITS: TextLimits = { textBytesMax: 32 << 10, keysMax: 128 };
const NAME = /^[A-Z][A-Za-z0-9.\-+@_#]{0,62}$/;

/** Puts a text together that goes on over several PDUs. */
export class TextCollector {
  readonly #limits: TextLimits;
  #pieces: Uint8Array[] = [];
  #length = 0;

  constructor(limits: Partial<TextLimits> = {}) {
    this.#limits = { ...TEXT_LIMITS, ...limits };
  }

  get keptBytes(): number {
    return this.#length;
  }

  /** False: it is longer than allowed. */
  add(pieces: readonly Uint8Array[]): boolean {
    for (const piece of pieces) this.#length += piece.length;
    if (this.#length > this.#limits.textBytesMax) return false;
    // Copied: what is kept for another PDU must not keep more alive than itself.
    this.#pieces.push(...pieces.map((piece) => Uint8Array.from(piece)));
    return true;
  }

  /** The whole, which begins anew after that. Undefined: it is no such text, says something twice, or says too much. */
  take(): Keys | undefined {
    const text = Buffer.concat(this.#pieces).toString('latin1');
    this.#pieces = [];
    this.#length = 0;
    return keysIn(text, this.#limits.keysMax);
  }
}

function keysIn(text: string, keysMax: number): Keys | undefined {
  const keys = new Map<string, string>();
  const pairs = text.split('\0');
  // What follows the last zero byte; some leave that one out.
  if (pairs.at(-1) === '') pairs.pop();
  if (pairs.length > keysMax) return undefined;
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const name = pair.slice(0, equals);
    if (equals < 0 || !NAME.test(name) || keys.has(name)) return undefined;
    keys.set(name, Buffer.from(pair.slice(equals + 1), 'latin1').toString());
  }
  return keys;
}

/** Names may repeat: a list of targets does. */
export function textOf(pairs: Iterable<readonly [name: string, value: string]>): Buffer {
  return Buffer.from([...pairs].map(([name, value]) => `${name}=${value}\0`).join(''));
}

/** A number as the protocol writes it: decimal, or 0x and hexadecimal. Undefined: it is none within these. */
export function numberIn(text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined || !/^(?:0|[1-9][0-9]{0,9}|0[xX][0-9A-Fa-f]{1,8})$/.test(text)) {
    return undefined;
  }
  const number = Number(text);
  return number >= min && number <= max ? number : undefined;
}

/** Bytes as the protocol writes them: 0x and hexadecimal, or 0b and base 64. Undefined: they are none, or too many. */
export function bytesIn(text: string | undefined, bytesMax: number): Buffer | undefined {
  const prefix = text?.slice(0, 2).toLowerCase();
  const rest = text?.slice(2) ?? '';
  if (rest.length > 2 * bytesMax + 4) return undefined;
  let bytes: Buffer | undefined;
  if (prefix === '0x' && /^[0-9A-Fa-f]+$/.test(rest)) {
    bytes = Buffer.from(rest.length % 2 === 0 ? rest : `0${rest}`, 'hex');
  } else if (prefix === '0b' && /^[A-Za-z0-9+/]+={0,2}$/.test(rest)) {
    bytes = Buffer.from(rest, 'base64');
  }
  return bytes !== undefined && bytes.length <= bytesMax ? bytes : undefined;
}

export function hexOf(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

/** Bytes and latin-1 text: the form in which heads are read and written, one byte a character. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function latin1Bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** The same latin-1 text twice: bytes are faster to look at, and only text can be cut into strings. `bytes[i]` is `text[i]`. */
export interface Latin1 {
  readonly bytes: Uint8Array;
  readonly text: string;
}

export function latin1Of(bytes: Uint8Array, start: number, end: number): Latin1 {
  return {
    bytes: sliceOf(bytes, start, end),
    text: asBuffer(bytes).toString('latin1', start, end),
  };
}

/** A part without copying; the whole as it is. */
export function sliceOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
}

/** Bytes and latin-1 text: the form in which heads are read and written, one byte a character. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function latin1Bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

export function latin1Text(bytes: Uint8Array, start: number, end: number): string {
  return asBuffer(bytes).toString('latin1', start, end);
}

/** A part without copying; the whole as it is. */
export function sliceOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
}

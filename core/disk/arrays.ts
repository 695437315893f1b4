import { framed, recordsOf } from './frames.js';

/** State that is made of numbers: typed arrays of known lengths, in a fixed order. */
export type NumberArray =
  Int8Array | Uint8Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array;

/** A head in JSON and arrays as bytes: frames (`frames.ts`), little-endian, an array a frame. */
export function packArrays(head: unknown, arrays: readonly NumberArray[]): Uint8Array {
  return framed([
    Buffer.from(JSON.stringify(head)),
    ...arrays.filter(({ length }) => length > 0).map(bytesOf),
  ]);
}

export interface PackedArrays {
  readonly head: unknown;
  /** Fills the arrays in their order; false if they are not those that were packed. */
  fill(arrays: readonly NumberArray[]): boolean;
}

/** Undefined: not whole, or never packed by `packArrays`. */
export function unpackArrays(bytes: Uint8Array): PackedArrays | undefined {
  const { records, end } = recordsOf(bytes);
  const [first, ...rest] = records;
  if (first === undefined || end !== bytes.byteLength) return undefined;
  const head = jsonIn(first);
  if (head === undefined) return undefined;
  return {
    head,
    fill: (arrays) => {
      const filled = arrays.filter(({ length }) => length > 0);
      if (filled.length !== rest.length) return false;
      if (filled.some((array, at) => array.byteLength !== rest[at]?.byteLength)) return false;
      for (const [at, array] of filled.entries()) bytesOf(array).set(rest[at] ?? new Uint8Array());
      return true;
    },
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: NumberArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function jsonIn(record: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(record).toString());
  } catch {
    return undefined;
  }
}

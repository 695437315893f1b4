import fc from 'fast-check';
import { framed } from '../../core/disk/frames.js';

/** What disks, crashes and people do to the bytes of a file: a few of it, one after the other. */
const deedArbitrary = fc.oneof(
  fc.record({ deed: fc.constant('flip' as const), at: fc.nat(), bit: fc.nat(7) }),
  fc.record({ deed: fc.constant('cut' as const), at: fc.nat() }),
  fc.record({ deed: fc.constant('zero' as const), at: fc.nat(), length: fc.nat(64) }),
  fc.record({ deed: fc.constant('remove' as const), at: fc.nat(), length: fc.nat(64) }),
  fc.record({ deed: fc.constant('repeat' as const), at: fc.nat(), length: fc.nat(64) }),
  fc.record({ deed: fc.constant('add' as const), bytes: fc.uint8Array({ maxLength: 64 }) }),
);
type Deed = typeof deedArbitrary extends fc.Arbitrary<infer Value> ? Value : never;

/** The bytes with damage. */
export function damaged(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  return fc
    .array(deedArbitrary, { minLength: 1, maxLength: 3 })
    .map((deeds) => deeds.reduce(damage, new Uint8Array(bytes)));
}

/** Whole frames, so that only what is in them is wrong. */
export function framesOfAnything(record: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  return fc.array(record, { maxLength: 8 }).map((records) => framed(records));
}

function damage(bytes: Uint8Array, deed: Deed): Uint8Array {
  if (deed.deed === 'add') return joined(bytes, deed.bytes);
  if (bytes.byteLength === 0) return bytes;
  const at = deed.at % bytes.byteLength;
  switch (deed.deed) {
    case 'flip': {
      const flipped = new Uint8Array(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << deed.bit);
      return flipped;
    }
    case 'cut':
      return bytes.slice(0, at);
    case 'zero':
      return new Uint8Array(bytes).fill(0, at, at + deed.length);
    case 'remove':
      return joined(bytes.subarray(0, at), bytes.subarray(at + deed.length));
    case 'repeat':
      return joined(bytes.subarray(0, at + deed.length), bytes.subarray(at));
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([first, second]));
}

import fc from 'fast-check';
import type { Field } from '../../../redirector/adapters/nfs/grammar.js';
import { XdrWriter } from '../../../core/onc-rpc/xdr.js';

/* Sound arguments and results of NFS v3, written by hand from RFC 1813 and not by the grammar that is tested with them. */

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });

const opaque = (maxLength: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ maxLength }).map((content) => new XdrWriter().opaque(content).done());

const number = (max = 0xffff_ffff): fc.Arbitrary<Uint8Array> =>
  fc.integer({ min: 0, max }).map((value) => new XdrWriter().number(value).done());

const joined = (...parts: readonly fc.Arbitrary<Uint8Array>[]): fc.Arbitrary<Uint8Array> =>
  fc.tuple(...parts).map((all) => Buffer.concat(all));

const word = (value: number): fc.Arbitrary<Uint8Array> =>
  fc.constant(new XdrWriter().number(value).done());

const perhaps = (part: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> =>
  fc.oneof(word(0), joined(word(1), part));

const time = fc.oneof(word(0), word(1), joined(word(2), bytes(8)));

const newAttributes = joined(
  perhaps(number()),
  perhaps(number()),
  perhaps(number()),
  perhaps(bytes(8)),
  time,
  time,
);

const entry = joined(bytes(8), opaque(40), bytes(8));

const listOf = (part: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> =>
  joined(
    fc.array(joined(word(1), part), { maxLength: 6 }).map((parts) => Buffer.concat(parts)),
    word(0),
    number(1),
  );

const FIELDS: Readonly<Record<Field, fc.Arbitrary<Uint8Array>>> = {
  handle: opaque(64),
  optionalHandle: perhaps(opaque(64)),
  name: opaque(255),
  path: opaque(1000),
  number: number(),
  long: bytes(8),
  bool: number(1),
  verifier: bytes(8),
  writeVerifier: bytes(8),
  stability: number(2),
  sizeMax: number(),
  attributes: bytes(84),
  optionalAttributes: perhaps(bytes(84)),
  wcc: joined(perhaps(bytes(24)), perhaps(bytes(84))),
  newAttributes,
  guard: perhaps(bytes(8)),
  howToCreate: fc.oneof(
    joined(word(0), newAttributes),
    joined(word(1), newAttributes),
    joined(word(2), bytes(8)),
  ),
  node: fc.oneof(
    joined(fc.oneof(word(3), word(4)), newAttributes, bytes(8)),
    joined(fc.oneof(word(6), word(7)), newAttributes),
    fc.oneof(word(1), word(2), word(5)),
  ),
  data: opaque(3000),
  entries: listOf(entry),
  entriesPlus: listOf(joined(entry, perhaps(bytes(84)), perhaps(opaque(64)))),
};

export function messageOf(fields: readonly Field[]): fc.Arbitrary<Uint8Array> {
  return joined(word(0x11), ...fields.map((field) => FIELDS[field]));
}

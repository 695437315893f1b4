import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Edits } from '../../../../../redirector/adapters/nfs/edits.js';
import type { Field } from '../../../../../redirector/adapters/nfs/grammar.js';
import { walk } from '../../../../../redirector/adapters/nfs/grammar.js';
import { HANDLE, Marks, OPTIONAL_HANDLE } from '../../../../../redirector/adapters/nfs/marks.js';
import { PROCEDURES } from '../../../../../redirector/adapters/nfs/procedures.js';
import { XdrCursor, numberAt } from '../../../../../core/onc-rpc/xdr.js';
import { fuzzRuns } from '../../../../support/fuzz.js';
import { messageOf } from '../../../../support/nfs/fields.js';

/** What stands before arguments and results in these tests: an xid. */
const HEAD_BYTES = 4;

function walked(message: Uint8Array, fields: readonly Field[]) {
  const marks = new Marks();
  const cursor = new XdrCursor().on(message, HEAD_BYTES);
  walk(cursor, fields, marks);
  return { cursor, marks };
}

function handlesIn(message: Uint8Array, fields: readonly Field[]): string[] {
  const { marks } = walked(message, fields);
  return Array.from({ length: marks.count }, (_, nth) => nth)
    .filter((nth) => marks.kind(nth) === HANDLE)
    .map((nth) => Buffer.from(marks.bytes(nth, message)).toString('hex'));
}

const PARTS = PROCEDURES.flatMap(({ name, arguments: asked, results, failure }) => [
  [`${name} arguments`, asked] as const,
  [`${name} results`, results] as const,
  [`${name} failure`, failure] as const,
]);

/** Any part of any procedure, with a sound message of it. */
const SOUND = fc
  .constantFrom(...PARTS)
  .chain(([, fields]) => messageOf(fields).map((message) => ({ fields, message })));

describe('the table of NFS v3', () => {
  it('has its 21 procedures and NULL, in the order of RFC 1813', () => {
    expect(PROCEDURES.map(({ name }) => name)).toEqual([
      ...['NULL', 'GETATTR', 'SETATTR', 'LOOKUP', 'ACCESS', 'READLINK', 'READ', 'WRITE', 'CREATE'],
      ...['MKDIR', 'SYMLINK', 'MKNOD', 'REMOVE', 'RMDIR', 'RENAME', 'LINK', 'READDIR'],
      ...['READDIRPLUS', 'FSSTAT', 'FSINFO', 'PATHCONF', 'COMMIT'],
    ]);
  });

  it.each(PARTS)('reads sound %s to the last byte', (_, fields) => {
    fc.assert(
      fc.property(messageOf(fields), (message) => {
        expect(walked(message, fields).cursor.isRead).toBe(true);
      }),
      fuzzRuns(200),
    );
  });

  it('takes no message that is too short or too long', () => {
    fc.assert(
      fc.property(SOUND, fc.nat(), ({ fields, message }, cut) => {
        const shorter = message.subarray(
          0,
          HEAD_BYTES + (cut % (message.length - HEAD_BYTES || 1)),
        );
        const longer = Buffer.concat([message, Buffer.alloc(4)]);
        if (shorter.length < message.length) {
          expect(walked(shorter, fields).cursor.isRead).toBe(false);
        }
        expect(walked(longer, fields).cursor.isRead).toBe(false);
      }),
      fuzzRuns(10_000),
    );
  });

  it('marks nothing outside of a message, whatever is in it', () => {
    fc.assert(
      fc.property(
        SOUND,
        fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0xff)), { maxLength: 5 }),
        ({ fields, message }, changes) => {
          const changed = Uint8Array.from(message);
          for (const [at, value] of changes) changed[at % changed.length] = value;
          const { cursor, marks } = walked(changed, fields);
          expect(cursor.at).toBeLessThanOrEqual(changed.length);
          if (!cursor.isSound) return;
          for (let nth = 0; nth < marks.count; nth++) {
            expect(marks.at(nth) + marks.length(nth)).toBeLessThanOrEqual(changed.length);
          }
        },
      ),
      fuzzRuns(100_000),
    );
  });

  it('finds every handle, so that each can be replaced or left out in place, and nothing else changes', () => {
    fc.assert(
      fc.property(SOUND, fc.uint8Array({ maxLength: 64 }), ({ fields, message }, other) => {
        const { marks } = walked(message, fields);
        const edits = new Edits();
        for (let nth = 0; nth < marks.count; nth++) {
          if (marks.kind(nth) === HANDLE) edits.opaque(marks.at(nth), marks.length(nth), other);
        }
        const record = { length: message.length, front: message, rest: [] };
        const changed = bytesOf(edits.apply(record, 99));
        expect(numberAt(changed, 0)).toBe(99);
        expect(walked(changed, fields).cursor.isRead).toBe(true);
        const hex = Buffer.from(other).toString('hex');
        const before = handlesIn(message, fields);
        expect(handlesIn(changed, fields)).toEqual(before.map(() => hex));
        // And back again: what is between the handles is as it was.
        const { marks: later } = walked(changed, fields);
        const back = new Edits();
        for (let nth = 0, handle = 0; nth < later.count; nth++) {
          if (later.kind(nth) !== HANDLE) continue;
          const former = Buffer.from(before[handle++] ?? '', 'hex');
          back.opaque(later.at(nth), later.length(nth), former);
        }
        const again = { length: changed.length, front: changed, rest: [] };
        const restored = bytesOf(back.apply(again, numberAt(message, 0)));
        expect(hexOf(restored)).toBe(hexOf(message));
      }),
      fuzzRuns(10_000),
    );
  });

  it('lets optional handles be left out', () => {
    fc.assert(
      fc.property(SOUND, ({ fields, message }) => {
        const { marks } = walked(message, fields);
        const edits = new Edits();
        let left = 0;
        for (let nth = 0; nth < marks.count; nth++) {
          if (marks.kind(nth) !== HANDLE) continue;
          if (nth > 0 && marks.kind(nth - 1) === OPTIONAL_HANDLE) {
            edits.omit(marks.at(nth - 1), marks.length(nth));
          } else {
            left += 1;
          }
        }
        const record = { length: message.length, front: message, rest: [] };
        const changed = bytesOf(edits.apply(record, 1));
        expect(walked(changed, fields).cursor.isRead).toBe(true);
        expect(handlesIn(changed, fields)).toHaveLength(left);
      }),
      fuzzRuns(10_000),
    );
  });

  it('finds what stands before data that lies beyond the front', () => {
    const write = PROCEDURES[7]!;
    fc.assert(
      fc.property(messageOf(write.arguments), (message) => {
        const { marks: all } = walked(message, write.arguments);
        const frontBytes = Math.min(message.length, 400);
        const marks = new Marks();
        const cursor = new XdrCursor().on(
          message.subarray(0, frontBytes),
          HEAD_BYTES,
          message.length,
        );
        walk(cursor, write.arguments, marks);
        expect(cursor.isRead).toBe(true);
        expect(marks.count).toBe(all.count);
      }),
      fuzzRuns(1000),
    );
  });
});

/** A message that goes out, without its record mark. */
function bytesOf(pieces: readonly Uint8Array[]): Uint8Array {
  const marked = Buffer.concat(pieces);
  expect(numberAt(marked, 0)).toBe(0x8000_0000 + marked.length - 4);
  return marked.subarray(4);
}

function hexOf(message: Uint8Array): string {
  return Buffer.from(message).toString('hex');
}

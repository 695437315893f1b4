import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { endianness } from 'node:os';
import { tgtdAnswerIn } from '../../../agent/tgtd-protocol.js';
import { ForeshiftError } from '../../../core/errors.js';
import { fuzzRuns } from '../../support/fuzz.js';

const ASKED = { server: 's1', request: { mode: 'target', op: 'delete', tid: 1 } } as const;

function answerOf(error: number, text = '', length = 8 + Buffer.byteLength(text)): Buffer {
  const head = Buffer.alloc(8);
  const view = new DataView(head.buffer, head.byteOffset);
  view.setUint32(0, error, endianness() === 'LE');
  view.setUint32(4, length, endianness() === 'LE');
  return Buffer.concat([head, Buffer.from(text)]);
}

/** Requests are held against those of the real tgtadm: `test/integration/tgt-protocol.test.ts`. */
describe('what tgtd answers', () => {
  it('is what it shows', () => {
    expect(tgtdAnswerIn(answerOf(0), ASKED)).toBe('');
    expect(tgtdAnswerIn(answerOf(0, 'Target 1: a\n'), ASKED)).toBe('Target 1: a\n');
    expect(tgtdAnswerIn(answerOf(0, 'Target 1: a\n\0'), ASKED)).toBe('Target 1: a\n');
  });

  it.each([
    ['why it did not do it', answerOf(19), 'target delete: the target is still active'],
    ['one that is not known here', answerOf(99), 'target delete: error 99'],
    ['nothing', Buffer.alloc(0), 'target delete: no answer'],
    ['less than its head', answerOf(0).subarray(0, 7), 'its answer is not whole'],
    ['less than it says', answerOf(0, 'Target 1', 17), 'its answer is not whole'],
    ['more than it says', answerOf(0, 'Target 1', 15), 'its answer is not whole'],
  ])('is an error where it says %s', (_, answer, why) => {
    const asked = (): string => tgtdAnswerIn(answer, ASKED);
    expect(asked).toThrow(ForeshiftError);
    expect(asked).toThrow(why);
  });

  it('is a text or a coded error, whatever it is', () => {
    const said = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc.uint8Array({ maxLength: 64 }).map((bytes) => {
        const head = answerOf(0, '', 8 + bytes.length);
        return Buffer.concat([head, bytes]);
      }),
    );
    fc.assert(
      fc.property(said, (bytes) => {
        try {
          expect(typeof tgtdAnswerIn(bytes, ASKED)).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(ForeshiftError);
        }
      }),
      fuzzRuns(10_000),
    );
  });
});

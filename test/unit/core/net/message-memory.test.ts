import { describe, expect, it } from '@jest/globals';
import { MessageMemory } from '../../../../core/net/message-memory.js';

const KIB = 1024;

describe('memory of messages', () => {
  it('is used again once its message was left and nobody writes from it, and never before', () => {
    const memory = new MessageMemory();
    const block = memory.take(100 * KIB);
    if (block === undefined) throw new Error('there is room');
    memory.arrived(block);
    block.use();
    block.leave();
    expect(memory.take(100 * KIB)).not.toBe(block);
    block.release();
    block.leave();
    expect(memory.take(100 * KIB)).toBe(block);
    expect(memory.take(100 * KIB)).not.toBe(block);
  });

  it('is little more than the message is long', () => {
    const memory = new MessageMemory();
    for (const length of [32 * KIB, 33_000, 262_300, (1 << 20) + 4096]) {
      const size = memory.take(length)?.bytes.length ?? 0;
      expect(size).toBeGreaterThanOrEqual(length);
      expect(size - length).toBeLessThan(16 * KIB);
    }
  });

  it('is kept for later up to a limit', () => {
    const memory = new MessageMemory({ freeBytesMax: 100 * KIB });
    const blocks = [1, 2, 3].map(() => memory.take(48 * KIB));
    for (const block of blocks) block?.leave();
    expect(memory.freeBytes).toBe(96 * KIB);
    expect(memory.take(48 * KIB)).toBe(blocks[1]);
    expect(memory.freeBytes).toBe(48 * KIB);
  });

  it('is not there for more messages that are not whole than a limit says', () => {
    const memory = new MessageMemory({ arrivingBytesMax: 100 * KIB });
    const first = memory.take(64 * KIB);
    expect(memory.take(48 * KIB)).toBeUndefined();
    if (first !== undefined) memory.arrived(first);
    expect(memory.arrivingBytes).toBe(0);
    expect(memory.take(48 * KIB)).toBeDefined();
  });
});

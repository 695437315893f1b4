import { describe, expect, it } from '@jest/globals';
import { SocketMemory } from '../../../../core/net/socket-memory.js';

const A = Buffer.from('aaaa');
const B = Buffer.from('bb');

describe('SocketMemory', () => {
  it('joins the pieces of one connection side by side', () => {
    const memory = new SocketMemory();
    const joined = memory.join(undefined, A);
    expect(memory.join(joined, B)).toBe(joined);
    expect(joined?.slab.toString('latin1', joined.from, joined.to)).toBe('aaaabb');
  });

  it('does not join what another connection has put something behind', () => {
    const memory = new SocketMemory();
    const first = memory.join(undefined, A);
    const other = memory.join(undefined, B);
    expect(memory.join(first, B)).toBeUndefined();
    expect(memory.join(other, A)).toBe(other);
    expect(first?.slab.toString('latin1', first.from, first.to)).toBe('aaaa');
  });

  it('uses the place of what was taken again, but not of what is still behind it', () => {
    const memory = new SocketMemory();
    const first = memory.join(undefined, A);
    const second = memory.join(undefined, B);
    if (first === undefined || second === undefined) throw new Error('there is room');
    memory.taken(first);
    expect(memory.join(undefined, B)?.from).toBe(second.to);
    const third = memory.join(undefined, B);
    if (third === undefined) throw new Error('there is room');
    memory.taken(third);
    expect(memory.join(undefined, B)?.from).toBe(third.from);
  });

  it('begins anew where it began once all pieces are taken, in whichever order', () => {
    const memory = new SocketMemory();
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2],
    ]) {
      const pieces = [A, B, A].map((bytes) => memory.join(undefined, bytes));
      expect(pieces[0]?.from).toBe(0);
      for (const nth of order) {
        const piece = pieces[nth];
        if (piece !== undefined) memory.taken(piece);
      }
    }
  });

  it('uses no place of a piece that is not taken, whatever is taken around it', () => {
    const memory = new SocketMemory();
    const [before, kept, behind] = [A, B, A].map((bytes) => memory.join(undefined, bytes));
    if (before === undefined || kept === undefined || behind === undefined) {
      throw new Error('there is room');
    }
    memory.taken(before);
    memory.taken(behind);
    for (let times = 0; times < 3; times++) {
      const next = memory.join(undefined, Buffer.from('xxxxxxxx'));
      expect(next?.from).toBe(kept.to);
      if (next !== undefined) memory.taken(next);
    }
    expect(kept.slab.toString('latin1', kept.from, kept.to)).toBe('bb');
  });

  it('begins a new slab when the old one is full, and leaves what is in it', () => {
    const memory = new SocketMemory();
    const first = memory.join(undefined, A);
    const large = Buffer.alloc((272 << 10) - 1, 'x');
    expect(memory.join(first, large)).toBeUndefined();
    const second = memory.join(undefined, large);
    expect(second?.slab).not.toBe(first?.slab);
    expect(first?.slab.toString('latin1', 0, 4)).toBe('aaaa');
  });

  it('lends a block again only when nobody reads into it or writes from it', () => {
    const memory = new SocketMemory();
    const block = memory.takeBlock();
    memory.lent = block;
    expect(memory.blockOf(block.bytes.subarray(1, 2))).toBe(block);
    block.use();
    block.use();
    memory.leaveBlock(block);
    block.release();
    expect(memory.takeBlock()).not.toBe(block);
    block.release();
    expect(memory.takeBlock()).toBe(block);
  });

  it('knows what must be copied: what is lent of the memory that all read into', () => {
    const memory = new SocketMemory();
    const bytes = memory.shared.bytes.subarray(0, 4);
    expect(memory.isShared(bytes)).toBe(false);
    memory.lent = memory.shared;
    expect(memory.isShared(bytes)).toBe(true);
    expect(memory.isShared(A)).toBe(false);
  });
});

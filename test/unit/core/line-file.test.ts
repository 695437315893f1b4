import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '../../../core/clock/simulated.js';
import { LineFile } from '../../../core/line-file.js';

/** A file whose writes end when they are told to. */
function slowFile(bufferBytesMax = 100) {
  const clock = new SimulatedClock();
  const writes: { readonly path: string; readonly text: string; end: (error?: Error) => void }[] =
    [];
  const file = new LineFile(
    clock,
    { path: 'access.log', bufferBytesMax },
    (path, pieces) =>
      new Promise((resolve, reject) => {
        const end = (error?: Error): void => {
          if (error === undefined) resolve();
          else reject(error);
        };
        writes.push({ path, text: Buffer.concat(pieces).toString(), end });
      }),
  );
  return { clock, file, writes };
}

describe('a file of lines', () => {
  it('writes several lines at once, in their order, a moment later', async () => {
    const { clock, file, writes } = slowFile();
    file.write('a');
    file.write('b');
    expect(writes).toEqual([]);
    await clock.advance(1000);
    expect(writes.map(({ text }) => text)).toEqual(['a\nb\n']);
    file.write('c');
    await clock.advance(1000);
    expect(writes).toHaveLength(1);
    writes[0]?.end();
    await clock.advance(0);
    expect(writes.map(({ text }) => text)).toEqual(['a\nb\n', 'c\n']);
    expect(file.written).toBe(2);
  });

  it('drops lines beyond its limit while the disk is slow, counts them, and goes on after it', async () => {
    const { clock, file, writes } = slowFile(100);
    for (let at = 0; at < 50; at++) file.write('x'.repeat(9));
    await clock.advance(1000);
    expect(writes[0]?.text).toHaveLength(100);
    expect(file.dropped).toBe(40);
    file.write('more');
    expect(file.dropped).toBe(41);
    writes[0]?.end();
    await clock.advance(0);
    file.write('later');
    await clock.advance(1000);
    expect(writes[1]?.text).toBe('later\n');
    expect(file.written).toBe(10);
  });

  it('counts what a full disk did not take, and tries on', async () => {
    const { clock, file, writes } = slowFile();
    file.write('lost');
    await clock.advance(1000);
    writes[0]?.end(new Error('ENOSPC'));
    await clock.advance(0);
    file.write('kept');
    await clock.advance(1000);
    writes[1]?.end();
    await clock.advance(0);
    expect([file.dropped, file.written]).toEqual([1, 1]);
  });

  it('goes where it is told to from the next write on, and is written whole at the end', async () => {
    const { clock, file, writes } = slowFile();
    file.reconfigure({ path: 'other.log', bufferBytesMax: 100 });
    file.write('a');
    let isOver = false;
    void file.flush().then(() => {
      isOver = true;
    });
    await clock.advance(0);
    expect(writes[0]?.path).toBe('other.log');
    expect(isOver).toBe(false);
    writes[0]?.end();
    await clock.advance(0);
    expect(isOver).toBe(true);
  });

  it('writes a heap of lines of any length and alphabet as they are, and before its time', async () => {
    const { clock, file, writes } = slowFile(16 << 20);
    const lines: string[] = [];
    for (let each = 0; each < 3000; each++) lines.push(`${each} ${'xé€😀'.repeat(each % 80)}`);
    lines.push('€'.repeat(2_000_000), 'last');
    const written = (): string => writes.map(({ text }) => text).join('');
    // Twice, as the memory of the first time is used again.
    for (const round of [1, 2]) {
      for (const line of lines) file.write(line);
      expect(writes.length).toBeGreaterThan(0);
      for (let at = 0; file.written < round * lines.length; at++) {
        writes[at]?.end();
        await clock.advance(200);
      }
      expect(written()).toBe(`${lines.join('\n')}\n`);
      writes.length = 0;
    }
    expect(file.dropped).toBe(0);
  });
});

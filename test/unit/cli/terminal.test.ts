import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import type { ReadStream, WriteStream } from 'node:tty';
import { describe, expect, it } from '@jest/globals';
import { ProcessScreen } from '../../../cli/process-screen.js';
import { printable, styleOf, wantsColour } from '../../../cli/terminal.js';
import { cutTo } from '../../../cli/text-table.js';
import { untilWithin } from '../../support/until.js';

const ESC = '\u001b';
const until = untilWithin(5000, { pauseMs: 5 });

describe('what is printed', () => {
  it('commands no terminal, whatever stands in names and reasons', () => {
    const hostile = `a${ESC}[2Jb${ESC}]0;title\u0007c\u009b2Jd\r\u0008e${ESC}c`;
    expect(printable(hostile, true)).toBe('a?[2Jb?]0;title?c?2Jd??e?c');
    expect(printable('two\n\tlines – √', true)).toBe('two\n\tlines – √');
  });

  it('has our own styles where they are wanted, and no escape elsewhere', () => {
    const text = styleOf(true).red('lost');
    expect(printable(text, true)).toBe(`${text}${ESC}[0m`);
    expect(printable('plain', true)).toBe('plain');
    expect(printable(text, false)).not.toContain(ESC);
  });

  it('has colours before a person only, who wants them', () => {
    expect(wantsColour({}, true)).toBe(true);
    expect(wantsColour({}, false)).toBe(false);
    expect(wantsColour({ NO_COLOR: '1' }, true)).toBe(false);
    expect(wantsColour({ TERM: 'dumb' }, true)).toBe(false);
  });

  it('is cut by what can be seen of it, and its styles end', () => {
    const line = `${styleOf(true).red('lost')} and found`;
    expect(cutTo(line, 6)).toBe(`${ESC}[31mlost${ESC}[39m a`);
    expect(cutTo(line, 2)).toBe(`${ESC}[31mlo${ESC}[39m`);
  });
});

/** A terminal without one. */
class FakeTty extends EventEmitter {
  columns = 20;
  rows = 2;
  written = '';

  write(text: string): void {
    this.written += text;
  }
}

describe('a screen', () => {
  function opened() {
    const output = new FakeTty();
    const raw: boolean[] = [];
    const setRawMode = (mode: boolean): void => void raw.push(mode);
    const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode });
    const screen = new ProcessScreen(
      output as unknown as WriteStream,
      input as unknown as ReadStream,
      true,
    );
    const keys: string[] = [];
    screen.onKey((key) => keys.push(key));
    return { output, input, screen, keys, raw };
  }

  it('is another page without a cursor, and what was there before comes back, once', () => {
    const { output, screen, raw } = opened();
    expect(output.written).toBe(`${ESC}[?1049h${ESC}[?25l`);
    output.written = '';
    screen.close();
    screen.close();
    expect(output.written).toBe(`${ESC}[?25h${ESC}[?1049l`);
    expect(raw).toEqual([true, false]);
    screen.draw(['late']);
    expect(output.written).not.toContain('late');
  });

  it('draws no more than fits, and leaves nothing of what was there', () => {
    const { output, screen } = opened();
    output.written = '';
    screen.draw(['a line of more than twenty', `two${ESC}[5A`, 'three']);
    screen.close();
    const [picture = ''] = output.written.split(`${ESC}[?25h`);
    expect(picture).toBe(`${ESC}[Ha line of more than ${ESC}[K\r\ntwo?[5A${ESC}[K${ESC}[J`);
  });

  it('hears keys, and takes Ctrl-C and a signal for the wish to end', async () => {
    const { input, screen, keys } = opened();
    input.write(`q${ESC}[B\u0003`);
    await until('all are heard', () => keys.length === 3);
    expect(keys).toEqual(['q', 'down', 'quit']);
    process.emit('SIGTERM');
    expect(keys.at(-1)).toBe('quit');
    const listeners = process.listenerCount('SIGTERM');
    screen.close();
    expect(process.listenerCount('SIGTERM')).toBe(listeners - 1);
  });

  it('takes a terminal of no size for a usual one', () => {
    const { output, screen } = opened();
    output.columns = 0;
    output.rows = 0;
    expect([screen.columns, screen.rows]).toEqual([80, 24]);
    screen.close();
  });

  it('tells of another size', () => {
    const { output, screen } = opened();
    let told = 0;
    screen.onResize(() => told++);
    output.rows = 50;
    output.emit('resize');
    expect([told, screen.rows]).toEqual([1, 50]);
    screen.close();
    output.emit('resize');
    expect(told).toBe(1);
  });
});

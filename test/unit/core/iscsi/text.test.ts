import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TextCollector, bytesIn, hexOf, numberIn, textOf } from '../../../../core/iscsi/text.js';
import { fuzzRuns } from '../../../support/fuzz.js';

function keysOf(text: string | Uint8Array, limits = {}): Record<string, string> | undefined {
  const collector = new TextCollector(limits);
  if (!collector.add([Buffer.from(text)])) return undefined;
  const keys = collector.take();
  return keys && Object.fromEntries(keys);
}

describe('text keys', () => {
  it('come out as they were put in, in however many PDUs', () => {
    const value = fc.string({ maxLength: 40 }).filter((text) => !text.includes('\0'));
    const name = fc.stringMatching(/^[A-Z][A-Za-z0-9]{0,20}$/);
    fc.assert(
      fc.property(fc.dictionary(name, value), fc.nat(200), (keys, at) => {
        const text = textOf(Object.entries(keys));
        const collector = new TextCollector();
        expect(collector.add([text.subarray(0, at), text.subarray(at)])).toBe(true);
        expect(Object.fromEntries(collector.take() ?? [])).toEqual({ ...keys });
        expect(collector.keptBytes).toBe(0);
      }),
      fuzzRuns(5000),
    );
  });

  it('may lack the last zero byte', () => {
    expect(keysOf('A=1\0B=')).toEqual({ A: '1', B: '' });
  });

  it('are refused if one is said twice, or is none', () => {
    for (const text of ['A=1\0A=2\0', 'A\0', '=1\0', 'a b=1\0', '\0', `${'A'.repeat(64)}=1\0`]) {
      expect(keysOf(text)).toBeUndefined();
    }
  });

  it('are limited in number and length, over all PDUs of a text', () => {
    expect(keysOf('A=1\0B=2\0C=3\0', { keysMax: 2 })).toBeUndefined();
    const collector = new TextCollector({ textBytesMax: 10 });
    expect(collector.add([Buffer.from('A=12')])).toBe(true);
    expect(collector.add([Buffer.from('3456789')])).toBe(false);
  });

  it('of any bytes at all are read or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const keys = keysOf(bytes, { textBytesMax: 200, keysMax: 8 });
        expect(Object.keys(keys ?? {}).length).toBeLessThanOrEqual(8);
      }),
      fuzzRuns(100_000),
    );
  });
});

describe('values', () => {
  it('that are numbers may be hexadecimal, and have limits', () => {
    expect(numberIn('8192', 512, 0xff_ffff)).toBe(8192);
    expect(numberIn('0x2000', 512, 0xff_ffff)).toBe(8192);
    for (const text of ['511', '16777216', '-1', '1e3', ' 600', '0600', '', undefined]) {
      expect(numberIn(text, 512, 0xff_ffff)).toBeUndefined();
    }
  });

  it('that are bytes are hexadecimal or base 64', () => {
    const bytes = Uint8Array.of(1, 2, 254, 255);
    expect(bytesIn(hexOf(bytes), 4)).toEqual(Buffer.from(bytes));
    expect(bytesIn('0bAQL+/w==', 4)).toEqual(Buffer.from(bytes));
    expect(bytesIn('0x102', 4)).toEqual(Buffer.from([1, 2]));
    expect(bytesIn(hexOf(bytes), 3)).toBeUndefined();
    for (const text of ['0x', '0xzz', '0b*', '12', '', undefined]) {
      expect(bytesIn(text, 16)).toBeUndefined();
    }
  });

  it('that are bytes may be any text at all', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), fc.constantFrom('0x', '0b', ''), (text, prefix) => {
        expect(bytesIn(prefix + text, 16)?.length ?? 0).toBeLessThanOrEqual(16);
      }),
      fuzzRuns(100_000),
    );
  });
});

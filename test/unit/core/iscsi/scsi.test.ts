import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lunsIn } from '../../../../core/iscsi/lun.js';
import {
  NEXUS_LOST,
  againOf,
  isUnitAttention,
  saysThatLunsChanged,
  senseData,
  senseIn,
  unitDesignators,
} from '../../../../core/iscsi/scsi.js';
import { fuzzRuns } from '../../../support/fuzz.js';

function page(...designators: readonly (readonly [association: number, text: string])[]): Buffer {
  const all = designators.map(([association, text]) =>
    Buffer.concat([Buffer.from([2, (association << 4) | 1, 0, text.length]), Buffer.from(text)]),
  );
  const body = Buffer.concat(all);
  return Buffer.concat([Buffer.from([0, 0x83, 0, body.length]), body]);
}

describe('SCSI', () => {
  it('sense is read in both forms', () => {
    expect(senseIn(senseData(NEXUS_LOST))).toEqual(NEXUS_LOST);
    expect(senseIn(Buffer.from('000872062a0900000000', 'hex'))).toEqual([6, 0x2a, 9]);
    expect(senseIn(Buffer.from('0000', 'hex'))).toBeUndefined();
    expect(isUnitAttention(NEXUS_LOST)).toBe(true);
    expect(isUnitAttention([2, 4, 0])).toBe(false);
    expect(isUnitAttention(undefined)).toBe(false);
  });

  it('tells that a LUN has another size, or that there are others', () => {
    expect(saysThatLunsChanged([6, 0x2a, 9])).toBe(true);
    expect(saysThatLunsChanged([6, 0x3f, 0x0e])).toBe(true);
    expect(saysThatLunsChanged([6, 0x29, 0])).toBe(false);
    expect(saysThatLunsChanged([5, 0x2a, 9])).toBe(false);
  });

  it('commands that may not be done twice are told apart', () => {
    // READ(10), WRITE(16), UNMAP; COMPARE AND WRITE, PERSISTENT RESERVE OUT, RESERVE(6), one that nobody knows.
    for (const operation of [0x28, 0x8a, 0x42]) expect(againOf(operation)).toBe('same');
    for (const operation of [0x89, 0x5f, 0x16, 0xff]) expect(againOf(operation)).toBe('ambiguous');
  });

  it('designators of the unit are told from those of the port it was asked through', () => {
    const here = unitDesignators(page([0, 'unit'], [1, 'port a'], [2, 'device a']));
    const there = unitDesignators(page([1, 'port b'], [0, 'unit']));
    expect(Buffer.from(here)).toEqual(Buffer.from(there));
    expect(Buffer.from(unitDesignators(page([0, 'other'])))).not.toEqual(Buffer.from(here));
  });

  it('designators that a server assigned for itself say nothing of the unit', () => {
    const naa = (identifier: string): Buffer =>
      Buffer.concat([
        Buffer.from([0x01, 0x03, 0, identifier.length / 2]),
        Buffer.from(identifier, 'hex'),
      ]);
    const pageOf = (...all: Buffer[]): Buffer => Buffer.concat([Buffer.alloc(4), ...all]);
    const known = naa('600000000000000e0000000000020000');
    // As two tgtd show one unit, of targets 1 and 2.
    const here = unitDesignators(pageOf(naa('3000000100000001'), known));
    const there = unitDesignators(pageOf(naa('3000000200000001'), known));
    expect(Buffer.from(here)).toEqual(Buffer.from(there));
    const other = unitDesignators(pageOf(naa('500000010000000b'), known));
    expect(Buffer.from(other)).not.toEqual(Buffer.from(here));
  });

  it('lists of any bytes at all are read to an end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(lunsIn(bytes).length).toBeLessThanOrEqual(bytes.length / 8);
        expect(unitDesignators(bytes).length).toBeLessThanOrEqual(bytes.length);
        senseIn(bytes);
      }),
      fuzzRuns(100_000),
    );
  });
});

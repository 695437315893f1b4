import { describe, expect, it } from '@jest/globals';
import { packBatch, unpackBatch } from '../../../../redirector/workers/packed-batch.js';
import { g, r, s } from '../../../support/names.js';

describe('a batch on its way to a worker', () => {
  it('arrives as it was sent', () => {
    const batch = {
      generation: g('2.7'),
      moves: [
        { resource: r('vol-1'), source: s('s1'), target: s('s2') },
        { resource: r('vol-2'), source: s('s2'), target: s('s1') },
        { resource: r('new'), source: null, target: s('s3') },
      ],
      lost: [s('s1')],
    };
    expect(unpackBatch(structuredClone(packBatch(batch)))).toEqual(batch);
  });
});

import { describe, expect, it } from '@jest/globals';
import { Indices } from '../../../core/indices.js';

describe('Indices', () => {
  it('gives each id the next number once, and finds either by the other', () => {
    const indices = new Indices<string>();
    expect(['a', 'b', 'a'].map((id) => indices.give(id))).toEqual([0, 1, 0]);
    expect([indices.of('b'), indices.of('c')]).toEqual([1, -1]);
    expect(indices.idOf(1)).toBe('b');
    expect(indices.ids).toEqual(['a', 'b']);
    expect(() => indices.idOf(2)).toThrow('was given');
  });
});

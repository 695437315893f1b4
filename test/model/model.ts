import { describe, expect } from '@jest/globals';
import { itWith } from '../support/installed.js';
import { BROKEN, ENDING, ENDLESS, LIMITS_OF_DESIGN, PROMISES, REDUNDANT } from './checks.js';
import type { Variant } from './checks.js';
import { search } from './spin.js';

const LIMITS = { memoryMb: 1000, timeoutMs: 170_000 };
const SOON = { ...LIMITS, endsSoon: true };
const TEST_MS = 180_000;
const it = itWith('spin');

/** Where somebody waits for the tests, every fourth search must do; `.ci/run` makes all. */
const isWhole = process.env.MODEL === 'all';

/** A share of the searches: jest's workers take a file each. */
export function describeModel(share: number, shares: number): void {
  const ours = (variants: readonly Variant[]): Variant[] =>
    variants.filter(
      (_variant, at) => at % shares === share - 1 && (isWhole || Math.floor(at / shares) % 4 === 0),
    );

  describe(`model of the switch, share ${share} of ${shares}`, () => {
    for (const variant of ours(PROMISES)) {
      it(
        `holds: ${variant.name}`,
        async () => {
          const { violation, states } = await search(variant, LIMITS);
          expect({ violation, isSearched: states > 10_000 }).toEqual({
            violation: undefined,
            isSearched: true,
          });
        },
        TEST_MS,
      );
    }
    for (const variant of ours(ENDING)) {
      it(
        `comes to an end: ${variant.name}`,
        async () => {
          const { violation, states } = await search(variant, { ...LIMITS, cycles: true });
          expect({ violation, isSearched: states > 1000 }).toEqual({
            violation: undefined,
            isSearched: true,
          });
        },
        TEST_MS,
      );
    }
    if (share === 1) {
      it(
        `finds ${ENDLESS.name}`,
        async () => {
          const { violation } = await search(ENDLESS, { ...SOON, cycles: true });
          expect(violation).toContain('non-progress cycle');
        },
        TEST_MS,
      );
    }
    for (const variant of ours(BROKEN)) {
      it(
        `is broken by: ${variant.name}`,
        async () => {
          expect((await search(variant, SOON)).violation).toBeDefined();
        },
        TEST_MS,
      );
    }
    for (const variant of ours(LIMITS_OF_DESIGN)) {
      it(
        `does not promise: ${variant.name}`,
        async () => {
          expect((await search(variant, SOON)).violation).toBeDefined();
        },
        TEST_MS,
      );
    }
    for (const variant of ours(REDUNDANT)) {
      it(
        `holds without: ${variant.name}`,
        async () => {
          expect((await search(variant, LIMITS)).violation).toBeUndefined();
        },
        TEST_MS,
      );
    }
  });
}

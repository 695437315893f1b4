import { CHUNKS } from './chunks.js';
import { FRAMING } from './framing.js';
import { HOSTS } from './hosts.js';
import { FOLDING, LINE_ENDS } from './lines.js';
import { NAMES } from './names.js';
import type { RequestCase } from './request-case.js';
import { get, post, seenGet, seenPost } from './request-case.js';
import { SIZES } from './sizes.js';
import { REQUEST_LINES, TARGETS } from './targets.js';
import { UPGRADES } from './upgrades.js';

/** A good request, and then one that is not: the first is answered, the second refused, a third is never read. */
const BEHIND_A_GOOD_ONE: readonly RequestCase[] = [FRAMING, LINE_ENDS, CHUNKS, NAMES].flatMap(
  (theme) =>
    theme
      .filter((one) => one.refused !== undefined && one.refused !== 'noResource' && !one.ends)
      .filter((_, at) => at % 6 === 0)
      .map((one, at) => ({
        ...one,
        name: `${one.name}, behind a good request`,
        bytes: (at % 2 === 0 ? get('X: 1') : post('abc', 'Content-Length: 3')) + one.bytes,
        passed: [at % 2 === 0 ? seenGet('x: 1') : seenPost('abc')],
      })),
);

export const REQUEST_THEMES: Readonly<Record<string, readonly RequestCase[]>> = {
  'framing conflicts': FRAMING,
  'obsolete folding': FOLDING,
  'line ends and control characters': LINE_ENDS,
  sizes: SIZES,
  'chunk tricks': CHUNKS,
  'request lines': REQUEST_LINES,
  targets: TARGETS,
  'header names': NAMES,
  hosts: HOSTS,
  upgrades: UPGRADES,
  'behind a good request': BEHIND_A_GOOD_ONE,
};

import type { WhatIfAnswer } from '../api/contract/what-if.js';
import { counted } from '../core/text.js';

const MOVES_SHOWN = 20;

/** What would be, in lines: how the fleet stands in each case, what would be avoided, what would move. */
export function whatIfText(answer: WhatIfAnswer, { isVerbose }: { isVerbose: boolean }): string {
  const { headline, asIs, nothing, plan, avoided, left, blocked, moves, notes } = answer;
  const shown = isVerbose ? moves : moves.slice(0, MOVES_SHOWN);
  const hidden = moves.length - shown.length;
  return [
    headline,
    `  as it is    ${asIs}`,
    `  if nothing  ${nothing}`,
    `  with plan   ${plan}`,
    ...avoided.map((what) => `  avoided: ${what}`),
    ...left.map((what) => `  not avoided: ${what}`),
    ...blocked.map((what) => `  in the way: ${what}`),
    ...shown.map(({ text }) => `  ~ ${text}`),
    ...(hidden > 0 ? [`  and ${counted(hidden, 'move')} more (--verbose shows all)`] : []),
    ...notes,
  ].join('\n');
}

import type { Row } from './model.js';
import { Ordered } from './ordered.js';

/** A level is the median of so many steps before. */
const BEFORE_STEPS = 24;
/** A jump shows in so many steps; whether it lasts shows in so many after them. */
const JUMP_STEPS = 3;
const AFTER_STEPS = 12;
/** A jump is a change of level by at least this factor. */
const JUMP_MIN = 1.5;
/** Believed of a load that never jumped before, as if seen so many times. */
const PRIOR = { share: 0.8, weight: 1 };

/**
 * Of the jumps in the history of a load, how many lasted: the share of the following hour that was nearer to the
 * new level than to the old one. Loads of jobs jump up and down all day; others jump when something changed for good.
 */
export function lastingShare({ values, start }: Row, end: number): number {
  let lasting = PRIOR.share * PRIOR.weight;
  let weight: number = PRIOR.weight;
  const window = new Ordered(BEFORE_STEPS);
  let at = start + BEFORE_STEPS;
  let filledTo = start;
  while (at + JUMP_STEPS + AFTER_STEPS <= end) {
    if (at - filledTo >= BEFORE_STEPS) {
      window.clear();
      filledTo = at - BEFORE_STEPS;
    }
    for (; filledTo < at; filledTo++) {
      if (window.count === BEFORE_STEPS) window.remove(values[filledTo - BEFORE_STEPS]!);
      window.insert(values[filledTo]!);
    }
    const before = window.at(BEFORE_STEPS >> 1);
    const now = levelOfJump(values, at, before);
    if (now === undefined) {
      at++;
      continue;
    }
    for (let step = at + JUMP_STEPS; step < at + JUMP_STEPS + AFTER_STEPS; step++) {
      const value = values[step]!;
      if (Math.abs(value - now) < Math.abs(value - before)) lasting += 1 / AFTER_STEPS;
    }
    weight++;
    at += JUMP_STEPS + AFTER_STEPS;
  }
  return lasting / weight;
}

/** The mean of the next steps if all of them are far above or all far below; undefined: no jump. */
function levelOfJump(values: Float32Array, at: number, before: number): number | undefined {
  let sum = 0;
  let side = 0;
  for (let step = at; step < at + JUMP_STEPS; step++) {
    const value = values[step]!;
    if (value > before * JUMP_MIN) side++;
    else if (value * JUMP_MIN < before) side--;
    sum += value;
  }
  return Math.abs(side) === JUMP_STEPS ? sum / JUMP_STEPS : undefined;
}

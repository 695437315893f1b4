import type { Said } from '../core/metric-store/port.js';

/** What was said of one load, some time ahead. */
export interface SaidAhead {
  readonly leadMs: number;
  readonly said: readonly Said[];
}

export interface BreachInputs {
  readonly stepMs: number;
  /** What the load, such as a server's cpu, should stay below, in its unit. */
  readonly limit: number;
  /** The steps that are judged: what came in them; NaN is a gap. */
  readonly came: readonly { readonly timeMs: number; readonly value: number }[];
  /** By lead. */
  readonly ahead: readonly SaidAhead[];
  /** The same of steps before which something was moved, after it was said: nobody knows what would have come. */
  readonly overtaken?: readonly SaidAhead[];
}

/** The forecast in an operator's words: how often a limit was passed, and whether it was said before. */
export interface BreachSummary {
  /** Spells above the limit that were called before they began. */
  readonly called: number;
  readonly missed: number;
  /** Spells that were called and did not come. */
  readonly false: number;
  /** Spells that were called before something was moved, and did not come after it. */
  readonly answered: number;
  /** Of the called ones, how long before they began; the median; NaN if none was called. */
  readonly leadMs: number;
  /** Of each of the called ones, ascending. */
  readonly leadsMs: readonly number[];
}

/**
 * A breach is a spell of steps above the limit. It is called if before it began P50 of any step of it, or of a step
 * next to it, was said above the limit; the earliest such word counts. What was called where the load stayed below is
 * false, a spell of such steps once.
 */
export function breachesOf(inputs: BreachInputs): BreachSummary {
  const { stepMs, limit, came, ahead, overtaken = [] } = inputs;
  const known = came.filter(({ value }) => !Number.isNaN(value));
  const breaches = spellsOf(
    known.filter(({ value }) => value > limit).map(({ timeMs }) => timeMs),
    stepMs,
  );
  const calledAt = callsOf(ahead, limit);
  const leads = breaches.map(({ fromMs, toMs }) => {
    let leadMs = 0;
    for (let timeMs = fromMs - stepMs; timeMs <= toMs + stepMs; timeMs += stepMs) {
      const calledMs = calledAt.get(timeMs) ?? 0;
      // Of a later step of a spell, the time before its first one: none if it had begun by then.
      leadMs = Math.max(leadMs, Math.min(calledMs, calledMs - (timeMs - fromMs)));
    }
    return leadMs;
  });
  const called = leads.filter((leadMs) => leadMs > 0).sort((a, b) => a - b);
  const first = known[0]?.timeMs ?? Infinity;
  const last = known.at(-1)?.timeMs ?? -Infinity;
  const spellsIn = (callTimes: Iterable<number>): Spell[] =>
    spellsOf(
      [...callTimes].filter((timeMs) => timeMs >= first && timeMs <= last),
      stepMs,
    );
  const meets = (spells: readonly Spell[], call: Spell): boolean =>
    spells.some(({ fromMs, toMs }) => call.fromMs <= toMs + stepMs && fromMs - stepMs <= call.toMs);
  const calls = spellsIn(calledAt.keys());
  const wrong = calls.filter((call) => !meets(breaches, call));
  const answered = spellsIn(callsOf(overtaken, limit).keys()).filter(
    (call) => !meets(breaches, call) && !meets(calls, call),
  );
  return {
    called: called.length,
    missed: breaches.length - called.length,
    false: wrong.length,
    answered: answered.length,
    leadMs: called[called.length >> 1] ?? NaN,
    leadsMs: called,
  };
}

interface Spell {
  readonly fromMs: number;
  /** Start of its last step. */
  readonly toMs: number;
}

/** Steps that follow one another, joined. */
function spellsOf(timesMs: readonly number[], stepMs: number): Spell[] {
  const spells: { fromMs: number; toMs: number }[] = [];
  for (const timeMs of [...timesMs].sort((a, b) => a - b)) {
    const last = spells.at(-1);
    if (last !== undefined && timeMs - last.toMs <= stepMs) last.toMs = timeMs;
    else spells.push({ fromMs: timeMs, toMs: timeMs });
  }
  return spells;
}

/** The largest lead at which each step was said to be above the limit. */
function callsOf(ahead: readonly SaidAhead[], limit: number): Map<number, number> {
  const calls = new Map<number, number>();
  for (const { leadMs, said } of ahead) {
    for (const { timeMs, p50 } of said) {
      if (p50 > limit) calls.set(timeMs, Math.max(leadMs, calls.get(timeMs) ?? 0));
    }
  }
  return calls;
}

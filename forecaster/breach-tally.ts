import type { ForecastScore } from '../core/forecast-score.js';
import { FULL } from '../core/forecast-score.js';
import type { ServerId } from '../core/domain.js';
import type { BreachInputs, SaidAhead } from './breaches.js';
import { breachesOf } from './breaches.js';

/** A week of steps of five minutes: more are not kept, however short they are. */
export const STEPS_KEPT_MAX = 2016;
/** What is so near to its band, as a share of a capacity, is in it: no plan would be another. */
const BAND_MARGIN = 0.01;

interface Known {
  readonly stepMs: number;
  readonly came: BreachInputs['came'];
  /** By lead. */
  readonly ahead: readonly SaidAhead[];
  /** By lead: what was said before something was moved. */
  readonly overtaken: readonly SaidAhead[];
}

/** So far back overloads are counted; what is older is forgotten. */
export interface TallyOptions {
  readonly windowMs: number;
}

/** How the utilizations of servers turned out, and what had been said of them, over the last time as far as this process knows it. */
export class BreachTally {
  readonly #known = new Map<ServerId, Known>();
  #options: TallyOptions;

  constructor(options: TallyOptions) {
    this.#options = options;
  }

  /** A longer window fills as time goes on. */
  reconfigure(options: TallyOptions): void {
    this.#options = options;
  }

  /** What came in some steps, and what had been said of them by lead. Later steps come later. */
  note(server: ServerId, { stepMs, came, ahead, overtaken }: Known): void {
    const former = this.#known.get(server);
    const lastMs = came.at(-1)?.timeMs ?? -Infinity;
    const windowMs = Math.min(this.#options.windowMs, STEPS_KEPT_MAX * stepMs);
    const isRecent = ({ timeMs }: { readonly timeMs: number }): boolean =>
      timeMs > lastMs - windowMs;
    const joined = (before: readonly SaidAhead[], now: readonly SaidAhead[]): SaidAhead[] =>
      now.map(({ leadMs, said }) => ({
        leadMs,
        said: [...(before.find((one) => one.leadMs === leadMs)?.said ?? []), ...said].filter(
          isRecent,
        ),
      }));
    this.#known.set(server, {
      stepMs,
      came: [...(former?.came ?? []), ...came].filter(isRecent),
      ahead: joined(former?.ahead ?? [], ahead),
      overtaken: joined(former?.overtaken ?? [], overtaken),
    });
    // Servers that are no more are forgotten.
    for (const [id, known] of this.#known) {
      if ((known.came.at(-1)?.timeMs ?? -Infinity) <= lastMs - windowMs) this.#known.delete(id);
    }
  }

  clear(): void {
    this.#known.clear();
  }

  /** Over all servers. @param sinceMs steps that began before are left out */
  score(sinceMs = -Infinity): ForecastScore {
    const sums = { called: 0, missed: 0, false: 0, answered: 0, compared: 0, inBand: 0 };
    const leadsMs: number[] = [];
    for (const all of this.#known.values()) {
      const known = since(all, sinceMs);
      const one = breachesOf({ ...known, limit: FULL });
      const band = comparedIn(known);
      sums.called += one.called;
      sums.missed += one.missed;
      sums.false += one.false;
      sums.answered += one.answered;
      sums.compared += band.compared;
      sums.inBand += band.inBand;
      leadsMs.push(...one.leadsMs);
    }
    leadsMs.sort((a, b) => a - b);
    const { inBand, ...counts } = sums;
    return {
      windowMs: this.#options.windowMs,
      ...counts,
      leadMs: leadsMs[leadsMs.length >> 1] ?? null,
      coverage: sums.compared === 0 ? null : inBand / sums.compared,
    };
  }
}

function since(known: Known, sinceMs: number): Known {
  if (sinceMs === -Infinity) return known;
  const isLater = ({ timeMs }: { readonly timeMs: number }): boolean => timeMs >= sinceMs;
  const later = (all: readonly SaidAhead[]): SaidAhead[] =>
    all.map(({ leadMs, said }) => ({ leadMs, said: said.filter(isLater) }));
  const { stepMs, came, ahead, overtaken } = known;
  return {
    stepMs,
    came: came.filter(isLater),
    ahead: later(ahead),
    overtaken: later(overtaken),
  };
}

function comparedIn({ came, ahead }: Known): { compared: number; inBand: number } {
  const cameAt = new Map(came.map(({ timeMs, value }) => [timeMs, value]));
  let [compared, inBand] = [0, 0];
  for (const { timeMs, p10, p90 } of ahead.flatMap(({ said }) => said)) {
    const value = cameAt.get(timeMs) ?? NaN;
    if (!Number.isFinite(value)) continue;
    compared += 1;
    if (p10 - BAND_MARGIN <= value && value <= p90 + BAND_MARGIN) inBand += 1;
  }
  return { compared, inBand };
}

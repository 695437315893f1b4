import type { ServerId } from '../core/domain.js';
import type { BreachInputs, BreachSummary, SaidAhead } from './breaches.js';
import { breachesOf } from './breaches.js';

/** So far back breaches are counted. */
const WINDOW_MS = 86_400_000;
/** Utilization of a server that is full. */
const LIMIT = 1;

interface Known {
  readonly stepMs: number;
  readonly came: BreachInputs['came'];
  readonly ahead: readonly SaidAhead[];
}

/** Which overloads of servers were called before they came, over the last day as far as this process has seen it. */
export class BreachTally {
  readonly #known = new Map<ServerId, Known>();

  /** What came in some steps, and what had been said of them by lead. Later steps come later. */
  note(server: ServerId, { stepMs, came, ahead }: Known): void {
    const former = this.#known.get(server);
    const lastMs = came.at(-1)?.timeMs ?? -Infinity;
    const isRecent = ({ timeMs }: { readonly timeMs: number }): boolean =>
      timeMs > lastMs - WINDOW_MS;
    const saidBefore = (leadMs: number): SaidAhead['said'] =>
      former?.ahead.find((one) => one.leadMs === leadMs)?.said ?? [];
    this.#known.set(server, {
      stepMs,
      came: [...(former?.came ?? []), ...came].filter(isRecent),
      ahead: ahead.map(({ leadMs, said }) => ({
        leadMs,
        said: [...saidBefore(leadMs), ...said].filter(isRecent),
      })),
    });
    // Servers that are no more are forgotten.
    for (const [id, known] of this.#known) {
      if ((known.came.at(-1)?.timeMs ?? -Infinity) <= lastMs - WINDOW_MS) this.#known.delete(id);
    }
  }

  /** Sums over the servers. */
  summary(): Pick<BreachSummary, 'called' | 'missed' | 'false'> {
    const sums = { called: 0, missed: 0, false: 0 };
    for (const known of this.#known.values()) {
      const one = breachesOf({ ...known, limit: LIMIT });
      sums.called += one.called;
      sums.missed += one.missed;
      sums.false += one.false;
    }
    return sums;
  }
}

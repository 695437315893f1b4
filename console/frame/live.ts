import type { Problem } from './answers.js';
import type { Ask, Told } from './sight.js';

/** What it is made of: the world outside it. */
export interface LiveParts {
  /** The text of an answer; throws what `problemIn` understands. */
  readonly ask: (path: string) => Promise<string>;
  readonly problemIn: (error: unknown) => Problem;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** Returns the end of it. */
  readonly after: (ms: number, run: () => void) => () => void;
  /** Something is to be shown anew. */
  readonly onChange: () => void;
}

interface Known {
  text: string | undefined;
  value: unknown;
  problem: Problem | undefined;
  answeredAtMs: number;
  isAsked: boolean;
}

/** Without any news an answer is asked for again after so many of its rests. */
const RESTS_MAX = 4;
const KNOWN_MAX = 60;

/**
 * Keeps what a page reads up to date with as few questions as can be: each is asked again when the API has news, but not before its
 * rest is over; of what no page shows nothing is asked.
 */
export class Live {
  readonly #parts: LiveParts;
  readonly #known = new Map<string, Known>();
  #asks: readonly Ask[] = [];
  #newsAtMs = -Infinity;
  #isHidden = false;
  #isEnded = false;
  #cancel: (() => void) | undefined;
  #fault: Problem | undefined;

  constructor(parts: LiveParts) {
    this.#parts = parts;
  }

  /** Why what is shown may be old; undefined: it is not. */
  get fault(): Problem | undefined {
    return this.#fault;
  }

  read<Answer>(path: string): Told<Answer> {
    return this.#known.get(path)?.value as Told<Answer>;
  }

  /** The newest answer of all whose questions begin so. */
  readLike<Answer>(prefix: string): Told<Answer> {
    let newest: Known | undefined;
    for (const [path, known] of this.#known) {
      if (!path.startsWith(prefix) || known.value === undefined) continue;
      if (newest === undefined || known.answeredAtMs > newest.answeredAtMs) newest = known;
    }
    return newest?.value as Told<Answer>;
  }

  problemOf(path: string): Problem | undefined {
    return this.#known.get(path)?.problem;
  }

  /** From now on these questions are to be answered. */
  follow(asks: readonly Ask[]): void {
    this.#asks = asks;
    this.#look();
  }

  /** The API has news, of whatever kind. */
  news(): void {
    this.#newsAtMs = this.#parts.nowMs();
    this.#look();
  }

  /** Something was changed here: everything is asked for at once. */
  renew(): void {
    for (const known of this.#known.values()) known.answeredAtMs = -Infinity;
    this.#look();
  }

  /** Nobody sees it: nothing is asked. */
  hide(isHidden: boolean): void {
    this.#isHidden = isHidden;
    if (!isHidden) this.news();
  }

  /** Nothing is asked any more, and nothing is known. */
  end(): void {
    this.#isEnded = true;
    this.#cancel?.();
    this.#known.clear();
  }

  #look(): void {
    this.#cancel?.();
    if (this.#isHidden || this.#isEnded) return;
    const nowMs = this.#parts.nowMs();
    let nextMs = Infinity;
    for (const { path, restMs } of this.#asks) {
      const dueMs = this.#dueMs(path, restMs);
      if (dueMs <= nowMs) void this.#ask(path);
      else nextMs = Math.min(nextMs, dueMs);
    }
    if (nextMs === Infinity) return;
    this.#cancel = this.#parts.after(nextMs - nowMs, () => {
      this.#look();
    });
  }

  #dueMs(path: string, restMs: number): number {
    const known = this.#known.get(path);
    if (known === undefined) return -Infinity;
    if (known.isAsked) return Infinity;
    const hasNews = this.#newsAtMs > known.answeredAtMs;
    return known.answeredAtMs + restMs * (hasNews || known.problem !== undefined ? 1 : RESTS_MAX);
  }

  async #ask(path: string): Promise<void> {
    const { ask, nowMs, onChange, problemIn } = this.#parts;
    const known = this.#knownOf(path);
    known.isAsked = true;
    const askedAtMs = nowMs();
    try {
      const text = await ask(path);
      const isNew = text !== known.text || known.problem !== undefined || this.#fault !== undefined;
      if (text !== known.text) known.value = JSON.parse(text) as unknown;
      known.text = text;
      known.problem = undefined;
      this.#fault = undefined;
      if (isNew && !this.#isEnded) onChange();
    } catch (error) {
      this.#refused(known, problemIn(error));
      if (!this.#isEnded) onChange();
    } finally {
      known.isAsked = false;
      // News that came while it was asked may not be in the answer.
      known.answeredAtMs = askedAtMs;
      this.#look();
    }
  }

  /** What does not answer leaves what was known before; what is refused does not. */
  #refused(known: Known, problem: Problem): void {
    const isAway = problem.status === 0 || problem.status >= 500;
    if (isAway) this.#fault = problem;
    if (isAway && known.value !== undefined) return;
    known.problem = problem;
    known.value = undefined;
    known.text = undefined;
  }

  #knownOf(path: string): Known {
    const found = this.#known.get(path);
    const known: Known = found ?? {
      text: undefined,
      value: undefined,
      problem: undefined,
      answeredAtMs: -Infinity,
      isAsked: false,
    };
    // The latest asked stand last.
    this.#known.delete(path);
    this.#known.set(path, known);
    for (const [oldest, { isAsked }] of this.#known) {
      if (this.#known.size <= KNOWN_MAX) break;
      if (!isAsked) this.#known.delete(oldest);
    }
    return known;
  }
}

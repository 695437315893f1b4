import type { Clock } from './clock/port.js';
import type { ErrorCode } from './errors.js';
import { codeOf } from './errors.js';
import type { MetricSource } from './metrics.js';
import { clip, messageOf } from './text.js';

/** What a call of an engine does, if it is carried out. */
export type Effect = 'reads' | 'writes';

/** What keeps an engine from its work. */
export interface EngineFault {
  /** Wall clock: of the first call that failed since one of its kind was answered. */
  readonly sinceMs: number;
  /** Of the latest that failed. */
  readonly atMs: number;
  readonly code: string;
  readonly message: string;
}

/** Whoever rests on something outside this process says how that fares. */
export interface Watched {
  readonly health: EngineHealth;
}

/** Those on which a process rests: more as it begins to work. */
export interface WatchedEngines {
  readonly health: readonly EngineHealth[];
}

/** It is not there, or not yet: of that any answer is the end. */
const AWAY: ReadonlySet<string> = new Set<ErrorCode>([
  'ERR_REDIS_UNREACHABLE',
  'ERR_REDIS_LOADING',
]);
/** Ends of calls that are told apart; a code of ours is one, too. */
const DONE = 'done';

/**
 * How an engine outside this process fares, as its own calls find out: reads and writes apart, since one that is full, or a
 * replica, still reads.
 */
export class EngineHealth {
  /** `table store in Redis`. */
  readonly name: string;
  readonly #clock: Clock;
  readonly #ends = new Map<string, number>();
  readonly #faults = new Map<Effect, EngineFault>();
  /** Faults that the last answer ended. */
  readonly #ended = new Map<Effect, EngineFault>();
  #connectionsLost = 0;

  constructor(name: string, clock: Clock) {
    this.name = name;
    this.#clock = clock;
  }

  /** The one that has lasted longest; undefined: all is well, as far as is known. */
  get fault(): EngineFault | undefined {
    return [...this.#faults.values()].sort((a, b) => a.sinceMs - b.sinceMs)[0];
  }

  /** True: whether it is there again shows only if it is asked. */
  get isAway(): boolean {
    return [...this.#faults.values()].some(({ code }) => AWAY.has(code));
  }

  get connectionsLost(): number {
    return this.#connectionsLost;
  }

  answered(effect: Effect): void {
    this.#count(effect, DONE);
    const fault = this.#faults.get(effect);
    this.#faults.delete(effect);
    if (fault === undefined) this.#ended.delete(effect);
    else this.#ended.set(effect, fault);
    // It is there again; what it refuses it may still refuse.
    for (const [other, { code }] of this.#faults) {
      if (AWAY.has(code)) this.#faults.delete(other);
    }
  }

  /** @param error as the engine throws it: its cause says why */
  failed(effect: Effect, error: unknown, end?: string): void {
    this.#fail(effect, error, { end, former: this.#faults.get(effect) });
  }

  /** Of a call that was `answered` just now, with something that nobody can read. */
  unreadable(effect: Effect, error: unknown): void {
    this.#fail(effect, error, { former: this.#ended.get(effect) });
  }

  connectionLost(): void {
    this.#connectionsLost += 1;
  }

  /** Ends of calls so far: `reads done`, `writes ERR_REDIS_FULL`. */
  get ends(): ReadonlyMap<string, number> {
    return this.#ends;
  }

  #fail(
    effect: Effect,
    error: unknown,
    {
      end,
      former,
    }: { readonly end?: string | undefined; readonly former: EngineFault | undefined },
  ): void {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    const code = codeOf(cause) ?? codeOf(error) ?? 'failed';
    this.#count(effect, end ?? code);
    const atMs = this.#clock.realtimeMs();
    const message = clip(messageOf(cause));
    this.#faults.set(effect, { sinceMs: former?.sinceMs ?? atMs, atMs, code, message });
  }

  #count(effect: Effect, end: string): void {
    const key = `${effect} ${end}`;
    this.#ends.set(key, (this.#ends.get(key) ?? 0) + 1);
  }
}

/** What a process shows of the engines that it rests on. */
export function engineMetrics(engines: WatchedEngines, clock: Clock): MetricSource[] {
  return [
    {
      name: 'foreshift_engine_up',
      help: '1: the last calls of the engine were answered; 0: it is away, or refuses.',
      kind: 'gauge',
      labels: ['engine'],
      read: () =>
        engines.health.map(({ name, fault }) => ({
          labels: { engine: name },
          value: fault === undefined ? 1 : 0,
        })),
    },
    {
      name: 'foreshift_engine_away_seconds',
      help: 'For how long it has been so; 0: it is not away.',
      kind: 'gauge',
      labels: ['engine'],
      read: () =>
        engines.health.map(({ name, fault }) => ({
          labels: { engine: name },
          value: fault === undefined ? 0 : Math.max(0, clock.realtimeMs() - fault.sinceMs) / 1000,
        })),
    },
    {
      name: 'foreshift_engine_calls_total',
      help: 'Calls of the engine by how they ended: done, timed-out, or the code of the error.',
      kind: 'counter',
      labels: ['engine', 'effect', 'end'],
      read: () =>
        engines.health.flatMap(({ name, ends }) =>
          [...ends].map(([key, value]) => {
            const [effect = '', end = ''] = key.split(' ');
            return { labels: { engine: name, effect, end }, value };
          }),
        ),
    },
    {
      name: 'foreshift_engine_connections_lost_total',
      help: 'Connections to the engine that were lost.',
      kind: 'counter',
      labels: ['engine'],
      read: () =>
        engines.health.map(({ name, connectionsLost }) => ({
          labels: { engine: name },
          value: connectionsLost,
        })),
    },
  ];
}

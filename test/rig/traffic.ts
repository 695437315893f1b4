import { Pool } from 'undici';
import { SystemClock } from '../../core/clock/system.js';
import type { Rng } from '../../core/rng.js';
import { chance, integerBelow, pick } from '../../core/rng.js';

/** What a client was told of its request. */
export type Told =
  /** Its own answer. */
  | 'answered'
  /** Another request's answer. */
  | 'foreign'
  /** An error that says that no server ran it. */
  | 'not-executed'
  /** An error that says that a server may have run it. */
  | 'unknown'
  /** An error that says nothing of it. */
  | 'silent'
  /** Nothing: its connection broke. */
  | 'broken';

export interface Entry {
  readonly id: string;
  readonly resource: string;
  readonly isIdempotent: boolean;
  readonly told: Told;
  readonly status: number;
}

export interface TrafficOptions {
  /** Ports of redirectors, each with so many clients. */
  readonly ports: readonly number[];
  readonly clientsEach: number;
  readonly resources: readonly string[];
  /** Between an answer and the next request of a client. */
  readonly pauseMs: number;
}

/** Clients that ask for one resource after the other, and write down what they are told. */
export class Traffic {
  readonly ledger: Entry[] = [];
  readonly #options: TrafficOptions;
  readonly #rng: Rng;
  readonly #clock = new SystemClock();
  readonly #pools: Pool[];
  readonly #running: Promise<unknown>;
  /** Names this traffic: its ids are like no other's. */
  readonly #name: string;
  #number = 0;
  #isOver = false;

  constructor(name: string, options: TrafficOptions, rng: Rng) {
    this.#name = name;
    this.#options = options;
    this.#rng = rng;
    this.#pools = options.ports.map(
      (port) =>
        new Pool(`http://127.0.0.1:${port}`, {
          connections: options.clientsEach,
          headersTimeout: 60_000,
          bodyTimeout: 60_000,
        }),
    );
    this.#running = Promise.all(
      this.#pools.flatMap((pool) =>
        Array.from({ length: options.clientsEach }, () => this.#client(pool)),
      ),
    );
  }

  /** Resolves when every request has its end. */
  async stop(): Promise<readonly Entry[]> {
    this.#isOver = true;
    await this.#running;
    for (const pool of this.#pools) await pool.close();
    return this.ledger;
  }

  async #client(pool: Pool): Promise<void> {
    while (!this.#isOver) {
      await this.#ask(pool);
      if (this.#options.pauseMs > 0) await this.#clock.sleep(this.#options.pauseMs);
    }
  }

  async #ask(pool: Pool): Promise<void> {
    const id = `${this.#name}-${++this.#number}`;
    const resource = pick(this.#rng, this.#options.resources);
    const isIdempotent = chance(this.#rng, 0.5);
    const body = isIdempotent ? null : 'x'.repeat(integerBelow(this.#rng, 100));
    const note = (told: Told, status: number): void => {
      this.ledger.push({ id, resource, isIdempotent, told, status });
    };
    try {
      const answer = await pool.request({
        path: `/${resource}/x`,
        method: isIdempotent ? 'GET' : 'POST',
        headers: { 'x-id': id },
        body,
      });
      const text = await answer.body.text();
      note(toldBy(answer.statusCode, answer.headers, text === id), answer.statusCode);
    } catch {
      note('broken', 0);
      // Its redirector is not there: it need not be asked ten thousand times.
      await this.#clock.sleep(20);
    }
  }
}

function toldBy(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  isOwn: boolean,
): Told {
  if (status === 200) return isOwn ? 'answered' : 'foreign';
  const executed = headers['foreshift-executed'];
  if (executed === 'no') return 'not-executed';
  return executed === 'unknown' ? 'unknown' : 'silent';
}

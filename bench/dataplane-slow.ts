import { execFileSync } from 'node:child_process';
import { Child } from '../demo/child.js';
import { percentile } from '../replay/rules/percentile.js';
import type { Contestant } from './dataplane-contestants.js';
import { median } from './dataplane-goals.js';
import { FixedRate } from './dataplane-load.js';
import type { SlowArguments, SlowOpen } from './dataplane-messages.js';

/* Good clients beside as many slow and idle ones as a listener takes. */

export const SLOW_EACH = 4900;
/** So many drip to the end at least: a proxy that turns them away for good is no measure. */
const DRIPPING_LEAST = 3000;
const RATE = 800;
const PATHS = Array.from({ length: 32 }, (_, at) => `/vol-${at}/1k`);
/** Until a proxy has let go of those that went. */
const PAUSE_MS = 500;

export interface SlowOptions {
  /** The core of those clients; undefined: wherever there is room. */
  readonly core: number | undefined;
  readonly rounds: number;
  /** Of each of the two measurements of a round. */
  readonly seconds: number;
}

/** Medians of the p99 of good clients, ms; the ratio is that of a round. */
export interface BesideSlow {
  readonly withoutMs: number;
  readonly withMs: number;
  readonly ratio: number;
}

/** @throws if a good client was not served, or the slow ones were not there */
export async function besideSlowClients(
  { name, port }: Contestant,
  { core, rounds, seconds }: SlowOptions,
): Promise<BesideSlow> {
  const p99 = async (): Promise<number> => {
    const load = await FixedRate.open(port, PATHS.length, PATHS);
    await load.run(RATE, seconds);
    load.close();
    if (load.failed > 0) throw new Error(`${name}: ${load.failed} failed`);
    return percentile(
      load.timed.map(({ tookMs }) => tookMs),
      0.99,
    );
  };
  // The first one warms up.
  await p99();
  const without: number[] = [];
  const beside: number[] = [];
  for (let at = 0; at < rounds; at++) {
    without.push(await p99());
    const slow = await SlowClients.start(port, core);
    try {
      beside.push(await p99());
      const dripping = await slow.dripping();
      if (dripping < DRIPPING_LEAST) throw new Error(`${name}: only ${dripping} drip`);
    } finally {
      await slow.end();
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return {
    withoutMs: median(without),
    withMs: median(beside),
    ratio: median(beside.map((ms, at) => ms / (without[at] ?? NaN))),
  };
}

/** In a process of their own. */
class SlowClients {
  readonly #child: Child<SlowOpen>;

  private constructor(child: Child<SlowOpen>) {
    this.#child = child;
  }

  /** Resolves when all are there. */
  static async start(port: number, core: number | undefined): Promise<SlowClients> {
    const given: SlowArguments = { port, dripping: SLOW_EACH, idle: SLOW_EACH };
    const module = new URL('./dataplane-slow-process.js', import.meta.url);
    const child = new Child<SlowOpen>(module, [JSON.stringify(given)]);
    if (core !== undefined) {
      execFileSync('taskset', ['-a', '-c', '-p', String(core), String(child.pid)]);
    }
    const clients = new SlowClients(child);
    await clients.#said();
    return clients;
  }

  async dripping(): Promise<number> {
    const said = this.#said();
    this.#child.tell('count');
    return (await said).dripping;
  }

  end(): Promise<void> {
    return this.#child.end();
  }

  #said(): Promise<SlowOpen> {
    return this.#child.hear((said): said is SlowOpen => 'dripping' in said);
  }
}

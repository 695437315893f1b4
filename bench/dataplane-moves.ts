import { percentile } from '../replay/rules/percentile.js';
import type { Moved } from './dataplane-messages.js';
import type { Contestant, StartOptions } from './dataplane-contestants.js';
import { keepTo, startContestant } from './dataplane-contestants.js';
import { SlowBackend } from './dataplane-backend.js';
import type { Figures } from './dataplane-goals.js';
import { median } from './dataplane-goals.js';
import type { LoadOptions, Timed } from './dataplane-load.js';
import { FixedRate, wrkLoad } from './dataplane-load.js';

/* Resources that move under load: what a switch costs the loop, those that move, and those that do not. */

const RATE = 800;
const PAUSE_MS = 250;
/** What arrives so long after a switch is still charged to it. */
const AFTER_MS = 20;
/**
 * So many have a p99 of their own, which is of about nine requests; the median of these is the figure. In the p99 of all, a machine that
 * stops twice for 80 ms in 189 switches is all there is to see.
 */
const SWITCHES_A_ROUND = 21;
/** What a switch is compared with ends so long before it: no request is under way in both, unless one of them stalls. */
const APART_MS = 30;

/**
 * @param rounds switches of each size. Resources that move are requested by wrk, those that do not at a fixed rate, all from servers
 * that take 2 to 20 ms.
 */
export async function movesUnderLoad(
  options: Omit<StartOptions, 'backends'>,
  load: Pick<LoadOptions, 'core' | 'folder'>,
  rounds: number,
): Promise<{
  readonly figures: Figures;
  /** The next table from the one before, by how many change. */
  readonly makingMs: Readonly<Record<number, number>>;
  /** Of what does not move, ms, by the same. */
  readonly steady: Readonly<Record<number, Steady>>;
  readonly failed: number;
}> {
  // The servers and the clients at a fixed rate are in this process: the proxy has its core for itself.
  if (load.core !== undefined) keepTo(load.core);
  const backends = [await SlowBackend.start(), await SlowBackend.start()];
  const ports = backends.map(({ port }) => port);
  const ours = await startContestant('ours', { ...options, backends: ports });
  const figures: Record<string, number> = {};
  const beyondMs: number[] = [];
  const makingMs: Record<number, number> = {};
  const steady: Record<number, Steady> = {};
  let failed = 0;
  for (const count of [1, 100, 10_000]) {
    // Work on the loop without any that waits: what is released would be charged to the switch.
    const idle: Moved[] = [];
    for (let done = 0; done < rounds; done++) {
      idle.push((await ours.ask?.({ do: 'move', count })) as Moved);
    }
    figures[`b1-${count}`] = median(idle.map(({ workMs }) => workMs));
    const one = await switches(ours, { count, rounds, resources: options.resources, load });
    makingMs[count] = median(one.moved.map((moved) => moved.makingMs));
    steady[count] = one.steady;
    figures[`b3-${count}`] = one.ratio;
    beyondMs.push(...one.moved.map((moved) => moved.beyondMs));
    failed += one.failed;
  }
  figures.b2 = percentile(beyondMs, 0.99);
  await ours.dispose();
  for (const backend of backends) backend.dispose();
  if (load.core !== undefined) keepTo(undefined);
  return { figures, makingMs, steady, failed };
}

interface SwitchesOptions {
  readonly count: number;
  readonly rounds: number;
  readonly resources: number;
  readonly load: Pick<LoadOptions, 'core' | 'folder'>;
}

async function switches(ours: Contestant, { count, rounds, resources, load }: SwitchesOptions) {
  const seconds = Math.ceil((rounds * (PAUSE_MS + 60)) / 1000) + 2;
  // The first ones stay; the last ones move.
  const staying = Array.from({ length: 64 }, (_, at) => `/vol-${at}/x`);
  const rate = await FixedRate.open(ours.port, 64, staying);
  const moving = wrkLoad({
    ...load,
    ...{ port: ours.port, connections: 32, seconds, file: 'x' },
    ...{ resources: Math.min(count, 1000), first: resources - Math.min(count, 1000) },
  });
  const running = rate.run(RATE, seconds);
  await pause(1000);
  const moved: Moved[] = [];
  const windows: Window[] = [];
  for (let done = 0; done < rounds; done++) {
    await pause(PAUSE_MS);
    const startMs = performance.now();
    moved.push((await ours.ask?.({ do: 'move', count })) as Moved);
    windows.push([startMs, performance.now() + AFTER_MS]);
  }
  await running;
  const { failed } = await moving;
  rate.close();
  return {
    moved,
    steady: steadyOf(rate.timed, windows),
    ratio: median(
      roundsOf(windows).map((round) => {
        const { before, during } = steadyOf(rate.timed, round, windows);
        return during.p99 / before.p99;
      }),
    ),
    failed: failed + rate.failed,
  };
}

/** The last one has what is left over. */
function roundsOf(windows: readonly Window[]): (readonly Window[])[] {
  const count = Math.max(1, Math.floor(windows.length / SWITCHES_A_ROUND));
  return Array.from({ length: count }, (_, at) =>
    windows.slice(
      at * SWITCHES_A_ROUND,
      at === count - 1 ? windows.length : (at + 1) * SWITCHES_A_ROUND,
    ),
  );
}

/** In ms of the bench's clock. */
type Window = readonly [from: number, to: number];

interface Times {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** Requests to what does not move. */
export interface Steady {
  readonly before: Times;
  readonly during: Times;
}

/**
 * All that were under way in one of the windows, and all in others of the same length just before: a longer request meets a window
 * sooner, and whatever else goes on on the machine for a while is then in both. What reaches into any switch, of `all`, is not before one.
 */
function steadyOf(
  timed: readonly Timed[],
  windows: readonly Window[],
  all: readonly Window[] = windows,
): Steady {
  const earlier = windows.map(([from, to]): Window => {
    const end = from - APART_MS;
    return [end - (to - from), end];
  });
  const within = (of: readonly Window[]) => (one: Timed) =>
    of.some(([from, to]) => one.atMs + one.tookMs >= from && one.atMs <= to);
  const during = timed.filter(within(windows));
  const isIn = within(all);
  const before = timed.filter(within(earlier)).filter((one) => !isIn(one));
  return { before: timesOf(before), during: timesOf(during) };
}

function timesOf(timed: readonly Timed[]): Times {
  const tookMs = timed.map((one) => one.tookMs);
  return {
    count: timed.length,
    p50: percentile(tookMs, 0.5),
    p90: percentile(tookMs, 0.9),
    p99: percentile(tookMs, 0.99),
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

import { percentile } from '../replay/rules/percentile.js';
import type { Moved } from './dataplane-messages.js';
import type { Contestant, StartOptions } from './dataplane-contestants.js';
import { startContestant } from './dataplane-contestants.js';
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
  readonly failed: number;
}> {
  const backends = [await SlowBackend.start(), await SlowBackend.start()];
  const ports = backends.map(({ port }) => port);
  const ours = await startContestant('ours', { ...options, backends: ports });
  const figures: Record<string, number> = {};
  const beyondMs: number[] = [];
  const makingMs: Record<number, number> = {};
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
    figures[`b3-${count}`] = one.ratio;
    beyondMs.push(...one.moved.map((moved) => moved.beyondMs));
    failed += one.failed;
  }
  figures.b2 = percentile(beyondMs, 0.99);
  await ours.dispose();
  for (const backend of backends) backend.dispose();
  return { figures, makingMs, failed };
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
  const steady = rate.run(RATE, seconds);
  await pause(1000);
  const moved: Moved[] = [];
  const windows: (readonly [number, number])[] = [];
  for (let done = 0; done < rounds; done++) {
    await pause(PAUSE_MS);
    const startMs = performance.now();
    moved.push((await ours.ask?.({ do: 'move', count })) as Moved);
    windows.push([startMs, performance.now() + AFTER_MS]);
  }
  await steady;
  const { failed } = await moving;
  rate.close();
  const isIn = ({ atMs, tookMs }: Timed): boolean =>
    windows.some(([from, to]) => atMs + tookMs >= from && atMs <= to);
  const during = rate.timed.filter(isIn).map(({ tookMs }) => tookMs);
  const before = rate.timed.filter((one) => !isIn(one)).map(({ tookMs }) => tookMs);
  return {
    moved,
    ratio: percentile(during, 0.99) / percentile(before, 0.99),
    failed: failed + rate.failed,
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

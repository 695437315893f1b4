import type { StartOptions } from './dataplane-contestants.js';
import { startContestant } from './dataplane-contestants.js';
import { SlowBackend } from './dataplane-backend.js';
import type { Figures } from './dataplane-goals.js';
import { median } from './dataplane-goals.js';
import type { LoadOptions } from './dataplane-load.js';
import { wrkLoad } from './dataplane-load.js';
import { MappedHaproxy } from './dataplane-mapped-haproxy.js';
import type { Moved } from './dataplane-messages.js';

/* A whole plan under load, beside what HAProxy's admin socket takes for it. */

const MOVES = 10_000;
const REQUESTED = 1000;
/** Load before a plan begins, and how long it goes on: the slowest way takes longer, and then has an easier end. */
const BEFORE_MS = 1000;
const LOAD_SECONDS = 4;
/** Of each way, not counted: like other rows, this one tells of proxies that have run for a while. */
const WARM_ROUNDS = 3;

export interface PlanTimes {
  readonly figures: Figures;
  /** Medians, ms. */
  readonly ms: { readonly ours: number; readonly hold: number; readonly setMap: number };
  /** Of ours, the first in its process. */
  readonly coldMs: number;
  readonly failed: number;
}

/**
 * 10,000 resources of 10,000 move, there and back, while 64 connections ask for them: ours from the making of the table to the
 * resume; HAProxy's map entry by entry; HAProxy's map as one change with a hold in Lua.
 */
export async function planUnderLoad(
  options: Omit<StartOptions, 'backends'>,
  load: Pick<LoadOptions, 'core' | 'folder'>,
  rounds: number,
): Promise<PlanTimes> {
  const backends = [await SlowBackend.start(), await SlowBackend.start()];
  const ports = backends.map(({ port }) => port);
  const ours = await startContestant('ours', { ...options, backends: ports, resources: MOVES });
  const haproxy = await MappedHaproxy.start(ports, MOVES, options.core);
  let failed = 0;
  const under = async (port: number, act: () => Promise<number>): Promise<number> => {
    const running = wrkLoad({
      ...load,
      ...{ port, connections: 64, seconds: LOAD_SECONDS, file: 'x', resources: REQUESTED },
    });
    await new Promise((resolve) => setTimeout(resolve, BEFORE_MS));
    const tookMs = await act();
    failed += (await running).failed;
    return tookMs;
  };
  const oneOfEach = async () => ({
    ours: await under(ours.port, async () => {
      const { makingMs, wholeMs } = (await ours.ask?.({ do: 'move', count: MOVES })) as Moved;
      return makingMs + wholeMs;
    }),
    hold: await under(haproxy.port, () => haproxy.hold(MOVES, 's1')),
    setMap: await under(haproxy.port, () => haproxy.setMap(MOVES, 's0')),
  });
  const times: Awaited<ReturnType<typeof oneOfEach>>[] = [];
  let coldMs = NaN;
  try {
    coldMs = (await oneOfEach()).ours;
    for (let round = 1; round < WARM_ROUNDS; round++) await oneOfEach();
    for (let round = 0; round < rounds; round++) times.push(await oneOfEach());
  } finally {
    await ours.dispose();
    await haproxy.dispose();
    for (const backend of backends) backend.dispose();
  }
  return {
    figures: {
      'b4-map': median(times.map((each) => each.ours / each.setMap)),
      'b4-hold': median(times.map((each) => each.ours / each.hold)),
    },
    ms: {
      ours: median(times.map((each) => each.ours)),
      hold: median(times.map((each) => each.hold)),
      setMap: median(times.map((each) => each.setMap)),
    },
    coldMs,
    failed,
  };
}

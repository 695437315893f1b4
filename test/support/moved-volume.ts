import type { SimulatedClock } from '../../core/clock/simulated.js';
import type { LocalDataPlane } from '../../redirector/local-data-plane.js';
import { g, r, s, tableOf } from './names.js';
import { stepUntil } from './step-until.js';

/** Far beyond every limit of a drain. */
const WITHIN_MS = 30_000;

/** Of a redirector on simulated time. */
interface Moving {
  readonly clock: SimulatedClock;
  readonly dataPlane: LocalDataPlane;
}

export interface VolumeMove {
  readonly source: 's1' | 's2';
  readonly target: 's1' | 's2';
  /** The source is. */
  readonly isLost?: boolean;
  /** Of the generation that gives it to the target. */
  readonly epoch?: string;
}

/**
 * `vol-1` from one server to the other, as a coordinator does it; what is in its way is returned, and then it stays. `others`: the
 * rows that the table has beside it.
 */
export async function movedVolume(
  { clock, dataPlane }: Moving,
  { source, target, isLost = false, epoch = '1.2' }: VolumeMove,
  others: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const move = { resource: r('vol-1'), source: s(source), target: s(target) };
  const batch = { generation: g(epoch), moves: [move], lost: isLost ? [s(source)] : [] };
  const { signal } = new AbortController();
  await dataPlane.hold(batch);
  const obstacles = await stepUntil(clock, dataPlane.drain(batch, signal), WITHIN_MS);
  const refusals =
    obstacles.length > 0 ? [] : await stepUntil(clock, dataPlane.attach(batch, signal), WITHIN_MS);
  const why = [...obstacles.map(({ what }) => what), ...refusals.map((each) => each.why)];
  if (why.length === 0) {
    dataPlane.apply(tableOf({ 'vol-1': `${target}@${epoch}`, ...others }, `${epoch}000`));
  }
  dataPlane.resume(batch, why.length === 0);
  return why;
}

import type { SimulatedClock } from '../../core/clock/simulated.js';
import type { ServerId } from '../../core/domain.js';
import type { SwitchMove } from '../../redirector/data-plane.js';
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
export function movedVolume(
  moving: Moving,
  { source, target, isLost = false, epoch = '1.2' }: VolumeMove,
  others: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  return movedTogether(moving, {
    moves: [{ resource: r('vol-1'), source: s(source), target: s(target) }],
    ...{ lost: isLost ? [s(source)] : [], epoch, others },
  });
}

/** The same of several resources that are switched as one. */
export async function movedTogether(
  { clock, dataPlane }: Moving,
  of: {
    readonly moves: readonly SwitchMove[];
    readonly lost?: readonly ServerId[];
    readonly epoch: string;
    readonly others?: Readonly<Record<string, string>>;
  },
): Promise<readonly string[]> {
  const { moves, lost = [], epoch, others = {} } = of;
  const batch = { generation: g(epoch), moves, lost };
  const { signal } = new AbortController();
  await dataPlane.hold(batch);
  const obstacles = await stepUntil(clock, dataPlane.drain(batch, signal), WITHIN_MS);
  const refusals =
    obstacles.length > 0 ? [] : await stepUntil(clock, dataPlane.attach(batch, signal), WITHIN_MS);
  const why = [...obstacles.map(({ what }) => what), ...refusals.map((each) => each.why)];
  if (why.length === 0) {
    const rows = { ...others };
    for (const { resource, target } of moves) rows[resource] = `${target}@${epoch}`;
    dataPlane.apply(tableOf(rows, `${epoch}000`));
  }
  dataPlane.resume(batch, why.length === 0);
  return why;
}

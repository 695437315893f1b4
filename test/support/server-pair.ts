import type { ResourceId, ServerId } from '../../core/domain.js';
import { Draft } from '../../core/table-store/draft.js';
import { SERVER } from '../../core/table-store/records/server.js';
import { PLACEMENT } from '../../core/table-store/records/table.js';
import type { TestCluster } from './cluster.js';

/* A cluster of two real servers, `s1` and `s2`, between which `vol-1` goes to and fro. */

const PAIR = ['s1', 's2'] as const;
export type PairName = (typeof PAIR)[number];

/** With an agent beside each, and a redirector; `vol-1` is at `s1` then. */
export async function startPair(
  cluster: TestCluster,
  serverOf: (
    name: PairName,
  ) => Pick<Parameters<TestCluster['addForeignServer']>[0], 'port' | 'attachments'>,
): Promise<void> {
  await cluster.start();
  for (const name of PAIR) {
    await cluster.addForeignServer({
      ...{ name, resources: ['vol-1'], fence: 'attachment' },
      ...serverOf(name),
    });
  }
  await cluster.addRedirector('r1');
  await cluster.until('agents are known', () => cluster.view.all(SERVER).size === PAIR.length);
  const outcome = await cluster.switchTo([['vol-1', 's1']]);
  if (outcome !== 'applied') throw new Error(`vol-1 is not at s1: ${outcome}`);
}

/** Where `vol-1` is not. */
export function otherOf({ view }: TestCluster): PairName {
  return view.table.placementOf('vol-1' as ResourceId)?.server === 's1' ? 's2' : 's1';
}

/** From one to the other and back, until the work ends; how often. */
export async function movingWhile(
  cluster: TestCluster,
  work: Promise<unknown>,
  movesMin: number,
): Promise<number> {
  const progress = { isOver: false };
  const ended = work.finally(() => {
    progress.isOver = true;
  });
  let moves = 0;
  while (!progress.isOver || moves < movesMin) {
    const outcome = await cluster.switchTo([['vol-1', otherOf(cluster)]]);
    if (outcome !== 'applied') throw new Error(`move ${moves}: ${outcome}`);
    moves += 1;
  }
  await ended;
  return moves;
}

/** Where all that is in the table goes if its server is lost. */
export async function giveStandbys({ store, view }: TestCluster, standby: string): Promise<void> {
  const draft = new Draft();
  for (const [id, { value }] of view.all(PLACEMENT)) {
    draft
      .expect(view, PLACEMENT, id)
      .put(PLACEMENT, id, { ...value, standby: standby as ServerId });
  }
  const { committed } = await store.transact(draft.transaction);
  if (!committed) throw new Error('the table has changed');
  await view.sync();
}

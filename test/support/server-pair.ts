import type { ResourceId, ServerId } from '../../core/domain.js';
import { Draft } from '../../core/table-store/draft.js';
import { SERVER } from '../../core/table-store/records/server.js';
import { PLACEMENT } from '../../core/table-store/records/table.js';
import type { TestCluster } from './cluster.js';

/* A cluster of two real servers, `s1` and `s2`, between which `vol-1`, or others too, go to and fro. */

const PAIR = ['s1', 's2'] as const;
export type PairName = (typeof PAIR)[number];

/** With an agent beside each, and a redirector; all resources are at `s1` then. */
export async function startPair(
  cluster: TestCluster,
  serverOf: (
    name: PairName,
  ) => Pick<Parameters<TestCluster['addForeignServer']>[0], 'port' | 'attachments'>,
  resources: readonly string[] = ['vol-1'],
): Promise<void> {
  await cluster.start();
  for (const name of PAIR) {
    await cluster.addForeignServer({
      ...{ name, resources, fence: 'attachment' },
      ...serverOf(name),
    });
  }
  await cluster.addRedirector('r1');
  await cluster.until('agents are known', () => cluster.view.all(SERVER).size === PAIR.length);
  const outcome = await cluster.switchTo(resources.map((resource) => [resource, 's1'] as const));
  if (outcome !== 'applied') throw new Error(`${resources.join(', ')} not at s1: ${outcome}`);
}

/** Where it is not. */
export function otherOf({ view }: TestCluster, resource = 'vol-1'): PairName {
  return view.table.placementOf(resource as ResourceId)?.server === 's1' ? 's2' : 's1';
}

/** From one to the other and back, until the work ends; how often. `batchOf`: what moves as one then. */
export async function movingWhile(
  cluster: TestCluster,
  work: Promise<unknown>,
  movesMin: number,
  batchOf: (nth: number) => readonly string[] = () => ['vol-1'],
): Promise<number> {
  const progress = { isOver: false };
  const ended = work.finally(() => {
    progress.isOver = true;
  });
  let moves = 0;
  while (!progress.isOver || moves < movesMin) {
    await cluster.view.sync();
    const batch = batchOf(moves).map((each) => [each, otherOf(cluster, each)] as const);
    const outcome = await cluster.switchTo(batch);
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

import type { ResourceId, ServerId } from '../../core/domain.js';
import { Draft } from '../../core/table-store/draft.js';
import { SERVER } from '../../core/table-store/records/server.js';
import { stateOf } from '../../core/table-store/server-state.js';
import { PLACEMENT } from '../../core/table-store/records/table.js';
import type { TestCluster } from './cluster.js';

/* A cluster of two real servers, `s1` and `s2`, between which `vol-1`, or others too, go to and fro. */

const PAIR = ['s1', 's2'] as const;
export type PairName = (typeof PAIR)[number];

/** How a server of the pair is reached by its agent. */
export type ReachedBy = Pick<
  Parameters<TestCluster['addForeignServer']>[0],
  'port' | 'attachments'
>;

/** As a machine that loses its power, and gets it back. */
export interface Mortal {
  kill(): Promise<void>;
  /** On the same ports. */
  restart(): Promise<void>;
}

/** From when to when, by the clock of the day. */
export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** With an agent beside each, and a redirector; all resources are at `s1` then. */
export async function startPair(
  cluster: TestCluster,
  reachedBy: (name: PairName) => ReachedBy,
  resources: readonly string[] = ['vol-1'],
): Promise<void> {
  await cluster.start();
  for (const name of PAIR) await addAgent(cluster, name, reachedBy(name), resources);
  await cluster.addRedirector('r1');
  await cluster.until('agents are known', () => cluster.view.all(SERVER).size === PAIR.length);
  const outcome = await cluster.switchTo(resources.map((resource) => [resource, 's1'] as const));
  if (outcome !== 'applied') throw new Error(`${resources.join(', ')} not at s1: ${outcome}`);
}

async function addAgent(
  cluster: TestCluster,
  name: PairName,
  reachedBy: ReachedBy,
  resources: readonly string[] = ['vol-1'],
): Promise<void> {
  await cluster.addForeignServer({ ...{ name, resources, fence: 'attachment' }, ...reachedBy });
}

/** Where it is not. */
export function otherOf({ view }: TestCluster, resource = 'vol-1'): PairName {
  return view.table.placementOf(resource as ResourceId)?.server === 's1' ? 's2' : 's1';
}

/** From one to the other and back, until the work ends; when each of the moves was under way. `batchOf`: what moves as one then. */
export async function movingWhile(
  cluster: TestCluster,
  work: Promise<unknown>,
  movesMin: number,
  batchOf: (nth: number) => readonly string[] = () => ['vol-1'],
): Promise<readonly Span[]> {
  const progress = { isOver: false };
  const ended = work.finally(() => {
    progress.isOver = true;
  });
  const moves: Span[] = [];
  while (!progress.isOver || moves.length < movesMin) {
    await cluster.view.sync();
    const batch = batchOf(moves.length).map((each) => [each, otherOf(cluster, each)] as const);
    const fromMs = Date.now();
    const outcome = await cluster.switchTo(batch);
    if (outcome !== 'applied') throw new Error(`move ${moves.length}: ${outcome}`);
    moves.push({ fromMs, untilMs: Date.now() });
  }
  await ended;
  return moves;
}

/**
 * Whoever serves `vol-1` is killed with the agent beside it, and the other one takes over; then it comes back, for the next time.
 * From the kill to the table that names the other one.
 */
export async function failOver(
  cluster: TestCluster,
  servers: Readonly<Record<PairName, Mortal>>,
  reachedBy: (name: PairName) => ReachedBy,
): Promise<Span> {
  const next = otherOf(cluster);
  const lost = next === 's2' ? 's1' : 's2';
  await giveStandbys(cluster, next);
  const fromMs = Date.now();
  await Promise.all([servers[lost].kill(), cluster.servers.get(lost)?.stop()]);
  await cluster.until('the standby serves', () => otherOf(cluster) === lost, 30_000);
  const untilMs = Date.now();
  await servers[lost].restart();
  await addAgent(cluster, lost, reachedBy(lost));
  const isBack = (): boolean => stateOf(cluster.view, lost as ServerId) === 'ready';
  await cluster.until('it is back', isBack, 30_000);
  return { fromMs, untilMs };
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

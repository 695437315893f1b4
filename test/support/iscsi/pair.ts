import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResourceId, ServerId } from '../../../core/domain.js';
import { Draft } from '../../../core/table-store/draft.js';
import { SERVER } from '../../../core/table-store/records/server.js';
import { PLACEMENT } from '../../../core/table-store/records/table.js';
import { TestCluster } from '../cluster.js';
import { Tgt, madeImage } from '../tgt.js';
import { Initiator } from './initiator.js';

export const PAIR_TARGET = 'iqn.2026-01.test:vol';
const NAMES = ['s1', 's2'] as const;

/** Two real tgtd that show one image as LUN 1 of one target, each with an agent, behind a redirector. It is at `s1`. */
export class TgtPair {
  readonly folder: string;
  readonly image: string;
  readonly servers: Readonly<Record<'s1' | 's2', Tgt>>;
  readonly cluster: TestCluster;

  private constructor(folder: string, image: string, servers: readonly [Tgt, Tgt]) {
    this.folder = folder;
    this.image = image;
    const [s1, s2] = servers;
    this.servers = { s1, s2 };
    this.cluster = new TestCluster({
      iscsi: {
        targets: [
          {
            ...{ name: PAIR_TARGET, resource: 'vol-1' as ResourceId, serverName: PAIR_TARGET },
            ...{
              clients: undefined,
              initiators: undefined,
              chap: undefined,
              mutualChap: undefined,
            },
          },
        ],
      },
    });
  }

  static async start(bytes: number): Promise<TgtPair> {
    const folder = await mkdtemp(join(tmpdir(), 'foreshift-iscsi-'));
    const image = await madeImage(join(folder, 'image'), bytes);
    const targets = [{ name: PAIR_TARGET, units: [{ image }] }];
    const servers = await Promise.all([Tgt.start(targets), Tgt.start(targets)]);
    const pair = new TgtPair(folder, image, servers);
    const { cluster } = pair;
    await cluster.start();
    for (const name of NAMES) {
      const { port } = pair.servers[name].at;
      await cluster.addForeignServer({ name, resources: ['vol-1'], port, fence: 'attachment' });
    }
    await cluster.addRedirector('r1');
    await cluster.until('agents are known', () => cluster.view.all(SERVER).size === NAMES.length);
    const outcome = await cluster.switchTo([['vol-1', 's1']]);
    if (outcome !== 'applied') throw new Error(`vol-1 is not at s1: ${outcome}`);
    return pair;
  }

  get port(): number {
    return this.cluster.iscsiOf().addresses[0]?.port ?? 0;
  }

  /** As libiscsi and qemu name the unit at the redirector. */
  get url(): string {
    return `iscsi://127.0.0.1:${this.port}/${PAIR_TARGET}/1`;
  }

  async loggedIn(name: string): Promise<Initiator> {
    const at = { host: '127.0.0.1', port: this.port };
    const initiator = new Initiator(this.cluster.net, at, name);
    const status = await initiator.login(PAIR_TARGET);
    if (status !== 0) throw new Error(`login: ${String(status)}`);
    return initiator;
  }

  /** Where it is not. */
  get other(): 's1' | 's2' {
    const placement = this.cluster.view.table.placementOf('vol-1' as ResourceId);
    return placement?.server === 's1' ? 's2' : 's1';
  }

  /** From one to the other and back, until the work ends. How often. */
  async movingWhile(work: Promise<unknown>, movesMin: number): Promise<number> {
    const progress = { isOver: false };
    const ended = work.finally(() => (progress.isOver = true));
    let moves = 0;
    while (!progress.isOver || moves < movesMin) {
      const outcome = await this.cluster.switchTo([['vol-1', this.other]]);
      if (outcome !== 'applied') throw new Error(`move ${moves}: ${outcome}`);
      moves += 1;
    }
    await ended;
    return moves;
  }

  async giveStandby(): Promise<void> {
    const { store, view } = this.cluster;
    const draft = new Draft();
    for (const [id, { value }] of view.all(PLACEMENT)) {
      const standby = this.other as unknown as ServerId;
      draft.expect(view, PLACEMENT, id).put(PLACEMENT, id, { ...value, standby });
    }
    const { committed } = await store.transact(draft.transaction);
    if (!committed) throw new Error('the table has changed');
    await view.sync();
  }

  async stop(): Promise<void> {
    await this.cluster.stop();
    await Promise.all([this.servers.s1.dispose(), this.servers.s2.dispose()]);
    await rm(this.folder, { recursive: true, force: true });
  }
}

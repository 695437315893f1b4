import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResourceId } from '../../../core/domain.js';
import { TestCluster } from '../cluster.js';
import type { PairName } from '../server-pair.js';
import { startPair } from '../server-pair.js';
import { Tgt, madeImage } from '../tgt.js';
import { Initiator } from './initiator.js';

export const PAIR_TARGET = 'iqn.2026-01.test:vol';

/** Two real tgtd that show one image as LUN 1 of one target, each with an agent, behind a redirector. It is at `s1`. */
export class TgtPair {
  readonly folder: string;
  readonly image: string;
  readonly servers: Readonly<Record<PairName, Tgt>>;
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
    await startPair(pair.cluster, (name) => ({ port: pair.servers[name].at.port }));
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

  async stop(): Promise<void> {
    await this.cluster.stop();
    await Promise.all([this.servers.s1.dispose(), this.servers.s2.dispose()]);
    await rm(this.folder, { recursive: true, force: true });
  }
}

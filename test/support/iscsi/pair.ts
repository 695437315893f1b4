import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResourceId } from '../../../core/domain.js';
import type { LoginOf } from '../../../redirector/adapters/iscsi/iscsi-adapter.js';
import { TestCluster } from '../cluster.js';
import type { PairName } from '../server-pair.js';
import { startPair } from '../server-pair.js';
import type { TgtTarget } from '../tgt.js';
import { Tgt, madeImage } from '../tgt.js';
import { Initiator } from './initiator.js';

export const PAIR_TARGET = 'iqn.2026-01.test:vol';

export interface TgtPairOptions {
  /** Who must prove what at each; left out: nobody. */
  readonly accounts?: Readonly<Record<PairName, Pick<TgtTarget, 'account' | 'ownAccount'>>>;
  readonly loginOf?: LoginOf;
  /** By which port of loopback the redirector reaches a server; left out: by its own. */
  readonly portTo?: (server: PairName, port: number) => Promise<number>;
}

/** Two real tgtd that show one image as LUN 1 of one target, each with an agent, behind a redirector. It is at `s1`. */
export class TgtPair {
  readonly folder: string;
  readonly image: string;
  readonly servers: Readonly<Record<PairName, Tgt>>;
  readonly cluster: TestCluster;

  private constructor(
    folder: string,
    image: string,
    servers: readonly [Tgt, Tgt],
    { loginOf }: TgtPairOptions,
  ) {
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
        ...(loginOf && { loginOf }),
      },
    });
  }

  static async start(bytes: number, options: TgtPairOptions = {}): Promise<TgtPair> {
    const folder = await mkdtemp(join(tmpdir(), 'foreshift-iscsi-'));
    const image = await madeImage(join(folder, 'image'), bytes);
    const started = (name: PairName): Promise<Tgt> =>
      Tgt.start([{ name: PAIR_TARGET, units: [{ image }], ...options.accounts?.[name] }]);
    const servers = await Promise.all([started('s1'), started('s2')]);
    const pair = new TgtPair(folder, image, servers, options);
    const { portTo = (_name: PairName, port: number) => Promise.resolve(port) } = options;
    const ports = {
      s1: await portTo('s1', pair.servers.s1.at.port),
      s2: await portTo('s2', pair.servers.s2.at.port),
    };
    await startPair(pair.cluster, (name) => ({ port: ports[name] }));
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

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Attachments } from '../../../agent/attachments.js';
import { attachmentsOf } from '../../../cli/services/attachments.js';
import type { ResourceId, ServerId } from '../../../core/domain.js';
import type { LoginOf } from '../../../redirector/adapters/iscsi/iscsi-adapter.js';
import { TestCluster } from '../cluster.js';
import type { PairName, ReachedBy, Span } from '../server-pair.js';
import { failOver, startPair } from '../server-pair.js';
import type { TgtTarget } from '../tgt.js';
import { Tgt, madeImage } from '../tgt.js';
import { Initiator } from './initiator.js';

export const PAIR_TARGET = 'iqn.2026-01.test:vol';
/** Within a server's own folder. */
const TARGETS = 'targets';

export interface TgtPairOptions {
  /** By the agent beside each, a server has the target only while it owns it. */
  readonly isFenced?: boolean;
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

  readonly #isFenced: boolean;
  readonly #ports: Readonly<Record<PairName, number>>;

  private constructor(
    folder: string,
    image: string,
    servers: readonly [Tgt, Tgt],
    ports: Readonly<Record<PairName, number>>,
    { loginOf, isFenced = false }: TgtPairOptions,
  ) {
    this.folder = folder;
    this.image = image;
    this.#isFenced = isFenced;
    this.#ports = ports;
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
    const { isFenced = false, accounts, portTo = (_name, port) => Promise.resolve(port) } = options;
    const folder = await mkdtemp(join(tmpdir(), 'foreshift-iscsi-'));
    const image = await madeImage(join(folder, 'image'), bytes);
    const started = (name: PairName): Promise<Tgt> =>
      Tgt.start(isFenced ? [] : [{ name: PAIR_TARGET, units: [{ image }], ...accounts?.[name] }]);
    const servers = await Promise.all([started('s1'), started('s2')]);
    const [s1, s2] = servers;
    const ports = { s1: await portTo('s1', s1.at.port), s2: await portTo('s2', s2.at.port) };
    const pair = new TgtPair(folder, image, servers, ports, options);
    if (isFenced) for (const server of servers) await pair.#describe(server);
    await startPair(pair.cluster, (name) => pair.#reachedBy(name));
    return pair;
  }

  /** Whoever serves is killed; the other one takes over, and it comes back. */
  failOver(): Promise<Span> {
    return failOver(this.cluster, this.servers, (name) => this.#reachedBy(name));
  }

  #reachedBy(name: PairName): ReachedBy {
    const port = this.#ports[name];
    return this.#isFenced ? { port, attachments: this.#attachmentsOf(name) } : { port };
  }

  #attachmentsOf(name: PairName): Attachments {
    const server = this.servers[name];
    return attachmentsOf(
      { kind: 'tgt', targets: join(server.folder, TARGETS), controlPort: 0, socket: server.socket },
      { server: name as ServerId, forward: server.at },
      this.cluster,
    );
  }

  /** For its agent. */
  async #describe(server: Tgt): Promise<void> {
    const targets = join(server.folder, TARGETS);
    await mkdir(targets);
    const text = `<target ${PAIR_TARGET}>\n  backing-store ${this.image}\n</target>\n`;
    await writeFile(join(targets, 'vol-1.target'), text);
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

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Attachments } from '../../../agent/attachments.js';
import type { ResourceId } from '../../../core/domain.js';
import { MemorySessionStore } from '../../../core/session-store/memory.js';
import { TestCluster } from '../cluster.js';
import type { PairName, ReachedBy, Span } from '../server-pair.js';
import { failOver, startPair } from '../server-pair.js';
import { NfsTester } from './client.js';
import { Ganesha } from './ganesha.js';

export interface GaneshaPairOptions {
  /** By the agent beside each; left out: they export what they have, whoever owns it. */
  readonly attachmentsOf?: (server: Ganesha, cluster: TestCluster) => Attachments;
  /** By which port of loopback the redirector reaches one of a server's; left out: by its own. */
  readonly portTo?: (port: number) => Promise<number>;
}

/**
 * Two real nfs-ganesha over one directory, whose file handles say nothing to each other, each with an agent, behind a redirector
 * that exports `vol-1` as `/vol`. It is at `s1`.
 */
export class GaneshaPair {
  readonly data: string;
  readonly servers: Readonly<Record<PairName, Ganesha>>;
  readonly cluster: TestCluster;
  /** By which a port of a server is reached. */
  readonly #ports: ReadonlyMap<number, number>;

  readonly #attachmentsOf: GaneshaPairOptions['attachmentsOf'];

  private constructor(
    data: string,
    servers: readonly [Ganesha, Ganesha],
    ports: ReadonlyMap<number, number>,
    attachmentsOf: GaneshaPairOptions['attachmentsOf'],
  ) {
    this.data = data;
    this.#ports = ports;
    this.#attachmentsOf = attachmentsOf;
    const [s1, s2] = servers;
    this.servers = { s1, s2 };
    this.cluster = new TestCluster({
      nfs: {
        exports: [
          {
            ...{ path: '/vol', resource: 'vol-1' as ResourceId, serverPath: data },
            ...{ clients: undefined, clientNames: [], isReadOnly: false, squash: 'none' },
            anonymous: { uid: 65_534, gid: 65_534 },
          },
        ],
        mountPortOf: (server) => this.#portTo(this.servers[server as PairName].mountPort),
        handles: new MemorySessionStore(),
      },
    });
  }

  static async start({ attachmentsOf, portTo }: GaneshaPairOptions = {}): Promise<GaneshaPair> {
    const data = await mkdtemp(join(tmpdir(), 'foreshift-nfs-'));
    const isOwnedOnly = attachmentsOf !== undefined;
    const servers = await Promise.all([
      Ganesha.start({ data, isOwnedOnly, exportId: 77 }),
      Ganesha.start({ data, isOwnedOnly, exportId: 78 }),
    ]);
    const ports = new Map<number, number>();
    for (const port of servers.flatMap((server) => [server.port, server.mountPort])) {
      if (portTo !== undefined) ports.set(port, await portTo(port));
    }
    const pair = new GaneshaPair(data, servers, ports, attachmentsOf);
    await startPair(pair.cluster, (name) => pair.#reachedBy(name));
    return pair;
  }

  /** Whoever serves is killed; the other one takes over, and it comes back. */
  failOver(): Promise<Span> {
    return failOver(this.cluster, this.servers, (name) => this.#reachedBy(name));
  }

  #reachedBy(name: PairName): ReachedBy {
    const server = this.servers[name];
    const attachments = this.#attachmentsOf?.(server, this.cluster);
    return { port: this.#portTo(server.port), ...(attachments && { attachments }) };
  }

  #portTo(port: number): number {
    return this.#ports.get(port) ?? port;
  }

  /** Of a redirector. */
  client(redirector = 0): NfsTester {
    const [at = { host: '127.0.0.1', port: 0 }] = this.cluster.nfsOf(redirector).addresses;
    return new NfsTester(this.cluster.net, at);
  }

  async stop(): Promise<void> {
    await this.cluster.stop();
    await Promise.all([this.servers.s1.stop(), this.servers.s2.stop()]);
    await rm(this.data, { recursive: true, force: true });
  }
}

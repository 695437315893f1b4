import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TargetUnit, UnitPlace } from '../../../redirector/adapters/iscsi/targets.js';
import { TestCluster } from '../cluster.js';
import { r } from '../names.js';
import type { PairName } from '../server-pair.js';
import { startPair } from '../server-pair.js';
import { Tgt, madeImage } from '../tgt.js';

/** What clients log in to. */
export const VOLUMES_TARGET = 'iqn.2026-01.test:all';
export const STRIPE_BYTES = 64 << 10;

/** Each a LUN of its own. */
export const PLAIN = ['vol-1', 'vol-2'] as const;
/** LUN 3 is made of the former two, in stripes; LUN 4 of the others, one after the other. */
export const STRIPED = ['part-1', 'part-2'] as const;
export const CONCATENATED = ['part-3', 'part-4'] as const;
export const ALL_VOLUMES = [...PLAIN, ...STRIPED, ...CONCATENATED] as const;
export type VolumeName = (typeof ALL_VOLUMES)[number];

const UNITS: readonly TargetUnit[] = [
  ...PLAIN.map((name, nth) => ({ lun: nth + 1, place: placeOf(name) })),
  { lun: 3, stripeBytes: STRIPE_BYTES, parts: STRIPED.map(placeOf) },
  { lun: 4, stripeBytes: undefined, parts: CONCATENATED.map(placeOf) },
];

function placeOf(name: VolumeName): UnitPlace {
  return { resource: r(name), serverName: `iqn.2026-01.test:${name}`, serverLun: 1 };
}

/**
 * Two real tgtd that show the same images, each as LUN 1 of a target of its own, with an agent beside each, behind a redirector that
 * makes one target of them. The first of each two is at `s1`, the other at `s2`.
 */
export class TgtVolumes {
  readonly folder: string;
  readonly servers: Readonly<Record<PairName, Tgt>>;
  readonly cluster: TestCluster;

  private constructor(folder: string, [s1, s2]: readonly [Tgt, Tgt]) {
    this.folder = folder;
    this.servers = { s1, s2 };
    const access = { clients: undefined, initiators: undefined };
    const chap = { chap: undefined, mutualChap: undefined };
    const target = { name: VOLUMES_TARGET, ...access, ...chap, units: UNITS };
    this.cluster = new TestCluster({ iscsi: { targets: [target] } });
  }

  /** @param bytes of each image */
  static async start(bytes: number): Promise<TgtVolumes> {
    const folder = await mkdtemp(join(tmpdir(), 'foreshift-volumes-'));
    const targets = await Promise.all(
      ALL_VOLUMES.map(async (name) => {
        const image = await madeImage(join(folder, name), bytes);
        return { name: placeOf(name).serverName, units: [{ image, identity: name }] };
      }),
    );
    const servers = await Promise.all([Tgt.start(targets), Tgt.start(targets)]);
    const volumes = new TgtVolumes(folder, servers);
    const portOf = (name: PairName) => ({ port: volumes.servers[name].at.port });
    await startPair(volumes.cluster, portOf, ALL_VOLUMES);
    const seconds = [PLAIN[1], STRIPED[1], CONCATENATED[1]];
    const outcome = await volumes.cluster.switchTo(seconds.map((name) => [name, 's2'] as const));
    if (outcome !== 'applied') throw new Error(`not at s2: ${outcome}`);
    return volumes;
  }

  get port(): number {
    return this.cluster.iscsiOf().addresses[0]?.port ?? 0;
  }

  /** As libiscsi and qemu name a unit at the redirector. */
  url(lun: number): string {
    return `iscsi://127.0.0.1:${this.port}/${VOLUMES_TARGET}/${lun}`;
  }

  /** What stands in its image. */
  bytesOf(name: VolumeName): Promise<Buffer> {
    return readFile(join(this.folder, name));
  }

  async stop(): Promise<void> {
    await this.cluster.stop();
    await Promise.all([this.servers.s1.dispose(), this.servers.s2.dispose()]);
    await rm(this.folder, { recursive: true, force: true });
  }
}

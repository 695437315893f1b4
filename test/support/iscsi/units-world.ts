import type { ServerId } from '../../../core/domain.js';
import type { ManyUnitsTarget, UnitPlace } from '../../../redirector/adapters/iscsi/targets.js';
import { movedTogether } from '../moved-volume.js';
import { r, s } from '../names.js';
import { SharedUnit } from './fake-target.js';
import type { IscsiWorldOptions } from './world.js';
import { IscsiWorld, TARGET } from './world.js';

/** The resources whose units these worlds have, each as LUN 1 of a target of its own at both servers. */
export const VOLUMES = ['vol-1', 'vol-2', 'vol-3'] as const;
export type Volume = (typeof VOLUMES)[number];

type ServerName = 's1' | 's2';

/** Where a volume is at the servers. */
export function placeOf(volume: Volume): UnitPlace {
  return { resource: r(volume), serverName: `iqn.2026-01.test:${volume}`, serverLun: 1 };
}

export function targetWith(units: ManyUnitsTarget['units']): ManyUnitsTarget {
  return {
    ...{ name: TARGET, units },
    ...{ clients: undefined, initiators: undefined, chap: undefined, mutualChap: undefined },
  };
}

/** An iSCSI world whose target has the LUNs of several volumes: the first and the third are at `s1`, the second is at `s2`. */
export class UnitsWorld extends IscsiWorld {
  readonly volumes: Readonly<Record<Volume, SharedUnit>>;
  readonly #rows: Record<string, string>;
  #epoch = 1;

  private constructor(target: ManyUnitsTarget, blocks: number, options: IscsiWorldOptions) {
    const rows = { 'vol-1': 's1@1.1', 'vol-2': 's2@1.1', 'vol-3': 's1@1.1' };
    super({ ...options, targets: [target], rows });
    this.#rows = rows;
    const [one, two, three] = VOLUMES.map((name) => new SharedUnit(blocks, name));
    this.volumes = { 'vol-1': one!, 'vol-2': two!, 'vol-3': three! };
    for (const server of [this.targets.s1, this.targets.s2]) {
      for (const name of VOLUMES) server.named.set(placeOf(name).serverName, this.volumes[name]);
    }
  }

  static async start(
    units: ManyUnitsTarget['units'],
    { blocks = 1024, ...options }: IscsiWorldOptions & { readonly blocks?: number } = {},
  ): Promise<UnitsWorld> {
    const world = new UnitsWorld(targetWith(units), blocks, options);
    await world.start();
    return world;
  }

  serverOf(volume: Volume): ServerName {
    return this.#rows[volume]!.startsWith('s1') ? 's1' : 's2';
  }

  /** Each to the server where it is not, in one batch. `isLost`: from a server that is lost. */
  async move(volumes: readonly Volume[], isLost = false): Promise<readonly string[]> {
    const epoch = `1.${++this.#epoch}`;
    const moves = volumes.map((volume) => {
      const source = this.serverOf(volume);
      return { resource: r(volume), source: s(source), target: s(otherThan(source)) };
    });
    const lost: ServerId[] = isLost ? moves.map(({ source }) => source) : [];
    const why = await movedTogether(this, { moves, lost, epoch, others: this.#rows });
    if (why.length > 0) return why;
    for (const { resource, target } of moves) this.#rows[resource] = `${target}@${epoch}`;
    return why;
  }

  get faults(): string[] {
    return [...this.targets.s1.faults, ...this.targets.s2.faults];
  }
}

function otherThan(server: ServerName): ServerName {
  return server === 's1' ? 's2' : 's1';
}

import type { ResourceId } from '../../../core/domain.js';
import type { Trusts } from '../../../core/net/ip.js';
import { parseIp } from '../../../core/net/ip.js';

/** Who proves by CHAP who they are. */
export interface ChapParty {
  readonly user: string;
  /** Undefined: the credential table has it. */
  readonly secret: string | undefined;
}

/**
 * What clients log in to. Servers see the redirector's address only: so who may is said here and not there.
 */
interface TargetAccess {
  /** For clients, in lower case. */
  readonly name: string;
  /** By their address; undefined: everybody. */
  readonly clients: Trusts | undefined;
  /** By the names that they log in with; undefined: everybody. */
  readonly initiators: readonly string[] | undefined;
  /** How clients prove who they are; undefined: they need not. */
  readonly chap: ChapParty | undefined;
  /** How we prove to them who we are, if they ask. */
  readonly mutualChap: ChapParty | undefined;
}

/** One that is a resource, with the LUNs that its server shows. */
export interface IscsiTarget extends TargetAccess {
  readonly resource: ResourceId;
  /** For the servers. */
  readonly serverName: string;
}

/** Where a logical unit is at the servers. */
export interface UnitPlace {
  readonly resource: ResourceId;
  /** The target that has it there: of this resource alone, so that it moves by itself. */
  readonly serverName: string;
  readonly serverLun: number;
}

/** A logical unit of a server that clients see by a LUN of their own. */
export interface PlacedUnit {
  /** As clients see it: 0 to 255. */
  readonly lun: number;
  readonly place: UnitPlace;
}

/** One made of several, in this order. Each may be with another server at any time. */
export interface CompositeUnit {
  readonly lun: number;
  readonly parts: readonly UnitPlace[];
  /** Undefined: they are concatenated. */
  readonly stripeBytes: number | undefined;
}

/** Of a target whose LUNs are of several resources. A resource has parts of one composite, or none. */
export type TargetUnit = PlacedUnit | CompositeUnit;

function placesOf(unit: TargetUnit): readonly UnitPlace[] {
  return 'parts' in unit ? unit.parts : [unit.place];
}

/** What a target is with regard to one of its resources alone; undefined: it has nothing of that. */
export function targetAt(target: ClientTarget, resource: ResourceId): IscsiTarget | undefined {
  if (!('units' in target)) return target.resource === resource ? target : undefined;
  const { units, ...access } = target;
  const place = units.flatMap(placesOf).find((each) => each.resource === resource);
  return place && { ...access, resource, serverName: place.serverName };
}

/** One whose LUNs are of several resources, each with a server of its own at any time. */
export interface ManyUnitsTarget extends TargetAccess {
  readonly units: readonly TargetUnit[];
}

export type ClientTarget = IscsiTarget | ManyUnitsTarget;

export class Targets {
  readonly all: readonly ClientTarget[];
  readonly #byName: ReadonlyMap<string, ClientTarget>;
  readonly #resources: ReadonlySet<ResourceId>;

  constructor(targets: readonly ClientTarget[]) {
    this.all = targets;
    this.#byName = new Map(targets.map((each) => [each.name, each]));
    this.#resources = new Set(
      targets.flatMap((each) =>
        'units' in each
          ? each.units.flatMap(placesOf).map(({ resource }) => resource)
          : [each.resource],
      ),
    );
  }

  named(name: string): ClientTarget | undefined {
    return this.#byName.get(name.toLowerCase());
  }

  /** As far as it is of that resource. */
  at(name: string, resource: ResourceId): IscsiTarget | undefined {
    const target = this.named(name);
    return target && targetAt(target, resource);
  }

  has(resource: ResourceId): boolean {
    return this.#resources.has(resource);
  }
}

/** Names of initiators are compared as they are normalized: in lower case. */
export function mayUse(target: ClientTarget, initiator: string, host: string): boolean {
  const isNamed = target.initiators?.includes(initiator.toLowerCase()) ?? true;
  return isNamed && (target.clients?.(parseIp(host)) ?? true);
}

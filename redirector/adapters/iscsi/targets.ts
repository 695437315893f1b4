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
export interface IscsiTarget {
  /** For clients, in lower case. */
  readonly name: string;
  readonly resource: ResourceId;
  /** For the servers. */
  readonly serverName: string;
  /** By their address; undefined: everybody. */
  readonly clients: Trusts | undefined;
  /** By the names that they log in with; undefined: everybody. */
  readonly initiators: readonly string[] | undefined;
  /** How clients prove who they are; undefined: they need not. */
  readonly chap: ChapParty | undefined;
  /** How we prove to them who we are, if they ask. */
  readonly mutualChap: ChapParty | undefined;
}

export class Targets {
  readonly all: readonly IscsiTarget[];
  readonly #byName: ReadonlyMap<string, IscsiTarget>;
  readonly #byResource: ReadonlyMap<ResourceId, IscsiTarget>;

  constructor(targets: readonly IscsiTarget[]) {
    this.all = targets;
    this.#byName = new Map(targets.map((each) => [each.name, each]));
    this.#byResource = new Map(targets.map((each) => [each.resource, each]));
  }

  named(name: string): IscsiTarget | undefined {
    return this.#byName.get(name.toLowerCase());
  }

  of(resource: ResourceId): IscsiTarget | undefined {
    return this.#byResource.get(resource);
  }
}

/** Names of initiators are compared as they are normalized: in lower case. */
export function mayUse(target: IscsiTarget, initiator: string, host: string): boolean {
  const isNamed = target.initiators?.includes(initiator.toLowerCase()) ?? true;
  return isNamed && (target.clients?.(parseIp(host)) ?? true);
}

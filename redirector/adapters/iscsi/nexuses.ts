import type { ResourceId } from '../../../core/domain.js';

/** Our session with a server, as a move sees it. */
export interface AttachedServer {
  /** Undefined once it is open; else why it will not be. */
  readonly ready: Promise<string | undefined>;
  /** Once what was sent has ended. */
  retire(): void;
  /** What it owes is lost. */
  drop(): void;
}

/** A client's session with a target, or with a resource of it, as a move sees it. */
export interface AttachedClient {
  readonly resource: ResourceId;
  /** Names initiator port, target and resource: there is one session of each. */
  readonly port: string;
  /** Made if there is none; undefined: its address is not known. */
  back(server: number): AttachedServer | undefined;
  openBack(server: number): AttachedServer | undefined;
  /** The same initiator port has logged in anew. */
  reinstated(): void;
}

/** The sessions of clients with targets, by what they are found by. */
export class Nexuses {
  readonly #byResource = new Map<ResourceId, Set<AttachedClient>>();
  readonly #byPort = new Map<string, AttachedClient>();

  /** The session that the same initiator port had with the same target is over by that: it is returned. */
  add(nexus: AttachedClient): AttachedClient | undefined {
    const former = this.#byPort.get(nexus.port);
    this.#byPort.set(nexus.port, nexus);
    const known = this.#byResource.get(nexus.resource);
    if (known === undefined) this.#byResource.set(nexus.resource, new Set([nexus]));
    else known.add(nexus);
    return former;
  }

  /** True: it was the last of its resource. */
  remove(nexus: AttachedClient): boolean {
    if (this.#byPort.get(nexus.port) === nexus) this.#byPort.delete(nexus.port);
    const known = this.#byResource.get(nexus.resource);
    known?.delete(nexus);
    if (known === undefined || known.size > 0) return false;
    this.#byResource.delete(nexus.resource);
    return true;
  }

  of(resource: ResourceId): readonly AttachedClient[] {
    return [...(this.#byResource.get(resource) ?? [])];
  }
}

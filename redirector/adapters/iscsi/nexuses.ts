import type { ResourceId } from '../../../core/domain.js';
import type { SenseCode } from '../../../core/iscsi/scsi.js';
import type { Lacking } from './hold.js';
import type { InitiatorPort } from './initiator-port.js';
import type { AsksServer } from './own-command.js';

/** Our session with a server, as a move sees it. */
export interface AttachedServer extends AsksServer {
  readonly isOpen: boolean;
  /** Undefined once it is open; else why it will not be. */
  readonly ready: Promise<string | undefined>;
  /** True once all that its client holds stands there, or was found to be lacking. */
  readonly replayed: Promise<boolean>;
  /** Of what its client holds, what the server does not have. */
  readonly lacking: readonly Lacking[];
  /** What is lacking is no more, and its client is told. */
  accept(): void;
  /** Once what was sent has ended. */
  retire(): void;
  /** The same; nothing of what its client holds stays there. */
  quit(): void;
  /** What it owes is lost. */
  drop(): void;
}

/** A client's session with a target, or with a resource of it, as a move sees it. */
export interface AttachedClient {
  /** False: it is not connected, but others have to heed what it holds. */
  readonly isHere: boolean;
  readonly resource: ResourceId;
  readonly port: InitiatorPort;
  /** Made if there is none; undefined: its address is not known. */
  back(server: number): AttachedServer | undefined;
  openBack(server: number): AttachedServer | undefined;
  readonly openBacks: readonly AttachedServer[];
  /** Its next command to the unit ends with that. */
  attend(lun: string, sense: SenseCode): void;
  /** The same initiator port has logged in anew. */
  reinstated(): void;
}

/** The sessions of clients with targets, by what they are found by. */
export class Nexuses {
  readonly #byResource = new Map<ResourceId, Set<AttachedClient>>();
  readonly #byPort = new Map<string, AttachedClient>();

  /** The session that the same initiator port had with the same target is over by that: it is returned. */
  add(nexus: AttachedClient): AttachedClient | undefined {
    const { name } = nexus.port;
    const former = this.#byPort.get(name);
    this.#byPort.set(name, nexus);
    const known = this.#byResource.get(nexus.resource);
    if (known === undefined) this.#byResource.set(nexus.resource, new Set([nexus]));
    else known.add(nexus);
    return former;
  }

  /** By the name of its initiator port. */
  at(port: string): AttachedClient | undefined {
    return this.#byPort.get(port);
  }

  /** True: of its resource, nobody is here any more. */
  remove(nexus: AttachedClient): boolean {
    const { name } = nexus.port;
    if (this.#byPort.get(name) === nexus) this.#byPort.delete(name);
    const known = this.#byResource.get(nexus.resource);
    known?.delete(nexus);
    if (known === undefined) return false;
    if (known.size === 0) this.#byResource.delete(nexus.resource);
    return nexus.isHere && ![...known].some(({ isHere }) => isHere);
  }

  get absent(): readonly AttachedClient[] {
    return [...this.#byPort.values()].filter(({ isHere }) => !isHere);
  }

  of(resource: ResourceId): readonly AttachedClient[] {
    return [...(this.#byResource.get(resource) ?? [])];
  }
}

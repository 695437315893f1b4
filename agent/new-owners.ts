import type { MovedRequest } from '../core/agent-protocol.js';
import type { Address, ResourceId, ServerId } from '../core/domain.js';
import { formatAddress } from '../core/domain.js';
import type { Generation } from '../core/generation.js';
import { compareGenerations, formatGeneration } from '../core/generation.js';

/** A server, and where it takes requests. */
export interface OwnerAddress {
  readonly server: ServerId;
  readonly address: Address;
}

interface NewOwner extends OwnerAddress {
  readonly since: Generation;
}

/** So many are remembered; the oldest are forgotten. */
const REMEMBERED_MAX = 10_000;

/** Where resources went that were this server's: told to redirectors that ask here too late. A hint only. */
export class NewOwners {
  readonly #owners = new Map<ResourceId, NewOwner>();

  learn({ resource, server, address, since }: MovedRequest['moves'][number]): void {
    const known = this.#owners.get(resource);
    if (known !== undefined && compareGenerations(since, known.since) < 0) return;
    this.#owners.delete(resource);
    this.#owners.set(resource, { server, address, since });
    if (this.#owners.size <= REMEMBERED_MAX) return;
    const [oldest] = this.#owners.keys();
    if (oldest !== undefined) this.#owners.delete(oldest);
  }

  forget(resource: ResourceId): void {
    this.#owners.delete(resource);
  }

  /** `server;address;since`, or `in-transit` while nobody knows. */
  headerFor(resource: string): string {
    const owner = this.#owners.get(resource as ResourceId);
    if (owner === undefined) return 'in-transit';
    return ownerHeader(owner, formatGeneration(owner.since));
  }
}

/** @param sinceText as the request's header writes it */
export function ownerHeader({ server, address }: OwnerAddress, sinceText: string): string {
  return `${server};${formatAddress(address)};${sinceText}`;
}

import { EXECUTED_HEADER, OWNER_HEADER, SHARED_SINCE } from '../core/agent-protocol.js';
import { Tally } from '../core/tally.js';
import type { NewOwners, OwnerAddress } from './new-owners.js';
import { ownerHeader } from './new-owners.js';
import type { Admission, Ownership } from './ownership.js';

/** An answer in place of the server's: the request was not executed. */
export interface GateRefusal {
  readonly status: 421 | 503;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RequestGateParts {
  readonly ownership: Ownership;
  readonly newOwners: NewOwners;
  /** This server, for redirectors. */
  readonly self: () => OwnerAddress;
  /** This server serves it beside others, at the same time. */
  readonly isShared: (resource: string) => boolean;
}

/**
 * The fence in front of a server: each request must name its resource and the generation since which the
 * sender believes that this server serves it. Whatever differs is refused before the server sees it. What several
 * servers serve at the same time has no such generation: it is let in where this server was told so too, and nobody
 * made it the only one.
 */
export class RequestGate {
  readonly #ownership: Ownership;
  readonly #newOwners: NewOwners;
  readonly #self: () => OwnerAddress;
  readonly #isShared: (resource: string) => boolean;
  /** Requests under way, by shared resource. */
  readonly #sharedUnderWay = new Tally<string>();

  constructor({ ownership, newOwners, self, isShared }: RequestGateParts) {
    this.#ownership = ownership;
    this.#newOwners = newOwners;
    this.#self = self;
    this.#isShared = isShared;
  }

  /** Undefined: the request may run, and `done` must be called when it has ended. */
  enter(resource: string | undefined, since: string | undefined): GateRefusal | undefined {
    if (resource === undefined || since === undefined) {
      return refusal(421, 'this server is reached through its redirector only', {});
    }
    if (since === SHARED_SINCE) return this.#enterShared(resource);
    const admission = this.#ownership.admit(resource, since);
    return admission === 'admitted' ? undefined : this.#refusalOf(admission, resource);
  }

  /** Asked before more of an admitted request reaches the server. */
  mayGoOn(resource: string): boolean {
    return this.#sharedUnderWay.of(resource) > 0 || this.#ownership.mayGoOn(resource);
  }

  done(resource: string): void {
    if (this.#sharedUnderWay.of(resource) > 0) this.#sharedUnderWay.remove(resource);
    else this.#ownership.done(resource);
  }

  #enterShared(resource: string): GateRefusal | undefined {
    if (!this.#isShared(resource) || this.#ownership.isOwned(resource)) {
      return this.#refusalOf('not-owner', resource);
    }
    this.#sharedUnderWay.add(resource);
    return undefined;
  }

  /** Itself where the resource went and came back, which who was cut off from the store meanwhile cannot know. */
  #ownerOf(resource: string): string {
    const since = this.#ownership.committedSince(resource);
    return since === undefined
      ? this.#newOwners.headerFor(resource)
      : ownerHeader(this.#self(), since);
  }

  #refusalOf(admission: Exclude<Admission, 'admitted'>, resource: string): GateRefusal {
    switch (admission) {
      case 'not-owner':
        return refusal(421, 'this server does not serve the resource at that generation', {
          [OWNER_HEADER]: this.#ownerOf(resource),
        });
      case 'in-transit':
        return refusal(421, 'the resource is being moved', { [OWNER_HEADER]: 'in-transit' });
      case 'lease-over':
        return refusal(503, 'the serving lease of this server is over', { 'retry-after': '1' });
      case 'unconfirmed':
        return refusal(503, 'this server has started and waits for word of what is its own', {
          'retry-after': '1',
        });
    }
  }
}

function refusal(
  status: GateRefusal['status'],
  why: string,
  headers: Readonly<Record<string, string>>,
): GateRefusal {
  return {
    status,
    headers: { [EXECUTED_HEADER]: 'no', 'content-type': 'text/plain', ...headers },
    body: `${why}\n`,
  };
}

import type { Clock } from '../core/clock/port.js';
import type { MemberId, ResourceId } from '../core/domain.js';
import type { Net } from '../core/net/port.js';
import type { MemberCounters, MemberTarget } from './member-counters.js';
import { readCounters } from './member-counters.js';
import type { RatesOptions } from './rates.js';
import { ResourceSums } from './resource-sums.js';
import type { Harvest, Poll, Source } from './source.js';

export interface RedirectorSourceParts {
  readonly net: Net;
  readonly clock: Clock;
  /** The redirectors that serve, or may serve, clients now. */
  readonly members: () => readonly MemberTarget[];
}

export interface RedirectorSourceOptions extends RatesOptions {
  readonly resourcesMax: number;
}

/** All redirectors, at about one time. */
interface Fleet {
  readonly monotonicMs: number;
  readonly members: ReadonlyMap<MemberId, MemberCounters>;
}

/**
 * The load of each resource, from the counters of all redirectors together: any of them may have served it. So there are rates
 * only of an interval at whose both ends the same lives of the same redirectors answered, all of them; one that is missing,
 * new or began anew makes a gap.
 */
export class RedirectorSource implements Source {
  readonly #parts: RedirectorSourceParts;
  readonly #options: RedirectorSourceOptions;
  #resources: ResourceId[] = [];
  #slots = new Map<ResourceId, number>();
  #before: Fleet | undefined;

  constructor(parts: RedirectorSourceParts, options: RedirectorSourceOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  async poll(poll: Poll): Promise<Harvest> {
    const after = await this.#read(poll);
    const before = this.#before;
    this.#before = after;
    const sums = new ResourceSums(this.#resources.length);
    for (const counters of after.members.values()) sums.addInFlight(counters);
    if (before === undefined) sums.withoutRates();
    else if (!isSameFleet(before, after)) sums.withoutRates('reset');
    else this.#addIntervals(sums, before, after);
    const drops = sums.finish(this.#options.limits);
    return { samples: sums.samples(this.#resources, poll.timeMs), drops };
  }

  /** Waits for all, even if one has failed: no call of this poll is left when the next one begins. */
  async #read(poll: Poll): Promise<Fleet> {
    const { net, clock, members } = this.#parts;
    const { resourcesMax } = this.#options;
    this.#forgetIfMany();
    const intern = (resource: ResourceId): number => this.#intern(resource);
    const reads = members().map(
      async (target) =>
        [
          target.id,
          await readCounters({ net, clock, intern }, target, poll, resourcesMax),
        ] as const,
    );
    await Promise.allSettled(reads);
    return { monotonicMs: poll.monotonicMs, members: new Map(await Promise.all(reads)) };
  }

  #addIntervals(sums: ResourceSums, before: Fleet, after: Fleet): void {
    for (const [id, counters] of after.members) {
      const former = before.members.get(id);
      if (former === undefined) continue;
      sums.addInterval(
        { ...former, monotonicMs: before.monotonicMs },
        { ...counters, monotonicMs: after.monotonicMs },
        this.#options.intervalMaxMs,
      );
    }
  }

  #intern(resource: ResourceId): number {
    const known = this.#slots.get(resource);
    if (known !== undefined) return known;
    const slot = this.#resources.push(resource) - 1;
    this.#slots.set(resource, slot);
    return slot;
  }

  /** Redirectors that began anew may have left names behind that nobody knows any more; an interval is lost over it. */
  #forgetIfMany(): void {
    if (this.#resources.length <= 2 * this.#options.resourcesMax) return;
    this.#resources = [];
    this.#slots = new Map();
    this.#before = undefined;
  }
}

function isSameFleet(before: Fleet, after: Fleet): boolean {
  if (before.members.size !== after.members.size) return false;
  return [...after.members].every(([id, { boot }]) => before.members.get(id)?.boot === boot);
}

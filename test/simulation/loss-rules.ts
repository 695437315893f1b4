import type { MemberId, ResourceId, ServerId } from '../../core/domain.js';
import type { Records } from './records.js';
import { Violation } from './violation.js';

/** L5: who may be called lost, and what a loss moves. */
export class LossRules {
  readonly #losses = new Set<string>();
  /** By resource: the losses that moved it. */
  readonly #rescued = new Map<ResourceId, Set<string>>();

  /**
   * A server is lost by the word of more than half of those whose leases live: one cut link is no loss. A loss that
   * was known comes back as it was when an older store is restored.
   */
  lost(server: string, records: Records, live: readonly MemberId[]): void {
    const loss = records.lossOf(server) ?? '';
    if (this.#losses.has(loss)) return;
    this.#losses.add(loss);
    const members = records.members.map((name) => records.member(name));
    const reporters = members.filter((member) => server in (member?.unreachable ?? {})).length;
    if (2 * reporters <= live.length) {
      throw new Violation('L5', `${server} was lost by ${reporters} of ${live.length}`);
    }
    checkPanic(server as ServerId, records, live);
  }

  /** One loss moves a resource once. */
  rescued(resource: ResourceId, loss: string): void {
    const losses = this.#rescued.get(resource) ?? new Set();
    if (losses.has(loss)) throw new Violation('L5', `${resource} from ${loss} was moved again`);
    this.#rescued.set(resource, losses.add(loss));
  }

  /** What the store forgot may have to be done again. */
  forgetAllRescues(): void {
    this.#rescued.clear();
  }

  /** Of these: what was done with them is undone. */
  forgetRescues(resources: readonly ResourceId[]): void {
    for (const resource of resources) this.#rescued.delete(resource);
  }
}

/**
 * Nothing is lost for its silence while most servers are silent. The coordinator has the records of those that it
 * counts as live as they are. It may count some whose leases are over: a server is silent here only if it is
 * whichever of them it counts.
 */
function checkPanic(server: ServerId, records: Records, live: readonly MemberId[]): void {
  const unreachableFor = (name: MemberId) => records.member(name)?.unreachable ?? {};
  const evidenceOf = (other: ServerId) =>
    live.flatMap((name) => unreachableFor(name)[other]?.evidence ?? []);
  if (evidenceOf(server).every((evidence) => evidence === 'refused')) return;
  const over = records.members.filter((name) => !live.includes(name));
  const holders = new Set([...records.placements.values()].map((row) => row.server));
  const wanted = records.wantedServers;
  const silent = wanted.filter((other) => {
    const evidence = evidenceOf(other);
    const hearing = over.filter((name) => unreachableFor(name)[other] === undefined);
    const isOutOfReach = 2 * evidence.length > live.length + hearing.length;
    if (!isOutOfReach || !evidence.includes('silent')) return false;
    return holders.has(other) && !records.isDead(other);
  });
  if (2 * silent.length <= wanted.length) return;
  throw new Violation('L5', `${server} was lost while ${silent.join(', ')} were silent`);
}

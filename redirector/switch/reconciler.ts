import type { LeaseAnswer, OwnedAnswer } from '../../core/agent-protocol.js';
import type { Clock } from '../../core/clock/port.js';
import type { LostSourcePolicy, ResourceId, ServerId } from '../../core/domain.js';
import { planId } from '../../core/domain.js';
import type { Generation } from '../../core/generation.js';
import {
  NO_GENERATION,
  compareGenerations,
  formatGeneration,
  newestGeneration,
  nextEpoch,
  nextIncarnation,
} from '../../core/generation.js';
import type { Log } from '../../core/log.js';
import { ownershipDigest } from '../../core/ownership-digest.js';
import type { AssignmentTable } from '../../core/table.js';
import type { Draft } from '../../core/table-store/draft.js';
import type { TableStore } from '../../core/table-store/port.js';
import { SERVER } from '../../core/table-store/records/server.js';
import { SWITCH } from '../../core/table-store/records/switch.js';
import { COPY, HEAD, PLACEMENT } from '../../core/table-store/records/table.js';
import type { TableView } from '../../core/table-store/view.js';
import type { CoordinatorLease } from './coordinator-lease.js';
import type { Agents } from './peers.js';

export interface ReconcilerParts {
  readonly store: TableStore;
  readonly view: TableView;
  readonly clock: Clock;
  readonly log: Log;
  readonly agents: Agents;
  readonly lease: CoordinatorLease;
  /** The latest answer of a server's agent to this redirector's health checks, and when it came (monotonic). */
  readonly lastAnswer: (server: ServerId) => LeaseAnswer | undefined;
  readonly answeredAtMs: (server: ServerId) => number;
  readonly isLost: (server: ServerId) => boolean;
  readonly policyOf: (resource: ResourceId) => LostSourcePolicy;
  /** Every agent has been asked what it owns; and no server that cannot be asked may still act for the resource. */
  readonly isUnclaimed: (resource: ResourceId) => boolean;
  /** The server counts as lost, and its serving lease for the resource may last all the same. */
  readonly mayActThoughLost: (server: ServerId, resource: ResourceId) => boolean;
}

type Owned = OwnedAnswer['owned'][number];
type OwnedSince = readonly [resource: ResourceId, since: Generation];

/**
 * Makes table and agents agree where no switch is under way: a server that came back gives up what was
 * moved meanwhile, one that forgot takes what is its own. Where an agent has heard of a generation that the
 * table store does not know, the store came back older: the table is restored from what the agents own, and
 * the incarnation grows, so that nothing that was ever handed out is handed out again. What an agent will not
 * take at the table's generation, since it heard a newer one that nobody claims, it is given at a new one. And nothing
 * is given that another may own: an agent that lost its disk has not heard of what a table from a backup forgot.
 */
export class Reconciler {
  readonly #parts: ReconcilerParts;
  /** The answer (by its stamp) that was last acted on, a server. */
  readonly #settledStamps = new Map<ServerId, number>();
  /** When an agent was last asked what it owns (monotonic). */
  readonly #settledAtMs = new Map<ServerId, number>();
  /** Of each server what it owns by that table; the digest of it, once somebody asked. */
  #expected:
    | { readonly table: AssignmentTable; readonly owned: Map<ServerId, number | OwnedSince[]> }
    | undefined;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
  }

  /** Something that was handed out is not known to the store: a new incarnation begins. True: something was done. */
  async catchUp(): Promise<boolean> {
    const { view, lastAnswer } = this.#parts;
    const heard = [...view.all(SERVER).keys()].map((server) => lastAnswer(server)?.highest);
    const copied = [...view.all(COPY).values()].map(({ value }) => value.reserved);
    const highest = [...heard, ...copied].reduce<Generation>(
      (newest, known) => newestGeneration(newest, known ?? NO_GENERATION),
      NO_GENERATION,
    );
    if (compareGenerations(highest, view.reserved) <= 0) return false;
    await this.#raise(highest);
    return true;
  }

  /**
   * Every agent that is not lost has answered since then, and owns what the table gives it, or was asked what it
   * owns, so that the table has what is newer. One server a call.
   */
  async isAgreed(sinceMs: number): Promise<boolean> {
    const { view, agents, isLost, answeredAtMs, lastAnswer } = this.#parts;
    const servers = [...view.all(SERVER).keys()].filter(
      (server) => agents.hasAgent(server) && !isLost(server),
    );
    if (!servers.every((server) => answeredAtMs(server) >= sinceMs)) return false;
    await this.step();
    return servers.every(
      (server) =>
        lastAnswer(server)?.digest === this.expectedDigest(server) ||
        (this.#settledAtMs.get(server) ?? -Infinity) >= sinceMs,
    );
  }

  /** To be called while no switch is open. True: something was done. */
  async step(): Promise<boolean> {
    for (const server of this.#parts.view.all(SERVER).keys()) {
      const answer = this.#parts.lastAnswer(server);
      if (answer === undefined || this.#settledStamps.get(server) === answer.stamp) continue;
      if (answer.digest === this.expectedDigest(server)) continue;
      // Should it fail, the next answer begins it anew.
      this.#settledStamps.set(server, answer.stamp);
      await this.settle(server);
      return true;
    }
    return false;
  }

  /** Asks one agent what it owns and mends every difference. @throws ERR_CALL_…, ERR_STORE_… */
  async settle(server: ServerId): Promise<void> {
    const { agents, clock, log, view, isUnclaimed } = this.#parts;
    if (!agents.hasAgent(server)) return;
    const askedAtMs = clock.monotonicMs();
    const { owned, boot, highest } = await agents.owned(server);
    if (compareGenerations(highest, view.reserved) > 0) await this.#raise(highest);
    const { newer, wrong } = this.#compare(server, owned);
    if (newer.length > 0 && (await this.#areFreed(server, newer))) {
      await this.#adopt(server, newer);
    }
    this.#settledAtMs.set(server, askedAtMs);
    if (wrong.length > 0) {
      const answer = await agents.release(server, wrong);
      log.warn({ server, resources: wrong.length, answer }, 'server gave up what is not its own');
    }
    // The table may be older than what another agent owns: first all are asked.
    const missing = this.#missing(server, owned).filter(({ resource }) => isUnclaimed(resource));
    if (missing.length > 0) {
      const answer = await agents.take(server, boot, missing);
      log.info({ server, resources: missing.length, answer }, 'server took what is its own');
      if (answer.kind === 'refused') await this.#date(server, missing);
    }
  }

  /** No agent that has answered owns anything else than the table gives it. */
  isUncontested(): boolean {
    const { view, lastAnswer, isLost } = this.#parts;
    return [...view.all(SERVER).keys()].every((server) => {
      const answer = lastAnswer(server);
      return (
        answer === undefined || isLost(server) || answer.digest === this.expectedDigest(server)
      );
    });
  }

  /** What an agent that agrees with the table answers. */
  expectedDigest(server: ServerId): number {
    const { table } = this.#parts.view;
    if (this.#expected?.table !== table) this.#expected = { table, owned: ownedBy(table) };
    const { owned } = this.#expected;
    const expected = owned.get(server) ?? [];
    if (typeof expected === 'number') return expected;
    const digest = ownershipDigest(expected);
    owned.set(server, digest);
    return digest;
  }

  #compare(server: ServerId, owned: readonly Owned[]) {
    const { table, reserved } = this.#parts.view;
    const newer: Owned[] = [];
    const wrong: { resource: ResourceId; generation: Generation }[] = [];
    for (const claim of owned) {
      const placement = table.placementOf(claim.resource);
      const order = compareGenerations(claim.since, placement?.since ?? NO_GENERATION);
      if (order > 0) newer.push(claim);
      // Its own, but since an older generation: it takes it anew. A release would spoil that generation.
      else if (placement?.server !== server) {
        wrong.push({ resource: claim.resource, generation: placement?.since ?? reserved });
      }
    }
    return { newer, wrong };
  }

  #missing(server: ServerId, owned: readonly Owned[]) {
    const { view, policyOf } = this.#parts;
    const since = new Map(owned.map((claim) => [claim.resource, formatGeneration(claim.since)]));
    return [...view.table.entries()].flatMap(([resource, placement]) => {
      if (placement.server !== server) return [];
      if (since.get(resource) === formatGeneration(placement.since)) return [];
      return [{ resource, since: placement.since, onLostSource: policyOf(resource) }];
    });
  }

  /** The store is older than what was handed out: from now on another incarnation. */
  async #raise(highest: Generation): Promise<void> {
    const { store, view, log } = this.#parts;
    const next = nextIncarnation(newestGeneration(highest, view.reserved));
    // What was open is of another history; how far it came the agents know.
    const draft = this.#draft()
      .expect(view, SWITCH, 'open')
      .put(HEAD, 'head', { generation: next, reserved: next })
      .remove(SWITCH, 'open');
    await store.transact(draft.transaction);
    await view.sync();
    const seen = formatGeneration(highest);
    log.error({ seen, incarnation: next.incarnation }, 'table store came back older');
  }

  /**
   * An agent heard a newer generation than the table's for what the table says is its own, and nobody owns it
   * since then: it is given anew. It will be taken when the agent next answers.
   */
  async #date(
    server: ServerId,
    missing: readonly { readonly resource: ResourceId }[],
  ): Promise<void> {
    const { store, view, log } = this.#parts;
    const since = nextEpoch(view.reserved);
    const draft = this.#draft().put(HEAD, 'head', { generation: since, reserved: since });
    for (const { resource } of missing) {
      const placement = view.get(PLACEMENT, resource)?.value;
      if (placement?.server !== server) return;
      draft.expect(view, PLACEMENT, resource).put(PLACEMENT, resource, { ...placement, since });
    }
    await store.transact(draft.transaction);
    await view.sync();
    log.warn({ server, resources: missing.length }, 'resources given anew');
  }

  /**
   * Whoever has by the table what this server's agent claims gives it up first: where the store forgot a switch, nobody else has
   * told it. False: it has not yet, and will be asked again when the claimant next answers.
   */
  async #areFreed(claimant: ServerId, claims: readonly Owned[]): Promise<boolean> {
    const { view, agents, log, isLost, mayActThoughLost } = this.#parts;
    const byOwner = new Map<ServerId, { resource: ResourceId; generation: Generation }[]>();
    for (const { resource, since } of claims) {
      const owner = view.table.placementOf(resource)?.server;
      if (owner === undefined || owner === claimant || !agents.hasAgent(owner)) continue;
      if (mayActThoughLost(owner, resource)) return false;
      if (isLost(owner)) continue;
      const generation = newestGeneration(since, view.reserved);
      byOwner.set(owner, [...(byOwner.get(owner) ?? []), { resource, generation }]);
    }
    for (const [owner, resources] of byOwner) {
      const answer = await agents.release(owner, resources);
      log.warn({ owner, claimant, resources: resources.length, answer }, 'owner gives way');
      if (answer.kind !== 'done') return false;
    }
    return true;
  }

  /** An agent owns since a later generation than the table knows of: its word is the newer one. */
  async #adopt(server: ServerId, claims: readonly Owned[]): Promise<void> {
    const { store, view, clock, log } = this.#parts;
    const generation = nextEpoch(view.reserved);
    const draft = this.#draft().put(HEAD, 'head', { generation, reserved: generation });
    for (const { resource, since } of claims) {
      const standby = view.table.placementOf(resource)?.standby ?? null;
      draft.expect(view, PLACEMENT, resource).put(PLACEMENT, resource, {
        server,
        since,
        standby: standby === server ? null : standby,
        movedAtMs: clock.realtimeMs(),
        by: planId('restored'),
      });
    }
    await store.transact(draft.transaction);
    await view.sync();
    log.error({ server, resources: claims.length }, 'table restored from an agent');
  }

  #draft(): Draft {
    const { view, lease } = this.#parts;
    return lease.draft().expect(view, HEAD, 'head');
  }
}

function ownedBy(table: AssignmentTable): Map<ServerId, number | OwnedSince[]> {
  const owned = new Map<ServerId, OwnedSince[]>();
  for (const [resource, { server, since }] of table.entries()) {
    const list = owned.get(server);
    if (list === undefined) owned.set(server, [[resource, since]]);
    else list.push([resource, since]);
  }
  return owned;
}

import type { Clock } from '../../core/clock/port.js';
import type { LostSourcePolicy, MemberId, ResourceId, ServerId } from '../../core/domain.js';
import type { Log } from '../../core/log.js';
import type { Net } from '../../core/net/port.js';
import type { Draft } from '../../core/table-store/draft.js';
import type { TableStore } from '../../core/table-store/port.js';
import type { LostRecord } from '../../core/table-store/records/server.js';
import { LOST, SERVER, SERVER_STATE } from '../../core/table-store/records/server.js';
import { MEMBER, ROSTER } from '../../core/table-store/records/switch.js';
import type { TableView } from '../../core/table-store/view.js';
import { messageOf } from '../../core/text.js';
import type { CoordinatorLease } from './coordinator-lease.js';
import { isPanic, soundings } from './panic.js';
import type { Members } from './peers.js';

export interface LostServersParts {
  readonly store: TableStore;
  readonly view: TableView;
  readonly clock: Clock;
  readonly net: Pick<Net, 'call'>;
  readonly log: Log;
  readonly membership: Members;
  readonly lease: CoordinatorLease;
  readonly policyOf: (resource: ResourceId) => LostSourcePolicy;
}

export interface LostServersOptions {
  /** How long an agent serves after the stamp of the last renewal. */
  readonly servingLeaseMs: number;
  readonly servingMarginMs: number;
  /** Called by POST with the server's name once it is lost; a 2xx answer says that it is surely off. */
  readonly fenceHook: string | undefined;
  readonly fenceHookTimeoutMs: number;
}

/**
 * Which servers are lost, and when a lost one surely does not act any more. Lost: the majority of the live
 * redirectors cannot reach it; a single cut link is no loss. Gone: it is known to be dead, or the resource
 * prefers availability, or the serving lease that its agent keeps has run out after everybody stopped
 * renewing it. Dead: everybody has stopped renewing it, and has seen after that its host refuse connections
 * (then no life of it serves that anybody renewed), or the fence hook says so. Used by the coordinator only.
 *
 * While more than half of the servers are silent at once (`panic.ts`) none of those is taken for lost, none that
 * was is fenced, and nothing more is taken from it: the table stays as it is. What is known to be dead is lost
 * all the same, and a switch that was open before goes on.
 */
export class LostServers {
  readonly #parts: LostServersParts;
  #options: LostServersOptions;
  /** Loss → monotonic time since which nobody renews the serving lease. */
  readonly #unrenewedSinceMs = new Map<string, number>();
  /** Losses about which the hook is being asked, or was not long ago; and those that it settled. */
  readonly #hooked = new Set<string>();
  readonly #fenced = new Set<string>();
  #isPanic = false;

  constructor(parts: LostServersParts, options: LostServersOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  reconfigure(options: LostServersOptions): void {
    this.#options = options;
  }

  isLost(server: ServerId): boolean {
    return this.#parts.view.get(LOST, server) !== undefined;
  }

  isGone(server: ServerId, resource: ResourceId): boolean {
    const lost = this.#parts.view.get(LOST, server)?.value;
    if (lost === undefined) return false;
    if (lost.evidence === 'dead' || this.#parts.policyOf(resource) === 'availability') return true;
    const sinceMs = this.#unrenewedSinceMs.get(lost.loss);
    if (sinceMs === undefined) return false;
    const { servingLeaseMs, servingMarginMs } = this.#options;
    return this.#parts.clock.monotonicMs() >= sinceMs + servingLeaseMs + servingMarginMs;
  }

  /** It counts as lost, but nothing is to be taken from it: it is silent as most of the others are. */
  isSpared(server: ServerId): boolean {
    const lost = this.#parts.view.get(LOST, server)?.value;
    return this.#isPanic && lost?.evidence === 'silent';
  }

  /** To be called with each look at the store, also by those who do not coordinate: each says what it sees. */
  note(): void {
    const { view, membership, log } = this.#parts;
    const found = soundings(view, membership.liveMembers());
    if (this.#isPanic === isPanic(found)) return;
    this.#isPanic = !this.#isPanic;
    membership.report({ panic: this.#isPanic });
    const { silent, heard } = found;
    if (this.#isPanic) log.error({ silent, heard }, 'most servers silent: no failover');
    else log.warn({ silent, heard }, 'most servers heard: failover again');
  }

  /** It counts as lost, and the majority cannot reach it still: the record alone may be of a store that came back. */
  isStillLost(server: ServerId): boolean {
    return this.isLost(server) && this.#isMajority(this.#reporters(server).length);
  }

  /** Servers that count as lost and answer the majority again. */
  returning(): ServerId[] {
    return [...this.#parts.view.all(LOST).keys()].filter((server) => !this.isStillLost(server));
  }

  /** Records new losses and better evidence. True: something was written. */
  async update(): Promise<boolean> {
    // By the same look as what follows: more may have fallen silent since the last.
    this.note();
    this.#watchLeases();
    for (const server of this.#parts.view.all(SERVER).keys()) {
      const reporters = this.#reporters(server);
      if (!this.#isMajority(reporters.length)) continue;
      const lost = this.#parts.view.get(LOST, server)?.value;
      if (lost === undefined) {
        if (this.#isPanic && !this.#isRefusedTo(reporters, server)) continue;
        return this.#record(server, reporters);
      }
      if (lost.evidence !== 'silent') continue;
      if (this.#isRefusedToAll(server, lost)) {
        return this.#confirm(server, lost, 'its host refuses connections');
      }
      if (this.#fenced.has(lost.loss)) {
        return this.#confirm(server, lost, 'the fence hook says so');
      }
      if (this.#isPanic || !this.#unrenewedSinceMs.has(lost.loss)) continue;
      void this.#callHook(server, lost);
    }
    return false;
  }

  /** The server is back and owns nothing that is not its own: it counts as reachable again. */
  async welcome(server: ServerId): Promise<void> {
    const { store, view, log } = this.#parts;
    const draft = this.#draft(server).remove(LOST, server);
    await store.transact(draft.transaction);
    await view.sync();
    log.info({ server }, 'server is back');
  }

  /** The live members that cannot reach the server. */
  #reporters(server: ServerId): MemberId[] {
    const { view, membership } = this.#parts;
    return membership
      .liveMembers()
      .filter((member) => view.get(MEMBER, member)?.value.unreachable[server] !== undefined);
  }

  #isMajority(count: number): boolean {
    return 2 * count > this.#parts.membership.liveMembers().length;
  }

  #isRefusedTo(members: readonly MemberId[], server: ServerId): boolean {
    const { view } = this.#parts;
    return members.every(
      (member) => view.get(MEMBER, member)?.value.unreachable[server]?.evidence === 'refused',
    );
  }

  /** Each member renews no more, and its last check was refused; or what it renewed has run out. */
  #isRefusedToAll(server: ServerId, { loss }: LostRecord): boolean {
    const { view, membership } = this.#parts;
    const { servingLeaseMs, servingMarginMs } = this.#options;
    const members = [...view.all(MEMBER)].filter(
      ([id, { value }]) => !membership.isLongOver(id, value.boot, servingLeaseMs + servingMarginMs),
    );
    return members.every(
      ([, { value }]) =>
        value.abandoned[server] === loss && value.unreachable[server]?.evidence === 'refused',
    );
  }

  /** Holds only while everybody still says what this was judged by, and nobody has joined, or come back, who might reach it. */
  async #record(server: ServerId, reporters: readonly MemberId[]): Promise<boolean> {
    const { view, clock, log } = this.#parts;
    const lost: LostRecord = {
      loss: `${server}@${view.revision}`,
      evidence: 'silent',
      how: `no answer to ${reporters.length} redirectors`,
      sinceMs: clock.realtimeMs(),
    };
    const draft = this.#draft(server).expect(view, ROSTER, 'members');
    // Whether most are silent depends on what all say of all, and on which of them are meant to serve.
    for (const member of view.all(MEMBER).keys()) draft.expect(view, MEMBER, member);
    for (const each of view.all(SERVER).keys()) draft.expect(view, SERVER_STATE, each);
    if (await this.#write(draft.put(LOST, server, lost))) log.warn({ server }, 'server lost');
    return true;
  }

  async #confirm(server: ServerId, lost: LostRecord, how: string): Promise<boolean> {
    const dead: LostRecord = { ...lost, evidence: 'dead', how };
    const isWritten = await this.#write(this.#draft(server).put(LOST, server, dead));
    if (isWritten) this.#parts.log.warn({ server, how }, 'lost server is dead');
    return true;
  }

  async #write(draft: Draft): Promise<boolean> {
    const { store, view } = this.#parts;
    const { committed } = await store.transact(draft.transaction);
    await view.sync();
    return committed;
  }

  #draft(server: ServerId): Draft {
    const { view, lease } = this.#parts;
    return lease.draft().expect(view, LOST, server);
  }

  /** Notes since when every live redirector has stopped renewing, and every other one's lease is over. */
  #watchLeases(): void {
    const { view, membership, clock } = this.#parts;
    const members = [...view.all(MEMBER)];
    const current = new Set<string>();
    for (const [server, { value: lost }] of view.all(LOST)) {
      current.add(lost.loss);
      if (this.#unrenewedSinceMs.has(lost.loss)) continue;
      const isUnrenewed = members.every(
        ([id, { value }]) =>
          value.abandoned[server] === lost.loss || membership.isOver(id, value.boot),
      );
      if (isUnrenewed) this.#unrenewedSinceMs.set(lost.loss, clock.monotonicMs());
    }
    for (const known of [this.#unrenewedSinceMs, this.#hooked, this.#fenced]) {
      for (const loss of known.keys()) if (!current.has(loss)) known.delete(loss);
    }
  }

  /** The hook may be called again for the same loss: after a failure, or by another coordinator. */
  async #callHook(server: ServerId, { loss }: LostRecord): Promise<void> {
    const { net, log, clock } = this.#parts;
    const { fenceHook, fenceHookTimeoutMs } = this.#options;
    if (fenceHook === undefined || this.#hooked.has(loss)) return;
    this.#hooked.add(loss);
    try {
      const { status } = await net.call({
        method: 'POST',
        url: fenceHook,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ server }),
        timeoutMs: fenceHookTimeoutMs,
        answerBytesMax: 65_536,
      });
      if (status >= 200 && status < 300) this.#fenced.add(loss);
      else log.error({ server, status }, 'fence hook failed');
    } catch (err) {
      log.error({ server, err, why: messageOf(err) }, 'fence hook failed');
    }
    if (this.#fenced.has(loss)) return;
    await clock.sleep(fenceHookTimeoutMs);
    this.#hooked.delete(loss);
  }
}

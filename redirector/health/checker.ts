import type { LeaseAnswer } from '../../core/agent-protocol.js';
import type { Cancel, Clock } from '../../core/clock/port.js';
import type { ServerId } from '../../core/domain.js';
import type { Address } from '../../core/domain.js';
import { formatAddress } from '../../core/domain.js';
import { codeOf } from '../../core/errors.js';
import type { Log } from '../../core/log.js';
import type { Net } from '../../core/net/port.js';
import type { Rng } from '../../core/rng.js';
import type { MemberRecord } from '../../core/table-store/records/switch.js';
import type { ServerRecord } from '../../core/table-store/records/server.js';
import { LOST, SERVER } from '../../core/table-store/records/server.js';
import type { TableView } from '../../core/table-store/view.js';
import type { AgentClient } from '../agents.js';
import type { Membership } from '../membership.js';
import type { Evidence } from './server-health.js';
import { ServerHealth } from './server-health.js';

export interface HealthOptions {
  readonly checkMs: number;
  /** After a failed check that decides nothing yet, and after work that could not connect. */
  readonly recheckMs: number;
  readonly timeoutMs: number;
  readonly fall: number;
  readonly rise: number;
  /** Given to agents with each check. */
  readonly servingLeaseMs: number;
}

export const HEALTH_DEFAULTS: HealthOptions = {
  checkMs: 1000,
  recheckMs: 100,
  timeoutMs: 1000,
  fall: 2,
  rise: 2,
  servingLeaseMs: 3000,
};

export interface HealthParts {
  readonly view: TableView;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly net: Net;
  readonly log: Log;
  readonly agents: AgentClient;
  readonly membership: Membership;
  readonly expectedDigest: (server: ServerId) => number;
  /** It may speak for the table. */
  readonly mayVouch: () => boolean;
  /** The server answers: work that waits for it may go on. */
  readonly onReachable: (server: ServerId) => void;
  /** It can be reached now and could not before, or the other way round. */
  readonly onVerdict: () => void;
}

interface Checked {
  readonly health: ServerHealth;
  /** The agent's last answer to this redirector, and when it came. */
  answer: LeaseAnswer | undefined;
  answeredAtMs: number;
  /** Wall clock of the last change of the verdict. */
  sinceMs: number;
  cancelNext: Cancel;
  isChecking: boolean;
}

/**
 * Checks every server again and again, renews the serving leases of its agents on the way, and tells the
 * other redirectors which servers cannot be reached from here.
 */
export class HealthChecker {
  readonly #parts: HealthParts;
  #options: HealthOptions;
  readonly #servers = new Map<ServerId, Checked>();
  #signal: AbortSignal | undefined;

  constructor(parts: HealthParts, options: Partial<HealthOptions> = {}) {
    this.#parts = parts;
    this.#options = { ...HEALTH_DEFAULTS, ...options };
  }

  /** Checks until the signal aborts. */
  run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    const end = this.#parts.view.onChange(() => {
      this.#follow();
    });
    this.#follow();
    return new Promise((resolve) => {
      const stop = (): void => {
        end();
        for (const { cancelNext } of this.#servers.values()) cancelNext();
        resolve();
      };
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
  }

  /** From now on; what is under way goes on by what was so when it began. */
  reconfigure(options: Partial<HealthOptions>): void {
    this.#options = { ...this.#options, ...options };
  }

  lastAnswer(server: ServerId): LeaseAnswer | undefined {
    return this.#servers.get(server)?.answer;
  }

  /** When the last answer came (monotonic); −Infinity: never. */
  answeredAtMs(server: ServerId): number {
    return this.#servers.get(server)?.answeredAtMs ?? -Infinity;
  }

  isReachable(server: ServerId): boolean {
    return this.#servers.get(server)?.health.unreachable === undefined;
  }

  /** Work could not connect: find out at once. */
  suspect(server: ServerId): void {
    const checked = this.#servers.get(server);
    if (checked === undefined || checked.isChecking) return;
    this.#schedule(server, checked, 0);
  }

  /** As many checks as there are servers; the first of each at a random time of the period. */
  #follow(): void {
    const { view, rng, membership } = this.#parts;
    const known = view.all(SERVER);
    for (const server of known.keys()) {
      if (this.#servers.has(server)) continue;
      const checked: Checked = {
        health: new ServerHealth(this.#options),
        answer: undefined,
        answeredAtMs: -Infinity,
        sinceMs: 0,
        cancelNext: () => undefined,
        isChecking: false,
      };
      this.#servers.set(server, checked);
      this.#schedule(server, checked, this.#options.recheckMs * rng.next());
    }
    for (const [server, { cancelNext, health }] of this.#servers) {
      if (known.has(server)) continue;
      cancelNext();
      this.#servers.delete(server);
      // Should it be known again, it is another to us: nothing would take back what was said of it.
      if (health.unreachable !== undefined) this.#report();
    }
    const lost = [...view.all(LOST)].map(([server, { value }]) => [server, value.loss] as const);
    membership.report({ abandoned: Object.fromEntries(lost) });
  }

  #schedule(server: ServerId, checked: Checked, afterMs: number): void {
    checked.cancelNext();
    if (this.#signal?.aborted !== false) return;
    checked.cancelNext = this.#parts.clock.after(afterMs, () => {
      void this.#check(server, checked);
    });
  }

  async #check(server: ServerId, checked: Checked): Promise<void> {
    const { view, clock, rng, log, onReachable, onVerdict } = this.#parts;
    const record = view.get(SERVER, server)?.value;
    if (record === undefined || checked.isChecking) return;
    checked.isChecking = true;
    const before = checked.health.unreachable;
    const failure = await this.#ask(server, record, checked);
    checked.isChecking = false;
    if (this.#servers.get(server) !== checked) return;
    if (failure === undefined) checked.health.succeeded();
    else checked.health.failed(failure);
    const after = checked.health.unreachable;
    if (before !== after) {
      checked.sinceMs = clock.realtimeMs();
      log.info({ server, unreachable: after ?? null }, 'server verdict changed');
      this.#report();
      onVerdict();
    }
    if (failure === undefined) onReachable(server);
    const { checkMs, recheckMs } = this.#options;
    const isUnsure = checked.health.isDoubtful || (failure === undefined && after !== undefined);
    this.#schedule(server, checked, isUnsure ? recheckMs : checkMs * (0.9 + 0.2 * rng.next()));
  }

  /** What is wrong; undefined: nothing. */
  async #ask(
    server: ServerId,
    record: ServerRecord,
    checked: Checked,
  ): Promise<Evidence | undefined> {
    try {
      if (this.#parts.agents.hasAgent(server)) return await this.#renew(server, checked);
      return await this.#probe(record);
    } catch (error) {
      return codeOf(error) === 'ERR_CALL_REFUSED' ? 'refused' : 'silent';
    }
  }

  async #renew(server: ServerId, checked: Checked): Promise<Evidence | undefined> {
    const { agents, membership, view, expectedDigest, mayVouch } = this.#parts;
    // Only a live member may speak for the table; and nobody renews the lease of a server that is lost, or
    // that it tells the others it cannot reach: whoever calls it dead counts on that.
    const isEntitled =
      membership.isLive() &&
      mayVouch() &&
      view.get(LOST, server) === undefined &&
      checked.health.unreachable === undefined;
    checked.answer = await agents.lease(server, {
      leaseMs: isEntitled ? this.#options.servingLeaseMs : 0,
      boot: checked.answer?.boot ?? null,
      digest: isEntitled ? expectedDigest(server) : null,
      stamp: checked.answer?.stamp ?? null,
    });
    checked.answeredAtMs = this.#parts.clock.monotonicMs();
    // Its agent lives, and may let requests in once the server is back: that is not dead.
    return checked.answer.serving ? undefined : 'silent';
  }

  async #probe({ address, healthPath }: ServerRecord): Promise<Evidence | undefined> {
    const { net } = this.#parts;
    const { timeoutMs } = this.#options;
    if (healthPath === null) return connects(net, address, timeoutMs);
    const { status } = await net.call({
      method: 'GET',
      url: `http://${formatAddress(address)}${healthPath}`,
      timeoutMs,
      answerBytesMax: 1 << 16,
    });
    return status < 400 ? undefined : 'silent';
  }

  #report(): void {
    const unreachable: Record<ServerId, MemberRecord['unreachable'][ServerId]> = {};
    for (const [server, { health, sinceMs }] of this.#servers) {
      const evidence = health.unreachable;
      if (evidence !== undefined) unreachable[server] = { evidence, sinceMs };
    }
    this.#parts.membership.report({ unreachable });
  }
}

function connects(net: Net, address: Address, timeoutMs: number): Promise<Evidence | undefined> {
  return new Promise((resolve) => {
    const connection = net.connect(address, { timeoutMs });
    connection.handler = {
      opened: () => {
        resolve(undefined);
        connection.destroy();
      },
      data: () => undefined,
      drained: () => undefined,
      ended: () => undefined,
      closed: (reason) => {
        resolve(reason === 'refused' ? 'refused' : 'silent');
      },
    };
  });
}

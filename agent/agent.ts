import { AGENT_PATHS, isSameToken } from '../core/agent-protocol.js';
import type { Announcement } from '../core/agent-protocol.js';
import type { Clock } from '../core/clock/port.js';
import type { MetricsSource } from '../core/config/metrics-source.js';
import type { Address, Dimension, Fence, ResourceId, ServerId } from '../core/domain.js';
import { fail } from '../core/errors.js';
import { parseJson } from '../core/json.js';
import type { Startable } from '../core/lifecycle.js';
import type { Log } from '../core/log.js';
import { headerOf } from '../core/net/http/header-list.js';
import type { HttpHandler, HttpRoute } from '../core/net/http-route.js';
import { HttpServer } from '../core/net/http-server.js';
import { isUnspecified } from '../core/net/ip.js';
import type { Net } from '../core/net/port.js';
import type { TableStore } from '../core/table-store/port.js';
import { Announcer } from './announcer.js';
import type { Attachments } from './attachments.js';
import type { ControlHandler } from './control.js';
import { controlHandlers } from './control.js';
import { NewOwners } from './new-owners.js';
import { Ownership } from './ownership.js';
import { RequestGate } from './request-gate.js';

export interface AgentParts {
  readonly net: Net;
  readonly clock: Clock;
  readonly log: Log;
  /** The agent's own, beside its server: what it owns outlives it. */
  readonly store: TableStore;
  /** Names this life of the agent. */
  readonly boot: string;
  /** The server answers. */
  readonly isServing: () => boolean;
  /** What the server may serve, now. */
  readonly resources: () => readonly ResourceId[];
  /** Which of them it serves beside others, at the same time; left out: none. */
  readonly isShared?: (resource: string) => boolean;
  /** How the server is kept from serving what it does not own; left out: each request is looked at. */
  readonly attachments?: Attachments | undefined;
}

export interface AgentOptions {
  readonly server: ServerId;
  /** Where redirectors send clients' requests; asked for at each announcement, since a port may be chosen late. */
  readonly address: () => Address;
  /** Where redirectors reach the agent itself. */
  readonly control: Address;
  /** The host by which others reach both; undefined: as they listen. */
  readonly advertise?: string | undefined;
  readonly apiUrls: readonly string[];
  readonly token: string;
  readonly fence: Fence;
  readonly capacity: Readonly<Partial<Record<Dimension, number>>>;
  readonly zone: string | null;
  /** Where the server's load can be read; asked for at each announcement. */
  readonly metrics: () => MetricsSource | null;
  readonly announceLeaseMs: number;
  readonly announceTimeoutMs: number;
  readonly bootGraceMs: number;
}

export const AGENT_DEFAULTS = {
  fence: 'request',
  capacity: {},
  zone: null,
  metrics: () => null,
  announceLeaseMs: 3000,
  announceTimeoutMs: 1000,
  bootGraceMs: 2000,
} as const;

const BODY_BYTES_MAX = 16 << 20;

/**
 * Our part beside a server: says that it is there and what it may serve, owns and gives up resources as it is
 * told, and keeps out requests that come too late.
 */
export class Agent implements Startable {
  readonly #parts: AgentParts;
  readonly #options: AgentOptions;
  readonly #newOwners = new NewOwners();
  readonly #control: HttpServer;
  readonly #stopping = new AbortController();
  #ownership: Ownership | undefined;
  #gate: RequestGate | undefined;
  #announcer: Announcer | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: AgentParts, options: AgentOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#control = new HttpServer(parts, this.#routes(), {
      at: options.control,
      bodyBytesMax: BODY_BYTES_MAX,
    });
  }

  get isStarted(): boolean {
    return this.#ownership !== undefined;
  }

  /** Its last announcement was taken. */
  get isAnnounced(): boolean {
    return this.#announcer?.isHeard === true;
  }

  /** The fence in front of the server; before the start there is none. */
  get gate(): RequestGate {
    return this.#gate ?? fail('ERR_AGENT_NOT_STARTED', { server: this.#options.server });
  }

  get ownership(): Ownership {
    return this.#ownership ?? fail('ERR_AGENT_NOT_STARTED', { server: this.#options.server });
  }

  /** Where the agent really listens. */
  get control(): Address {
    return this.#control.address;
  }

  /** @throws ERR_ADVERTISE_MISSING, ERR_LISTEN_FAILED, ERR_STORE_UNAVAILABLE */
  async start(): Promise<void> {
    const { bootGraceMs, server, address, control } = this.#options;
    for (const { host } of [this.#advertised(address()), this.#advertised(control)]) {
      if (isUnspecified(host)) fail('ERR_ADVERTISE_MISSING', { server, host });
    }
    const ownership = await Ownership.open(this.#parts, { bootGraceMs });
    const { net, clock, log, attachments } = this.#parts;
    const owned = ownership.owned().map(({ resource }) => resource);
    // A server that starts later finds it as it should be.
    if ((await attachments?.begin(owned)) === false)
      log.warn({}, 'the server does not serve as owned yet');
    this.#ownership = ownership;
    const { isShared = () => false } = this.#parts;
    const self = () => ({ server, address: this.#advertised(address()) });
    this.#gate = new RequestGate({ ownership, newOwners: this.#newOwners, self, isShared });
    await this.#control.start();
    const announcer = new Announcer(
      { net, clock, log, announcement: () => this.#announcement(ownership) },
      {
        apiUrls: this.#options.apiUrls,
        token: this.#options.token,
        leaseMs: this.#options.announceLeaseMs,
        timeoutMs: this.#options.announceTimeoutMs,
      },
    );
    this.#announcer = announcer;
    this.#running = announcer.run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('stopping'));
    await this.#running;
    await this.#control.stop();
  }

  #announcement(ownership: Ownership): Announcement {
    const { server, address, fence, capacity, zone, metrics, announceLeaseMs } = this.#options;
    return {
      server,
      boot: ownership.boot,
      address: this.#advertised(address()),
      control: this.#advertised(this.control),
      fence,
      capacity,
      zone,
      metrics: metrics(),
      resources: [...this.#parts.resources()].sort(),
      claims: ownership.owned(),
      leaseMs: announceLeaseMs,
    };
  }

  #advertised({ host, port }: Address): Address {
    return { host: this.#options.advertise ?? host, port };
  }

  #routes(): HttpRoute[] {
    return Object.values(AGENT_PATHS).map((path) => ({
      method: 'POST',
      path,
      handler: this.#authorized((body) => this.#handler(path)(body)),
    }));
  }

  #handler(path: string): ControlHandler {
    const { clock, log, isServing } = this.#parts;
    const handlers = controlHandlers({
      ownership: this.ownership,
      newOwners: this.#newOwners,
      clock,
      log,
      isServing,
    });
    return handlers.get(path) ?? fail('ERR_AGENT_NOT_STARTED', { server: this.#options.server });
  }

  /** Only who knows this server's token may tell it what it owns. */
  #authorized(handle: ControlHandler): HttpHandler {
    const { server, token } = this.#options;
    const limits = { bytesMax: BODY_BYTES_MAX, depthMax: 8 };
    return async ({ headers, body }) => {
      const given = headerOf(headers, 'authorization') ?? '';
      if (!isSameToken(given, `Bearer ${token}`)) fail('ERR_AGENT_TOKEN', { server });
      const message = parseJson(Buffer.from(body).toString() || '{}', 'the message', limits);
      return {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(await handle(message)),
      };
    };
  }
}

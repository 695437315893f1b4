import type { Address, ResourceId, ServerId } from '../../../core/domain.js';
import type { SwitchMove } from '../../data-plane.js';
import type { KeptSession } from '../../sessions/session-book.js';
import type { ProtocolAdapter, Transfer, VacateHow } from '../adapter.js';
import type { FrontListener } from '../fronts.js';
import { Fronts } from '../fronts.js';
import { UNSEEN } from '../servers.js';
import { PlainTransfer } from '../transfer.js';
import { WorkUnderWay } from '../under-way.js';
import { ByteBudget } from './composite/byte-budget.js';
import { ChapTries } from './chap-tries.js';
import type { IscsiAdapterParts, IscsiContext } from './context.js';
import { IscsiCounters } from './counters.js';
import { IscsiClient } from './iscsi-client.js';
import { IscsiTransfer } from './iscsi-transfer.js';
import { LoginFaults } from './login-faults.js';
import { Nexuses } from './nexuses.js';
import type { IscsiOptions } from './options.js';
import { ISCSI_DEFAULTS } from './options.js';
import type { ServerLogin } from './server-proof.js';
import { ServerProof } from './server-proof.js';
import type { ChapParty, ClientTarget, IscsiTarget } from './targets.js';
import { AbsentClient } from './absent-client.js';
import { ISCSI, Reservations } from './reservations.js';
import { Targets } from './targets.js';
import { Units } from './units.js';

/** All targets are behind each of them. */
export type IscsiListener = FrontListener<undefined>;

export interface IscsiSetting {
  readonly listeners: readonly IscsiListener[];
  readonly targets: readonly ClientTarget[];
  /** How we log on to a server for a target; undefined: by our address alone. */
  readonly loginOf?: LoginOf | undefined;
  readonly options?: Partial<IscsiOptions>;
}

export type LoginOf = (server: ServerId, target: IscsiTarget) => ServerLogin | undefined;

const NO_LOGIN: LoginOf = () => undefined;

/**
 * iSCSI: each SCSI command is a piece of work for the resource that its target is, or its LUN there. Clients log in here and stay
 * logged in, whichever server is behind; at the servers each client has a session of its own, under its own name.
 */
export class IscsiAdapter implements ProtocolAdapter {
  readonly protocol = ISCSI;
  readonly counters = new IscsiCounters();
  readonly #parts: IscsiAdapterParts;
  readonly #context: IscsiContext;
  readonly #fronts: Fronts<undefined, IscsiClient>;
  #options: IscsiOptions;
  #targets: Targets;
  #loginOf: LoginOf;
  #sessionHandle = 0;

  constructor(parts: IscsiAdapterParts, setting: IscsiSetting) {
    const { listeners, targets, loginOf = NO_LOGIN, options = {} } = setting;
    this.#parts = parts;
    this.#options = { ...ISCSI_DEFAULTS, ...options };
    this.#loginOf = loginOf;
    this.#targets = new Targets(targets);
    this.#context = this.#contextOf(parts);
    const { net, clock } = parts;
    const { counters } = this;
    this.#fronts = new Fronts(
      {
        net,
        clock,
        counters,
        limits: () => this.#options,
        turnedAway: (why) => {
          counters.cutFor(why);
        },
        admit: (connection, _route, onClosed) => {
          counters.accepted += 1;
          return new IscsiClient({ connection, context: this.#context, onClosed });
        },
      },
      listeners,
    );
  }

  get addresses(): readonly Address[] {
    return this.#fronts.addresses;
  }

  /** @throws ERR_LISTEN_FAILED */
  start(): Promise<void> {
    return this.#fronts.start();
  }

  /** Other listeners, targets and options, for logins from now on. @throws ERR_LISTEN_FAILED: nothing was changed */
  async reconfigure(setting: IscsiSetting): Promise<void> {
    const { listeners, targets, loginOf = NO_LOGIN, options = {} } = setting;
    await this.#fronts.reconfigure(listeners);
    this.#targets = new Targets(targets);
    this.#loginOf = loginOf;
    this.#options = { ...this.#options, ...options };
  }

  leave(): void {
    this.#fronts.leave();
  }

  /** Takes no more commands; those under way have `graceMs` to end. */
  async stop(graceMs = 10_000): Promise<void> {
    await this.#fronts.stop(graceMs);
    for (const client of this.#context.nexuses.absent) client.reinstated();
  }

  vacate(ip: string, how: VacateHow, signal: AbortSignal): Promise<void> {
    return this.#fronts.vacate(ip, how, signal);
  }

  transfer(move: SwitchMove): Transfer {
    const context = this.#context;
    const { gate, drainPolicyOf } = this.#parts;
    const plain = new PlainTransfer(
      move,
      // Whether the target answers is seen when clients get their sessions there.
      { gate, underWay: context.underWay, drainPolicyOf, reach: () => Promise.resolve(undefined) },
      this.#options.obstacleAgeMs,
    );
    return new IscsiTransfer(move, { context, plain });
  }

  /** What clients have reserved goes on to keep others out, whether they are here yet or not. */
  adopt(scope: string, sessions: readonly KeptSession[]): Promise<void> {
    const { reservations, nexuses } = this.#context;
    for (const port of reservations.adopt(scope, sessions, this.#targets)) {
      const client = nexuses.at(port.name);
      if (client === undefined) nexuses.add(new AbsentClient(this.#context, port));
      else for (const back of client.openBacks) back.retire();
    }
    return Promise.resolve();
  }

  /** It does so at another redirector. */
  relinquish(scope: string): void {
    const { reservations, nexuses } = this.#context;
    for (const { name } of reservations.leave(scope)) nexuses.at(name)?.reinstated();
  }

  bypassesFence(resource: ResourceId): boolean {
    return this.#targets.has(resource);
  }

  #contextOf(parts: IscsiAdapterParts): IscsiContext {
    const { net, clock, gate, servers, randomBytes, storedSecretOf, sessions } = parts;
    const { work = UNSEEN, loginRefused = () => undefined } = parts;
    const secretOf =
      (kind: 'chap' | 'server-chap') =>
      ({ user, secret }: ChapParty): string | undefined =>
        secret ?? storedSecretOf({ kind, user });
    const nexuses = new Nexuses();
    const options = (): IscsiOptions => this.#options;
    const targets = (): Targets => this.#targets;
    return {
      ...{ net, clock, gate, work, randomBytes, counters: this.counters },
      get options() {
        return options();
      },
      get targets() {
        return targets();
      },
      tries: new ChapTries(clock, options),
      nexuses,
      reservations: new Reservations({
        ...{ clock, sessions },
        emptied: ({ name }) => {
          const client = nexuses.at(name);
          if (client?.isHere === false) client.reinstated();
        },
      }),
      scopeOf: (ip) => sessions?.scopeOf(ip),
      units: new Units(),
      loginFaults: new LoginFaults(loginRefused),
      compositeBytes: new ByteBudget(
        () => this.#options.compositeBytesMax,
        (used) => {
          this.counters.compositeBytes = used;
        },
      ),
      underWay: new WorkUnderWay(),
      secretOf: secretOf('chap'),
      addressOf: (server) => servers.addressOf(gate.serverId(server)),
      linkOf: (server) => servers.linkOf(gate.serverId(server)),
      proofAt: (server, target) => {
        const login = this.#loginOf(gate.serverId(server), target);
        if (login === undefined) return undefined;
        return new ServerProof({ login, randomBytes, secretOf: secretOf('server-chap') });
      },
      suspect: (server) => {
        servers.suspect(gate.serverId(server));
      },
      sessionHandle: () => (this.#sessionHandle = (this.#sessionHandle % 0xffff) + 1),
    };
  }
}

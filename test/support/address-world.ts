import type { Cancel, Clock } from '../../core/clock/port.js';
import type { SimulatedClock } from '../../core/clock/simulated.js';
import { sleepOn } from '../../core/clock/sleep.js';
import type { ErrorCode } from '../../core/errors.js';
import { fail } from '../../core/errors.js';
import { MemoryAddressDriver } from '../../core/floating-address/memory.js';
import type { AddressDriver, FloatingAddress } from '../../core/floating-address/port.js';
import { SILENT_LOG } from '../../core/log.js';
import type { HttpRoute } from '../../core/net/http-route.js';
import { headerList } from '../../core/net/http/header-list.js';
import type { CallAnswer, Net, OutboundCall } from '../../core/net/port.js';
import { MemorySessionStore } from '../../core/session-store/memory.js';
import type { SessionStore } from '../../core/session-store/port.js';
import { MemoryTableStore } from '../../core/table-store/memory.js';
import type { TableStore } from '../../core/table-store/port.js';
import { TableView } from '../../core/table-store/view.js';
import { Addresses } from '../../redirector/addresses/addresses.js';
import type { SharedAddress } from '../../redirector/addresses/claims.js';
import type { AddressesOptions } from '../../redirector/addresses/options.js';
import { ADDRESSES_DEFAULTS } from '../../redirector/addresses/options.js';
import type { ProtocolAdapter } from '../../redirector/adapters/adapter.js';
import { Inheritance } from '../../redirector/sessions/inheritance.js';
import type { KeptSession } from '../../redirector/sessions/session-book.js';
import { SessionBook } from '../../redirector/sessions/session-book.js';
import { Membership } from '../../redirector/membership.js';
import { m } from './names.js';

/*
 * Machines with a redirector's membership and addresses on each, one table store, and what can go wrong with them:
 * processes are killed, paused and started again, links to the store and among them are cut, clocks run at rates of
 * their own. What stands on a machine's interfaces lives on without its process, as in a kernel.
 */

export const LEASES = { leaseMs: 10_000, leaseMarginMs: 2000 };
const CALL_MS = 5;

export function sharedAddress(ip: string, ...prefer: readonly string[]): SharedAddress {
  return { ip, prefixLength: 32, interface: 'eth0', prefer: prefer.map(m) };
}

/** The clock of a machine; its monotonic time runs at its own rate. */
class MachineClock implements Clock {
  readonly #world: SimulatedClock;
  readonly #rate: number;

  constructor(world: SimulatedClock, rate: number) {
    this.#world = world;
    this.#rate = rate;
  }

  realtimeMs(): number {
    return this.#world.realtimeMs();
  }

  monotonicMs(): number {
    return this.#world.monotonicMs() * this.#rate;
  }

  after(ms: number, run: () => void): Cancel {
    return this.#world.after(ms / this.#rate, run);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }
}

/** What happens to a process: as long as it is paused nothing goes on in it; once it is killed nothing ever does. */
class Running {
  isPaused = false;
  isKilled = false;
  #waiting: (() => void)[] = [];

  go(run: () => void): void {
    if (this.isKilled) return;
    if (this.isPaused) this.#waiting.push(run);
    else run();
  }

  /** Answers reach a process only while it runs. */
  async gate<Result>(result: Promise<Result>): Promise<Result> {
    const settled = await result.then(
      (value) => () => value,
      (error: unknown) => () => {
        throw error;
      },
    );
    await new Promise<void>((resolve) => {
      this.go(resolve);
    });
    return settled();
  }

  resume(): void {
    this.isPaused = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const run of waiting) this.go(run);
  }
}

class ProcessClock implements Clock {
  readonly #machine: Clock;
  readonly #running: Running;

  constructor(machine: Clock, running: Running) {
    this.#machine = machine;
    this.#running = running;
  }

  realtimeMs(): number {
    return this.#machine.realtimeMs();
  }

  monotonicMs(): number {
    return this.#machine.monotonicMs();
  }

  after(ms: number, run: () => void): Cancel {
    let isOff = false;
    const cancel = this.#machine.after(ms, () => {
      this.#running.go(() => {
        if (!isOff) run();
      });
    });
    return () => {
      isOff = true;
      cancel();
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }
}

export class Machine {
  readonly name: string;
  readonly driver: MemoryAddressDriver;
  /** Whether the store, and each other machine, is reached from here. */
  isCutFromStore = false;
  isCutFromOthers = false;
  /** The driver fails while it is set. */
  isBroken = false;
  isServing = true;
  sessions: SessionBook | undefined;
  /** What was inherited, by scope, in the order in which it came. */
  readonly inherited: (readonly [scope: string, sessions: readonly KeptSession[]])[] = [];
  readonly adapter: ProtocolAdapter = {
    protocol: 'test',
    addresses: [],
    start: () => Promise.resolve(),
    leave: () => undefined,
    stop: () => Promise.resolve(),
    vacate: () => Promise.resolve(),
    transfer: () => {
      throw new Error('nothing is moved here');
    },
    adopt: (scope, sessions) => {
      this.inherited.push([scope, sessions]);
      return Promise.resolve();
    },
  };
  readonly #world: AddressWorld;
  readonly #clock: MachineClock;
  #running = new Running();
  #boots = 0;
  #addresses: Addresses | undefined;
  #membership: Membership | undefined;
  #stopping = new AbortController();

  constructor(world: AddressWorld, name: string, rate: number) {
    this.#world = world;
    this.name = name;
    this.#clock = new MachineClock(world.clock, rate);
    this.driver = new MemoryAddressDriver(this.#clock);
  }

  get isRunning(): boolean {
    return this.#addresses !== undefined && !this.#running.isPaused;
  }

  get isPaused(): boolean {
    return this.#running.isPaused;
  }

  get addresses(): Addresses {
    if (this.#addresses === undefined) throw new Error(`${this.name} does not run`);
    return this.#addresses;
  }

  get routes(): readonly HttpRoute[] | undefined {
    return this.#running.isPaused ? undefined : (this.#addresses?.routes ?? []);
  }

  /** A new process. As a redirector begins: it clears, joins, and then has part in it. */
  async start(): Promise<void> {
    const running = new Running();
    this.#running = running;
    this.isServing = true;
    this.#boots += 1;
    this.#stopping = new AbortController();
    const clock = new ProcessClock(this.#clock, running);
    const store = this.#storeOf(running);
    const parts = { store, clock, log: SILENT_LOG, self: m(this.name) };
    const view = new TableView(parts, { pollMs: 1000 });
    const boot = `${this.name}-${this.#boots}`;
    const membership = new Membership({ ...parts, view, boot }, LEASES);
    const sessionParts = { clock, log: SILENT_LOG, store: this.#gated(running) };
    const { redundancy, addresses: shared } = this.#world.options;
    this.sessions = new SessionBook(sessionParts);
    const ips = shared.map(({ ip }) => ip);
    const inheritance = new Inheritance(this.sessions, { self: m(this.name), redundancy, ips });
    const addresses = new Addresses(
      {
        ...parts,
        view,
        membership,
        driver: this.#driverOf(running),
        membersNet: this.#netOf(running),
        secret: 'a secret for tests',
        isServing: () => this.isServing,
        vacate: () => Promise.resolve(),
        inherit: (ip, term) => inheritance.take(ip, term, [this.adapter]),
        bequeath: (ip, signal) => inheritance.give(ip, [this.adapter], signal),
      },
      this.#world.options,
      LEASES,
    );
    this.#addresses = addresses;
    this.#membership = membership;
    membership.onLease = (untilMs) => {
      addresses.setLease(untilMs);
    };
    const { signal } = this.#stopping;
    void this.#live(view, membership, addresses, clock, signal);
    await Promise.resolve();
  }

  async #live(
    view: TableView,
    membership: Membership,
    addresses: Addresses,
    clock: Clock,
    signal: AbortSignal,
  ): Promise<void> {
    await addresses.clear();
    void view.follow(signal);
    membership.report({ health: { host: this.name, port: 1 } });
    for (let isIn = false; !isIn && !signal.aborted;) {
      isIn = await membership.join().then(
        () => true,
        () =>
          clock.sleep(1000, signal).then(
            () => false,
            () => false,
          ),
      );
    }
    void membership.run(signal);
    void addresses.run(signal);
  }

  /** As a redirector ends in order. */
  async stop(): Promise<void> {
    const [addresses, membership, stopping] = [this.addresses, this.#membership, this.#stopping];
    this.isServing = false;
    const areGone = await addresses.leave();
    if (areGone) await membership?.leave().catch(() => undefined);
    stopping.abort(new Error('stopped'));
    this.#addresses = undefined;
  }

  kill(): void {
    this.#running.isKilled = true;
    this.#running.isPaused = false;
    this.#addresses = undefined;
    this.#stopping.abort(new Error('killed'));
  }

  pause(): void {
    this.#running.isPaused = true;
  }

  resume(): void {
    this.#running.resume();
  }

  #storeOf(running: Running): TableStore {
    const { store, clock } = this.#world;
    const call = <Result>(work: () => Promise<Result>): Promise<Result> =>
      running.gate(
        (async () => {
          this.#assertStore('ERR_STORE_UNAVAILABLE');
          await clock.sleep(CALL_MS);
          const result = await work();
          await clock.sleep(CALL_MS);
          // It was carried out, and nobody is told.
          this.#assertStore('ERR_STORE_AMBIGUOUS');
          return result;
        })(),
      );
    return {
      read: (after) => call(() => store.read(after)),
      transact: (transaction) => call(() => store.transact(transaction)),
      watch: (notify) =>
        store.watch(() => {
          if (!this.#isStoreAway) running.go(notify);
        }),
      close: () => Promise.resolve(),
    };
  }

  #assertStore(code: ErrorCode): void {
    if (this.#isStoreAway) fail(code, { store: 'store' });
  }

  get #isStoreAway(): boolean {
    return this.isCutFromStore || this.#world.isStoreDown;
  }

  /** The session store as this process reaches it. */
  #gated(running: Running): SessionStore {
    const { sessionStore, clock } = this.#world;
    const call = <Result>(work: () => Promise<Result>): Promise<Result> =>
      running.gate(
        (async () => {
          this.#assertStore('ERR_STORE_UNAVAILABLE');
          await clock.sleep(CALL_MS);
          return work();
        })(),
      );
    return {
      put: (kind, id, value) => call(() => sessionStore.put(kind, id, value)),
      remove: (kind, id) => call(() => sessionStore.remove(kind, id)),
      get: (kind, id) => call(() => sessionStore.get(kind, id)),
      list: (kind) => call(() => sessionStore.list(kind)),
      close: () => Promise.resolve(),
    };
  }

  #driverOf(running: Running): AddressDriver {
    const { driver } = this;
    const act = (work: (address: FloatingAddress) => Promise<void>) => (address: FloatingAddress) =>
      running.gate(
        this.isBroken
          ? Promise.resolve().then(() =>
              fail('ERR_COMMAND_FAILED', { command: 'ip', why: 'broken' }),
            )
          : work(address),
      );
    return {
      limitsLife: true,
      lifeMinMs: 0,
      raise: (address, lifeMs) => act((each) => driver.raise(each, lifeMs))(address),
      announce: act(() => driver.announce()),
      shield: act((each) => driver.shield(each)),
      lower: act((each) => driver.lower(each)),
    };
  }

  #netOf(running: Running): Net {
    return {
      listen: () => Promise.reject(new Error('nobody listens here')),
      connect: () => {
        throw new Error('nobody connects here');
      },
      call: (request) => running.gate(this.#world.call(this, request)),
      afterArrivals: () => {
        throw new Error('nobody connects here');
      },
    };
  }
}

export class AddressWorld {
  readonly clock: SimulatedClock;
  readonly store: MemoryTableStore;
  readonly sessionStore = new MemorySessionStore();
  readonly options: AddressesOptions;
  readonly machines: readonly Machine[];
  isStoreDown = false;

  constructor(
    clock: SimulatedClock,
    {
      machines,
      options,
      rates = [],
    }: {
      readonly machines: readonly string[];
      readonly options: Partial<AddressesOptions>;
      readonly rates?: readonly number[];
    },
  ) {
    this.clock = clock;
    this.store = new MemoryTableStore();
    this.options = { ...ADDRESSES_DEFAULTS, ...options };
    this.machines = machines.map((name, index) => new Machine(this, name, rates[index] ?? 1));
  }

  machine(name: string): Machine {
    const found = this.machines.find((each) => each.name === name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  }

  /** On whose interfaces it is. */
  holdersOf(ip: string): string[] {
    return this.machines.filter(({ driver }) => driver.has(ip)).map(({ name }) => name);
  }

  async call(from: Machine, { url, headers, body, timeoutMs }: OutboundCall): Promise<CallAnswer> {
    const to = this.machine(new URL(url).hostname);
    await this.clock.sleep(CALL_MS);
    const isCut = from.isCutFromOthers || to.isCutFromOthers || to.routes === undefined;
    if (isCut) {
      await this.clock.sleep(timeoutMs);
      return fail('ERR_CALL_FAILED', { url, why: 'timeout' });
    }
    const route = to.routes.find(({ path }) => path === new URL(url).pathname);
    if (route === undefined) return fail('ERR_CALL_REFUSED', { url });
    const { status, body: text = '' } = await route.handler({
      method: 'POST',
      path: route.path,
      query: '',
      headers: headerList(headers ?? {}),
      body: Buffer.from(body ?? ''),
      remote: { host: from.name, port: 1 },
    });
    await this.clock.sleep(CALL_MS);
    return { status, headers: new Map(), body: Buffer.from(text) };
  }
}

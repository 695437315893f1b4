import { strict as assert } from 'node:assert';
import type { Address } from '../domain.js';
import { formatAddress } from '../domain.js';
import { ForeshiftError } from '../errors.js';
import { between, chance } from '../rng.js';
import { callOver } from './call-exchange.js';
import { callFailure } from './call-failure.js';
import { parseCallUrl } from './call-url.js';
import type {
  CallAnswer,
  ConnectOptions,
  Connection,
  Listener,
  Net,
  OutboundCall,
} from './port.js';
import type { Door } from './simulated-connection.js';
import { SimulatedConnection } from './simulated-connection.js';
import type { Link, Weather } from './simulated-pipe.js';

/** What may become of a call, beside what becomes of its connection. */
export interface CallFaults {
  /** It never arrives; the caller waits for its whole time. */
  readonly lostCallProbability: number;
  /** It is carried out, and its answer does not arrive. */
  readonly lostAnswerProbability: number;
  /** It is carried out twice, at two times. */
  readonly doubledCallProbability: number;
}

/** A host: what of it outlives its process. */
export interface Machine {
  readonly name: string;
  isUp: boolean;
  /** By port. */
  readonly doors: Map<number, OpenDoor>;
  readonly connections: Set<SimulatedConnection>;
}

interface OpenDoor {
  readonly accept: (connection: Connection) => void;
  /** For the host itself only. */
  readonly isLocal: boolean;
  readonly listener: Listener;
}

export interface HostParts {
  readonly machine: Machine;
  readonly weather: Weather;
  readonly faults: CallFaults;
  readonly find: (name: string) => Machine | undefined;
  readonly link: (from: string, to: string) => Link;
  readonly nextPort: () => number;
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1']);
const ANY = new Set(['0.0.0.0', '::', '']);

/** The network as one process on one host sees it. Once the process is dead it answers nobody: not even with an error. */
export class SimulatedHost implements Net {
  readonly #parts: HostParts;
  #isAlive = true;

  constructor(parts: HostParts) {
    this.#parts = parts;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  die(): void {
    this.#isAlive = false;
  }

  /** What is due at this moment was asked for before. */
  afterArrivals(run: () => void): void {
    this.#parts.weather.clock.after(0, () => {
      if (this.#isAlive) run();
    });
  }

  listen(at: Address, accept: (connection: Connection) => void): Promise<Listener> {
    if (!this.#isAlive) return never();
    const { machine, nextPort } = this.#parts;
    const isOwn = at.host === machine.name || ANY.has(at.host);
    const port = at.port === 0 ? nextPort() : at.port;
    const isLocal = LOOPBACK.has(at.host);
    if (!isOwn && !isLocal) return listenFailed(at, 'not an address of this host');
    if (machine.doors.has(port)) return listenFailed(at, 'already taken');
    const host = isLocal ? at.host : machine.name;
    const listener = new SimulatedListener({ host, port }, machine.doors);
    machine.doors.set(port, { accept, isLocal, listener });
    return Promise.resolve(listener);
  }

  connect(to: Address, { timeoutMs, preface, tls }: ConnectOptions): Connection {
    assert.ok(tls === undefined, 'nothing is encrypted here');
    const { machine, weather, find, link, nextPort } = this.#parts;
    const name = LOOPBACK.has(to.host) ? machine.name : to.host;
    const local = { host: machine.name, port: nextPort() };
    const client = this.#end(machine, { local, remote: to, link: link(machine.name, name) });
    if (!this.#isAlive) return client;
    client.limitOpening(timeoutMs);
    const there = find(name);
    if (there === undefined) {
      weather.clock.after(weather.latencyMs.min, () => {
        client.fail('unreachable');
      });
      return client;
    }
    const remote = { host: name, port: to.port };
    const back = link(name, machine.name);
    const server = this.#end(there, { local: remote, remote: local, link: back });
    SimulatedConnection.join(client, server, () => doorOf(there, to.port, there !== machine));
    if (preface !== undefined) client.write(preface);
    return client;
  }

  async call(request: OutboundCall): Promise<CallAnswer> {
    try {
      const answer = this.#isAlive ? await this.#attempt(request) : undefined;
      if (answer !== undefined && this.#isAlive) return answer;
    } catch (error) {
      if (this.#isAlive) throw error;
    }
    return never();
  }

  async #attempt(request: OutboundCall): Promise<CallAnswer> {
    const { faults, weather } = this.#parts;
    parseCallUrl(request.method, request.url);
    if (chance(weather.rng, faults.lostCallProbability)) return this.#lose(request);
    if (chance(weather.rng, faults.doubledCallProbability)) void this.#repeat(request);
    const answer = await this.#carryOut(request);
    return chance(weather.rng, faults.lostAnswerProbability) ? this.#lose(request) : answer;
  }

  #carryOut(request: OutboundCall): Promise<CallAnswer> {
    const connect = (to: Address, options: ConnectOptions): Connection => this.connect(to, options);
    return callOver({ clock: this.#parts.weather.clock, connect }, request);
  }

  /** For the caller a lost call and a lost answer are one. */
  async #lose({ url, timeoutMs, signal }: OutboundCall): Promise<never> {
    await this.#parts.weather.clock.sleep(timeoutMs, signal).catch(ignore);
    throw callFailure(url, 'sent', 'lost on the way');
  }

  async #repeat(request: OutboundCall): Promise<void> {
    const { clock, rng, latencyMs } = this.#parts.weather;
    await clock.sleep(between(rng, 0, 10 * latencyMs.max));
    // The second copy has no caller: nobody hears how it ends.
    await this.#carryOut(request).catch(ignore);
  }

  #end(machine: Machine, ways: EndWays): SimulatedConnection {
    const end: SimulatedConnection = new SimulatedConnection({
      weather: this.#parts.weather,
      ...ways,
      gone: () => machine.connections.delete(end),
    });
    machine.connections.add(end);
    return end;
  }
}

interface EndWays {
  readonly local: Address;
  readonly remote: Address;
  readonly link: Link;
}

class SimulatedListener implements Listener {
  readonly address: Address;
  readonly #doors: Map<number, OpenDoor>;

  constructor(address: Address, doors: Map<number, OpenDoor>) {
    this.address = address;
    this.#doors = doors;
  }

  /** After a crash the port may be another's. */
  close(): Promise<void> {
    const { port } = this.address;
    if (this.#doors.get(port)?.listener === this) this.#doors.delete(port);
    return Promise.resolve();
  }
}

/** What the first bytes of a connection meet. */
function doorOf({ isUp, doors }: Machine, port: number, isFromOutside: boolean): Door {
  const door = doors.get(port);
  if (!isUp) return 'silent';
  return door === undefined || (isFromOutside && door.isLocal) ? 'shut' : door.accept;
}

function listenFailed(at: Address, why: string): Promise<never> {
  return Promise.reject(
    new ForeshiftError('ERR_LISTEN_FAILED', { address: formatAddress(at), why }),
  );
}

/** What a dead process waits for. */
function never(): Promise<never> {
  return new Promise(ignore);
}

function ignore(): void {
  // by design
}

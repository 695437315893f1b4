import type { Clock } from '../clock/port.js';
import type { Rng } from '../rng.js';
import type { Net } from './port.js';
import type { CallFaults, Machine } from './simulated-host.js';
import { SimulatedHost } from './simulated-host.js';
import type { Weather } from './simulated-pipe.js';
import { Link } from './simulated-pipe.js';

export type SimulatedNetOptions = Omit<Weather, 'clock' | 'rng'> & CallFaults;

export const SIMULATED_NET_DEFAULTS: SimulatedNetOptions = {
  latencyMs: { min: 0.1, max: 2 },
  splitProbability: 0.1,
  windowBytes: 256 << 10,
  lostCallProbability: 0,
  lostAnswerProbability: 0,
  doubledCallProbability: 0,
};

interface Host extends Machine {
  process: SimulatedHost;
}

/**
 * A network of named hosts in one process, deterministic: its time is the clock's, its chance the generator's. Each host has one
 * process, which sees the network as its `Net`; hosts crash, links break, calls get lost and doubled when told or by chance.
 */
export class SimulatedNet {
  /** May be changed while things go on. */
  readonly faults: { -readonly [Kind in keyof CallFaults]: CallFaults[Kind] };
  readonly #weather: Weather;
  readonly #hosts = new Map<string, Host>();
  readonly #links = new Map<string, Link>();
  #nextPort = 40_000;

  constructor(clock: Clock, rng: Rng, options: Partial<SimulatedNetOptions> = {}) {
    const given = { ...SIMULATED_NET_DEFAULTS, ...options };
    this.#weather = { clock, rng, ...given };
    const { lostCallProbability, lostAnswerProbability, doubledCallProbability } = given;
    this.faults = { lostCallProbability, lostAnswerProbability, doubledCallProbability };
  }

  /** The network as the process on that host sees it; the host comes into being by being named. */
  host(name: string): Net {
    return this.#host(name).process;
  }

  /**
   * The process on that host dies: its listeners are gone, its connections reset, and its `Net` never calls back again.
   * `power`: the whole host is silent, and what is sent to it is lost, until it restarts.
   */
  crash(name: string, kind: 'process' | 'power' = 'process'): void {
    const host = this.#host(name);
    host.process.die();
    host.doors.clear();
    host.isUp = kind === 'process';
    for (const connection of [...host.connections]) {
      if (kind === 'process') connection.abandon();
      else connection.vanish();
    }
  }

  /** A new process on that host, which knows nothing of the one before. */
  restart(name: string): Net {
    const host = this.#host(name);
    if (host.process.isAlive) this.crash(name);
    host.isUp = true;
    host.process = this.#process(host);
    for (const connection of [...host.connections]) connection.denyAfterPower();
    return host.process;
  }

  /** Nothing more goes between the two, or only from the second to the first; bytes on their way wait. */
  partition(from: string, to: string, ways: 'both' | 'one' = 'both'): void {
    this.#link(from, to).block();
    if (ways === 'both') this.#link(to, from).block();
  }

  /** Both ways. What waited goes on. */
  heal(from: string, to: string): void {
    this.#link(from, to).heal();
    this.#link(to, from).heal();
  }

  healAll(): void {
    for (const link of this.#links.values()) link.heal();
  }

  #host(name: string): Host {
    const known = this.#hosts.get(name);
    if (known !== undefined) return known;
    const machine: Machine = { name, isUp: true, doors: new Map(), connections: new Set() };
    const host = Object.assign(machine, { process: this.#process(machine) });
    this.#hosts.set(name, host);
    return host;
  }

  #process(machine: Machine): SimulatedHost {
    return new SimulatedHost({
      machine,
      weather: this.#weather,
      faults: this.faults,
      find: (name) => this.#hosts.get(name),
      link: (from, to) => this.#link(from, to),
      nextPort: () => this.#nextPort++,
    });
  }

  #link(from: string, to: string): Link {
    const key = `${from}>${to}`;
    const known = this.#links.get(key);
    if (known !== undefined) return known;
    const link = new Link(from === to);
    this.#links.set(key, link);
    return link;
  }
}

import { SystemClock } from '../../core/clock/system.js';
import type { ResourceId, ServerId } from '../../core/domain.js';
import { NodeNet } from '../../core/net/node.js';
import { SeededRng, chance, integerBelow, pick } from '../../core/rng.js';
import { HttpFront } from '../support/http-front.js';
import { thisMachine } from '../../demo/this-machine.js';
import { ExclusiveServer, Exclusiveness } from './exclusive-servers.js';
import type { Asked, Kind } from './switch-clients.js';
import { KINDS, OddClient, SteadyClient } from './switch-clients.js';

export interface SwitchesOptions {
  readonly requestsMin: number;
  readonly switchesMin: number;
  readonly seed: number;
  /** Of the clients on connections that stay; as many again are of the odd kinds together. */
  readonly clients: number;
  readonly say?: (line: string) => void;
}

export interface SwitchesResult {
  readonly requests: number;
  readonly byKind: Readonly<Record<Kind, number>>;
  readonly switches: number;
  /** Switches in whose drain the source died. */
  readonly deaths: number;
  /** Requests that a switch found waiting, or let wait. */
  readonly held: number;
  /** Broken off by their client while they were held. */
  readonly abortedInHold: number;
  /** Told truly that it is not known, or that it was not done, since the server died under it. */
  readonly lostTruly: number;
  /** What must not have happened, in words. */
  readonly failures: readonly string[];
}

const SERVERS = ['s0', 's1', 's2'];
const RESOURCES = Array.from({ length: 40 }, (_, at) => `vol-${at}`);
const MOVED_MAX = 12;
const FAILURES_SAID_MAX = 20;
/** Share of the switches in whose drain the source dies. */
const DEATHS = 0.08;
const DEATH_MS = 60;
const CHECK_MS = 20;

/**
 * One data plane, three servers that find out whether two of them work on a resource at the same time, and clients of all kinds:
 * on connections that stay and that do not, with chunked uploads, reading slowly, going away in the middle, while resources move
 * and servers die in the drain. Every request is answered, or told truly that it is not known.
 */
export class Switches {
  readonly #options: SwitchesOptions;
  readonly #rng: SeededRng;
  readonly #clock = new SystemClock();
  readonly #known = new Exclusiveness();
  readonly #failures: string[] = [];
  readonly #byKind = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Kind, number>;
  readonly #servers = new Map<string, ExclusiveServer>();
  readonly #dead = new Set<string>();
  #requests = 0;
  #switches = 0;
  #deaths = 0;
  #held = 0;
  #abortedInHold = 0;
  #lostTruly = 0;
  /** Monotonic: a server lived again then, last. */
  #livedAtMs = -Infinity;
  #epoch = 1;
  #front: HttpFront | undefined;

  private constructor(options: SwitchesOptions) {
    this.#options = options;
    this.#rng = new SeededRng(options.seed);
  }

  static run(options: SwitchesOptions): Promise<SwitchesResult> {
    return new Switches(options).#run();
  }

  async #run(): Promise<SwitchesResult> {
    for (const name of SERVERS) {
      const rng = new SeededRng(integerBelow(this.#rng, 1 << 30));
      this.#servers.set(name, await ExclusiveServer.start({ name, rng, known: this.#known }));
    }
    const front = await this.#begin();
    this.#front = front;
    const { port } = front.address;
    const clients = Array.from({ length: this.#options.clients }, (_, at) =>
      this.#steady(new SteadyClient(port), `k${at}`),
    );
    const odd = Array.from({ length: this.#options.clients }, (_, at) =>
      this.#odd(
        new OddClient(port, new SeededRng(integerBelow(this.#rng, 1 << 30))),
        `o${at}`,
        front,
      ),
    );
    await Promise.all([...clients, ...odd, this.#move(front)]);
    this.#judgeEnd(front);
    await front.stop();
    for (const server of this.#servers.values()) server.stop();
    return {
      requests: this.#requests,
      byKind: this.#byKind,
      switches: this.#switches,
      deaths: this.#deaths,
      held: this.#held,
      abortedInHold: this.#abortedInHold,
      lostTruly: this.#lostTruly,
      failures: [...this.#failures, ...this.#known.violations],
    };
  }

  get #isDone(): boolean {
    const { requestsMin, switchesMin } = this.#options;
    const isLost = this.#failures.length + this.#known.violations.length > FAILURES_SAID_MAX;
    return isLost || (this.#requests >= requestsMin && this.#switches >= switchesMin);
  }

  /** What health checks do: a server that answers again is told to the gate. */
  #check(server: ServerId): void {
    if (this.#dead.has(server)) {
      this.#clock.after(CHECK_MS, () => {
        this.#check(server);
      });
    } else {
      this.#front?.gate.unstall(server);
    }
  }

  #begin(): Promise<HttpFront> {
    const servers = Object.fromEntries(
      [...this.#servers].map(([name, { port }]) => [name, { host: '127.0.0.1', port }]),
    );
    return HttpFront.start({
      net: new NodeNet(this.#clock, thisMachine()),
      clock: this.#clock,
      listen: { host: '127.0.0.1', port: 0 },
      servers,
      suspect: (server) => {
        this.#clock.after(CHECK_MS, () => {
          this.#check(server);
        });
      },
      table: Object.fromEntries(RESOURCES.map((name, at) => [name, `s${at % 3}@1.1`])),
    });
  }

  async #steady(client: SteadyClient, name: string): Promise<void> {
    for (let number = 0; !this.#isDone; number++) {
      const method = number % 2 === 0 ? 'GET' : 'POST';
      this.#judge('keep-alive', await client.ask(this.#anyResource(), `${name}-${number}`, method));
    }
    client.close();
  }

  async #odd(client: OddClient, name: string, front: HttpFront): Promise<void> {
    for (let number = 0; !this.#isDone; number++) {
      const kind = KINDS[1 + (number % (KINDS.length - 1))] as Exclude<Kind, 'keep-alive'>;
      const asking = client.ask(this.#anyResource(), `${name}-${number}`, kind);
      const asked = await asking;
      if (asked.isAborted && front.gate.heldRequests > 0) this.#abortedInHold += 1;
      this.#judge(kind, asked);
    }
    client.close();
  }

  #anyResource(): string {
    return pick(this.#rng, RESOURCES);
  }

  #judge(kind: Kind, asked: Asked): void {
    this.#requests += 1;
    this.#byKind[kind] += 1;
    if (this.#requests % 100_000 === 0) {
      this.#options.say?.(`${this.#requests} requests, ${this.#switches} switches`);
    }
    const { id, status, said, expected, isAborted, executed } = asked;
    const hasRun = this.#known.hasRun(id);
    this.#known.forget(id);
    if (isAborted) return;
    if (status === 200) {
      if (said !== expected) this.#failures.push(`${id}: ${said} instead of ${expected}`);
      if (!hasRun) this.#failures.push(`${id}: answered, but nobody ran it`);
      return;
    }
    // Servers die at known moments; nothing else may go wrong.
    const sinceMs = this.#clock.monotonicMs() - this.#livedAtMs;
    const isExcused = this.#dead.size > 0 || sinceMs < 1000;
    if (!isExcused) this.#failures.push(`${kind} ${id}: ${status}, ${said.slice(0, 80)}`);
    else if (executed === 'no' && hasRun) this.#failures.push(`${id}: said not to have run`);
    else this.#lostTruly += 1;
  }

  /** Some resources after the other, each to another server; a server that dies does so in the drain. */
  async #move(front: HttpFront): Promise<void> {
    while (!this.#isDone) {
      await this.#clock.sleep(integerBelow(this.#rng, 20));
      const source = pick(
        this.#rng,
        SERVERS.filter((name) => !this.#dead.has(name)),
      );
      const targets = SERVERS.filter((name) => name !== source && !this.#dead.has(name));
      const resources = RESOURCES.filter(
        (name) => front.gate.placementOf(name as ResourceId)?.server === source,
      ).slice(0, 1 + integerBelow(this.#rng, MOVED_MAX)) as ResourceId[];
      const target = pick(this.#rng, targets);
      if (resources.length === 0) continue;
      await this.#switch(front, { source, target, resources });
    }
  }

  async #switch(
    { gate }: HttpFront,
    moved: { readonly source: string; readonly target: string; readonly resources: ResourceId[] },
  ): Promise<void> {
    const { source, target, resources } = moved;
    gate.hold(resources);
    if (this.#dead.size === 0 && chance(this.#rng, DEATHS)) void this.#die(source);
    await gate.drained(resources, new AbortController().signal);
    this.#epoch += 1;
    const since = { incarnation: 1, epoch: this.#epoch };
    for (const resource of resources) {
      gate.correct(resource, { server: target as ServerId, since, standby: null });
    }
    const { heldRequests } = gate.resume(resources);
    this.#held += heldRequests;
    this.#switches += 1;
  }

  async #die(name: string): Promise<void> {
    this.#deaths += 1;
    this.#dead.add(name);
    await this.#servers.get(name)?.die(this.#clock.sleep(DEATH_MS));
    this.#dead.delete(name);
    this.#livedAtMs = this.#clock.monotonicMs();
  }

  /** Nothing is left of all that. */
  #judgeEnd({ gate }: HttpFront): void {
    const left = gate.counters().reduce((sum, { inFlight }) => sum + inFlight, 0);
    if (gate.heldRequests > 0) this.#failures.push(`${gate.heldRequests} are still held`);
    if (left > 0) this.#failures.push(`${left} are still in the gate`);
  }
}

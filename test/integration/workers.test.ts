import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SERVER } from '../../core/table-store/records/server.js';
import { TestCluster } from '../support/cluster.js';
import { r } from '../support/names.js';

/* A redirector on several threads, under real traffic, while threads end as by a fault. */

const CLIENTS = 24;

describe('a redirector on three threads', () => {
  let cluster: TestCluster;

  beforeEach(async () => {
    cluster = new TestCluster({ threads: 3 });
    await cluster.start();
    await cluster.addServer('s1', ['vol-1', 'vol-2']);
    await cluster.addServer('s2', ['vol-1', 'vol-2']);
    await cluster.addRedirector('r1');
    await cluster.until('agents are known', () => cluster.view.all(SERVER).size === 2);
    await place('s1');
  });

  afterEach(async () => {
    await cluster.stop();
  });

  it('counts what all of them do as one', async () => {
    const traffic = new Traffic(cluster.proxyPort());
    await cluster.until('traffic', () => traffic.answered > 500);
    await traffic.end();
    expect(traffic.failed).toEqual([]);
    const { journal } = cluster;
    const redirector = cluster.redirectors[0]!;
    const counters = redirector.counters();
    expect(counters.reduce((sum, { hits }) => sum + hits, 0)).toBe(journal.length);
    expect(counters.reduce((sum, { inFlight }) => sum + inFlight, 0)).toBe(0);
    const own = redirector.gate.counters().reduce((sum, { hits }) => sum + hits, 0);
    // The main thread has clients and servers to carry here, too, and may come too late for every connection.
    expect(own).toBeLessThan(journal.length);
  });

  it('loses the connections of threads that end, says so, and goes on with others; a switch under way ends', async () => {
    const redirector = cluster.redirectors[0]!;
    const workers = redirector.workers!;
    const traffic = new Traffic(cluster.proxyPort());
    await cluster.until('traffic', () => traffic.answered > 200);
    for (let round = 0; round < 4; round++) {
      const target = round % 2 === 0 ? 's2' : 's1';
      const lostBefore = traffic.failed.length;
      const switching = place(target);
      // In the midst of it, or a moment before or after.
      await cluster.clock.sleep(round * 5);
      cluster.workers.crash();
      expect(await switching).toBe('applied');
      await cluster.until('others came', () => workers.pool.serving === 2, 30_000);
      const answeredSince = traffic.answered;
      await cluster.until('traffic goes on', () => traffic.answered > answeredSince + 200);
      expect(traffic.failed.length - lostBefore).toBeLessThanOrEqual(CLIENTS);
      expect(cluster.view.table.placementOf(r('vol-1'))?.server).toBe(target);
    }
    await traffic.end();
    expect(workers.pool.deaths).toBe(8);
    // Each failure is of a connection that was lost; those between two requests are lost without one.
    expect(traffic.failed.length).toBeGreaterThan(0);
    expect(traffic.failed.length).toBeLessThanOrEqual(workers.pool.lostConnections);
    expect(workers.pool.lostConnections).toBeLessThanOrEqual(4 * CLIENTS);
    expect(new Set(traffic.failed.map(({ code }) => code))).toEqual(new Set(['ECONNRESET']));
    // What was answered was executed, once; what was lost may have been.
    const executed = new Map<string, number>();
    for (const { id } of cluster.journal) executed.set(id, (executed.get(id) ?? 0) + 1);
    expect([...executed.values()].every((times) => times === 1)).toBe(true);
    expect(traffic.ids.every((id) => executed.has(id))).toBe(true);
    const counted = redirector.counters().reduce((sum, { inFlight }) => sum + inFlight, 0);
    expect(counted).toBe(0);
  });

  async function place(server: string): Promise<string> {
    return cluster.switchTo([
      ['vol-1', server],
      ['vol-2', server],
    ]);
  }
});

/** Clients with a connection each, which ask again and again. */
class Traffic {
  answered = 0;
  /** Of the requests that were answered. */
  readonly ids: string[] = [];
  readonly failed: NodeJS.ErrnoException[] = [];
  readonly #port: AddressInfo['port'];
  readonly #all: Promise<unknown>;
  #isOver = false;

  constructor(port: number) {
    this.#port = port;
    this.#all = Promise.all(Array.from({ length: CLIENTS }, (_, client) => this.#run(client)));
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#all;
  }

  async #run(client: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let number = 0; !this.#isOver; number++) {
      const id = `${client}-${number}`;
      try {
        await this.#ask(id, agent, number);
        this.ids.push(id);
        this.answered += 1;
      } catch (error) {
        this.failed.push(error as NodeJS.ErrnoException);
      }
    }
    agent.destroy();
  }

  #ask(id: string, agent: Agent, number: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAnswer = (answer: IncomingMessage): void => {
        answer
          .resume()
          .on('error', reject)
          .on('end', () => {
            if (answer.statusCode === 200) resolve();
            else reject(new Error(`status ${answer.statusCode ?? 0}`));
          });
      };
      request(
        {
          ...{ host: '127.0.0.1', port: this.#port, agent, method: 'POST' },
          path: `/vol-${1 + (number % 2)}/x`,
          headers: { 'x-id': id, 'x-work-ms': String(number % 4) },
        },
        onAnswer,
      )
        .on('error', reject)
        .end('hello');
    });
  }
}

import { afterEach, describe, expect, it } from '@jest/globals';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { DrainPolicy } from '../../core/domain.js';
import { SERVER } from '../../core/table-store/records/server.js';
import { TestCluster } from '../support/cluster.js';

/* TCP connections on real sockets while their resource goes back and forth between two servers. */

const CLIENTS = 8;
const SWITCHES = 8;

describe.each([1, 2])('a switch under real TCP connections, on %d threads', (threads) => {
  let cluster: TestCluster;

  async function start(drain: DrainPolicy): Promise<void> {
    cluster = new TestCluster({ threads, drain, tcp: ['lun-1'] });
    await cluster.start();
    await cluster.addTcpServer('s1', 'lun-1');
    await cluster.addTcpServer('s2', 'lun-1');
    await cluster.addRedirector('r1');
    await cluster.until('agents are known', () => cluster.view.all(SERVER).size === 2);
    expect(await cluster.switchTo([['lun-1', 's1']])).toBe('applied');
  }

  afterEach(() => cluster.stop());

  /** To and fro, so often; each server has worked before it gives the resource up. */
  async function moveAbout(): Promise<void> {
    const works = (server: string): Promise<void> =>
      cluster.until(`${server} works`, () => cluster.journal.at(-1)?.server === server);
    await works('s1');
    for (let round = 0; round < SWITCHES; round++) {
      const target = round % 2 === 0 ? 's2' : 's1';
      expect(await cluster.switchTo([['lun-1', target]])).toBe('applied');
      await works(target);
    }
  }

  /** How often the work of the resource went from one server to another. */
  function changes(): number {
    const { journal } = cluster;
    return journal.filter(({ server }, at) => at > 0 && journal[at - 1]?.server !== server).length;
  }

  /** Connections, ever, on all threads. */
  function pinned(): number {
    const others = cluster.redirectors[0]?.workers?.pool.stats ?? [];
    return others.reduce((sum, { tcp }) => sum + tcp.pinned, cluster.tcpOf().counters.pinned);
  }

  function dial(): Line {
    const [{ port } = { port: 0 }] = cluster.tcpOf().addresses;
    return new Line(connect({ host: '127.0.0.1', port, allowHalfOpen: true }));
  }

  it('answers every connection that ends by itself, once, by one server at a time', async () => {
    await start('abort');
    let isOver = false;
    const failures: string[] = [];
    let answered = 0;
    const clients = Array.from({ length: CLIENTS }, async (_, client) => {
      for (let number = 0; !isOver; number++) {
        const id = `${client}-${number}`;
        const line = dial();
        line.ask(id);
        // The question is whole: the answer comes all the same.
        line.socket.end();
        const answer = await line.answer();
        if (answer?.split(' ')[1] === id) answered += 1;
        else failures.push(`${id}: ${answer ?? 'reset'}`);
        await cluster.clock.sleep(2);
      }
    });
    await moveAbout().finally(() => {
      isOver = true;
    });
    await Promise.all(clients);
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(50);
    expect(cluster.journal).toHaveLength(answered);
    expect(new Set(cluster.journal.map(({ id }) => id)).size).toBe(answered);
    expect(changes()).toBe(SWITCHES);
  });

  it('cuts connections that do not end, answers nothing twice, and never has two servers at work', async () => {
    await start('cut');
    let isOver = false;
    const answered: string[] = [];
    let cut = 0;
    const clients = Array.from({ length: CLIENTS }, async (_, client) => {
      let line = dial();
      for (let number = 0; !isOver; number++) {
        const id = `${client}-${number}`;
        line.ask(id);
        const answer = await line.answer();
        if (answer === undefined) {
          cut += 1;
          line = dial();
        } else {
          expect(answer.split(' ')[1]).toBe(id);
          answered.push(id);
        }
        await cluster.clock.sleep(2);
      }
      line.socket.destroy();
    });
    await moveAbout().finally(() => {
      isOver = true;
    });
    await Promise.all(clients);
    const ran = cluster.journal.map(({ id }) => id);
    const known = new Set(ran);
    expect(known.size).toBe(ran.length);
    expect(answered.filter((id) => !known.has(id))).toEqual([]);
    // Of each connection that was cut at most the question under way is in doubt.
    expect(ran.length - answered.length).toBeLessThanOrEqual(cut);
    expect(cut).toBeGreaterThanOrEqual(SWITCHES);
    expect(changes()).toBe(SWITCHES);
  });

  it('leaves pinned connections where they are, without a break', async () => {
    await start('pin');
    let isOver = false;
    const clients = Array.from({ length: CLIENTS }, async (_, client) => {
      const line = dial();
      for (let number = 0; !isOver; number++) {
        line.ask(`${client}-${number}`);
        expect(await line.answer()).toBe(`s1 ${client}-${number}`);
        await cluster.clock.sleep(5);
      }
      line.socket.destroy();
    });
    await cluster.until('all are there', () => cluster.journal.length >= CLIENTS);
    expect(await cluster.switchTo([['lun-1', 's2']])).toBe('applied');
    const later = dial();
    later.ask('later');
    expect(await later.answer()).toBe('s2 later');
    later.socket.destroy();
    isOver = true;
    await Promise.all(clients);
    await cluster.until('all are counted as pinned', () => pinned() === CLIENTS);
  });
});

/** A connection on which each line is answered by one. */
class Line {
  readonly socket: Socket;
  #text = '';
  #isOver = false;
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    const over = (): void => {
      this.#isOver = true;
      this.#wake();
    };
    socket.on('data', (bytes) => {
      this.#text += bytes.toString();
      this.#wake();
    });
    socket
      .on('error', () => undefined)
      .on('end', over)
      .on('close', over);
  }

  ask(id: string): void {
    this.socket.write(`${id}\n`);
  }

  /** Undefined: the connection is over without one. */
  async answer(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n');
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      if (this.#isOver) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

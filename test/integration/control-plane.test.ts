import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Pool } from 'undici';
import { Services } from '../../cli/services/services.js';
import { SystemClock } from '../../core/clock/system.js';
import { loadConfig } from '../../core/config/load.js';
import { MemoryDisk } from '../../core/disk/memory.js';
import { fail } from '../../core/errors.js';
import { SILENT_LOG } from '../../core/log.js';
import { SeededRng } from '../../core/rng.js';
import { EmbeddedTableStore } from '../../core/table-store/embedded.js';
import type { TableStore, Transaction } from '../../core/table-store/port.js';
import { SERVER } from '../../core/table-store/records/server.js';
import { freePort } from '../../demo/free-port.js';
import { TestCluster } from '../support/cluster.js';
import type { Ran } from '../support/journaled-server.js';
import { JournaledServer } from '../support/journaled-server.js';
import { r } from '../support/names.js';
import { temporaryDisk } from '../support/temporary.js';
import { untilWithin } from '../support/until.js';

/* What decides, stores, measures and is told to dies, and requests go on to the servers that the last table names. */

const RESOURCES = ['vol-1', 'vol-2', 'vol-3', 'vol-4'];
const clock = new SystemClock();
const until = untilWithin(20_000, { pauseMs: 10 });

/** Requests without a pause over all resources, until it is told to end. */
class Traffic {
  /** What was not answered 200. */
  readonly failures: string[] = [];
  /** By id: which resource was asked for. */
  readonly answered = new Map<string, string>();
  readonly #pool: Pool;
  readonly #running: Promise<unknown>;
  #isOver = false;

  constructor(port: number) {
    this.#pool = new Pool(`http://127.0.0.1:${port}`, { connections: 8 });
    this.#running = Promise.all([1, 2, 3, 4].map((worker) => this.#work(worker)));
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#running;
    await this.#pool.close();
  }

  /** Until so many more have been answered, or failed. */
  async more(count: number): Promise<void> {
    const before = this.answered.size + this.failures.length;
    await until(
      `${count} more requests`,
      () => this.answered.size + this.failures.length >= before + count,
    );
  }

  async #work(worker: number): Promise<void> {
    for (let number = 0; !this.#isOver; number++) {
      const id = `${worker}-${number}`;
      const resource = RESOURCES[(worker + number) % RESOURCES.length] ?? '';
      const method = number % 2 === 0 ? 'GET' : 'POST';
      try {
        const { statusCode, body } = await this.#pool.request({
          path: `/${resource}/x`,
          method,
          headers: { 'x-id': id },
          ...(method === 'POST' && { body: 'hello' }),
        });
        const text = await body.text();
        if (statusCode === 200) this.answered.set(id, resource);
        else this.failures.push(`${id}: ${statusCode} ${text}`);
      } catch (error) {
        this.failures.push(`${id}: ${String(error)}`);
      }
      await clock.sleep(2);
    }
  }
}

describe('without a control plane', () => {
  const SECRET = 'a secret for the test without a control plane';
  let folder: Awaited<ReturnType<typeof temporaryDisk>>;
  let servers: JournaledServer[];
  let journal: Ran[];
  let agentsPort: number;
  let up: Services;

  beforeEach(async () => {
    folder = await temporaryDisk();
    journal = [];
    agentsPort = await freePort();
    servers = await JournaledServer.startAll(['s1', 's2'], {
      resources: RESOURCES,
      registration: `http://127.0.0.1:${agentsPort}`,
      secret: SECRET,
      journal,
      diskMs: 1,
      workMs: 1,
    });
    up = await begin();
  });

  afterEach(async () => {
    await up.stop();
    for (const server of servers) await server.stop();
    await folder.dispose();
  });

  async function begin(): Promise<Services> {
    const text = [
      'mode: auto',
      'api: { listen: "127.0.0.1:0" }',
      'health: { listen: "127.0.0.1:0" }',
      `agents: { listen: "127.0.0.1:${agentsPort}" }`,
      'listeners: [{ listen: "127.0.0.1:0" }]',
      'redirector: { memberLeaseMs: 600, servingLeaseMs: 600, healthCheckMs: 100 }',
    ].join('\n');
    const { config } = loadConfig({ file: 'test', text, environment: {} });
    const begun = await Services.open(config, {
      clock,
      rng: new SeededRng(1),
      log: SILENT_LOG,
      version: 'test',
      secret: SECRET,
      dataDir: folder.folder,
    });
    await begun.start();
    const isPlaced = (id: string): boolean => begun.view.table.placementOf(r(id)) !== undefined;
    await until('all is placed', () => RESOURCES.every(isPlaced));
    await until('both serve', () => {
      const placed = RESOURCES.map((id) => begun.view.table.placementOf(r(id))?.server);
      return new Set(placed).size === 2;
    });
    return begun;
  }

  function ownersNow(): Map<string, string> {
    return new Map([...up.view.table.entries()].map(([id, { server }]) => [id, server]));
  }

  it('every request is answered by its server, for longer than any lease lasts', async () => {
    const traffic = new Traffic(up.listeners[0]?.port ?? 0);
    await traffic.more(50);
    const owners = ownersNow();
    await up.collector.stop();
    await up.api.stop();
    await up.registration.stop();
    await up.engines.close();
    journal.length = 0;
    await clock.sleep(3 * 720);
    await traffic.more(500);
    await traffic.end();
    expect(traffic.failures).toEqual([]);
    expect(up.redirector.membership.isLive()).toBe(false);
    expect(journal.length).toBeGreaterThan(500);
    expect(journal.filter(({ resource, server }) => owners.get(resource) !== server)).toEqual([]);

    await up.stop();
    up = await begin();
    expect(ownersNow()).toEqual(owners);
    const again = new Traffic(up.listeners[0]?.port ?? 0);
    await again.more(100);
    await again.end();
    expect(again.failures).toEqual([]);
    const ran = new Set(journal.map(({ id }) => id));
    expect([...again.answered.keys()].filter((id) => !ran.has(id))).toEqual([]);
  });
});

/** The embedded table store on a disk that fills up and dies, until it is opened anew. */
class MortalStore implements TableStore {
  disk = new MemoryDisk();
  #engine: EmbeddedTableStore | undefined;
  readonly #watchers = new Set<() => void>();

  async open(): Promise<void> {
    this.#engine = await EmbeddedTableStore.open({ disk: this.disk, log: SILENT_LOG });
    this.#engine.watch(() => {
      for (const notify of this.#watchers) notify();
    });
  }

  /** As when its process is killed: what was synced is on the disk that is left. */
  async die(): Promise<void> {
    const engine = this.#engine;
    this.#engine = undefined;
    this.disk = this.disk.crash(new SeededRng(1));
    // Its disk is off: how that ends is of no interest.
    await engine?.close().catch(() => undefined);
  }

  async read(after: number) {
    return this.#alive.read(after);
  }

  async transact(transaction: Transaction) {
    return this.#alive.transact(transaction);
  }

  watch(notify: () => void): () => void {
    this.#watchers.add(notify);
    return () => this.#watchers.delete(notify);
  }

  async close(): Promise<void> {
    await this.#engine?.close();
  }

  get #alive(): EmbeddedTableStore {
    return this.#engine ?? fail('ERR_STORE_UNAVAILABLE', { store: 'mortal store' });
  }
}

describe('a table store that dies and comes back', () => {
  it('is missed by no request, and switches go on after it', async () => {
    const store = new MortalStore();
    await store.open();
    const cluster = new TestCluster({ store });
    await cluster.start();
    await cluster.addServer('s1', RESOURCES);
    await cluster.addServer('s2', RESOURCES);
    await cluster.addRedirector('r1');
    await cluster.addRedirector('r2');
    await cluster.until('agents are known', () => cluster.view.all(SERVER).size === 2);
    const placed = RESOURCES.map((id, at) => [id, at % 2 === 0 ? 's1' : 's2'] as const);
    expect(await cluster.switchTo(placed)).toBe('applied');
    const traffic = [new Traffic(cluster.proxyPort(0)), new Traffic(cluster.proxyPort(1))];
    const more = (count: number) => Promise.all(traffic.map((each) => each.more(count)));
    await more(50);
    cluster.journal.length = 0;

    store.disk.full = true;
    await clock.sleep(1000);
    await more(100);
    await store.die();
    await clock.sleep(2000);
    await more(100);
    expect(cluster.redirectors.map(({ membership }) => membership.isLive())).toEqual([
      false,
      false,
    ]);
    const owners = new Map<string, string>(placed);
    const wrong = cluster.journal.filter(({ resource, server }) => owners.get(resource) !== server);
    expect(wrong).toEqual([]);

    await store.open();
    expect(await cluster.switchTo([['vol-1', 's2']], [['vol-2', 's1']])).toBe('applied');
    await more(50);
    for (const each of traffic) await each.end();
    expect(traffic.flatMap(({ failures }) => failures)).toEqual([]);
    expect(
      cluster.journal
        .slice(-50)
        .some(({ resource, server }) => resource === 'vol-1' && server === 's2'),
    ).toBe(true);
    await cluster.stop();
  });
});

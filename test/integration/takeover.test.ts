import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { productFolder } from '../../cli/product.js';
import { SystemClock } from '../../core/clock/system.js';
import type { Request } from '../support/clients.js';
import { describeWithNetwork } from '../support/installed.js';
import { MEMBER_LEASE_MS, RedirectorMachines } from '../support/redirector-machines.js';
import { untilWithin } from '../support/until.js';

/*
 * Three redirectors, each on a machine of its own, and one address that clients use. The holder is killed, stopped in
 * order, paused, and cut off; Redis dies. Clients count their answers, and every 20 ms somebody looks on whose
 * interfaces the address is.
 */

const VIP = '10.88.0.100';
const VIP6 = 'fd00:88::100';
/** Lease, its margin, and what a busy machine takes to notice and to connect again. */
const TAKEOVER_MAX_MS = 1.2 * MEMBER_LEASE_MS + 4000;
const clock = new SystemClock();
const until = untilWithin(60_000);

/** What the clients saw, and who had the address. */
interface Watched {
  readonly requests: readonly Request[];
  /** The longest time between two good answers. */
  readonly gapMs: number;
  /** How long two had it at most, as seen. */
  readonly doubleMs: number;
}

describeWithNetwork('one address for three redirectors', () => {
  let machines: RedirectorMachines;

  async function startServer(port: string): Promise<void> {
    const main = `${productFolder}dist/test/support/plain-server.js`;
    const { network, services } = machines;
    const child = machines.keep(
      network.spawn('services', process.execPath, main, services, port, '2'),
    );
    if (child.stdout !== null) await once(child.stdout, 'data');
  }

  /** Clients work, something happens after a second, and they go on until it is over, and a second more. */
  async function watched(happens: () => Promise<void>, timeoutMs = 700): Promise<Watched> {
    const main = `${productFolder}dist/test/support/clients.js`;
    const url = `http://${VIP}:8080/vol-1/x`;
    const child = machines.network.spawn('client', process.execPath, main, url, String(timeoutMs));
    const requests: Request[] = [];
    let isOver = false;
    const stopped = (): boolean => isOver;
    let doubleMs = 0;
    if (child.stdout === null) throw new Error('nothing is heard of the clients');
    createInterface(child.stdout).on('line', (line) => requests.push(JSON.parse(line) as Request));
    const looking = (async () => {
      let sinceMs = Infinity;
      while (!stopped()) {
        await clock.sleep(20);
        const nowMs = clock.monotonicMs();
        if (machines.holders().length < 2) sinceMs = Infinity;
        else sinceMs = Math.min(sinceMs, nowMs);
        doubleMs = Math.max(doubleMs, sinceMs === Infinity ? 0 : nowMs - sinceMs + 20);
      }
    })();
    await clock.sleep(1000);
    await happens();
    await clock.sleep(1000);
    isOver = true;
    await looking;
    child.kill('SIGKILL');
    await once(child, 'close');
    const times = requests.flatMap(({ result, endedAtMs }) =>
      result === '200' ? [endedAtMs] : [],
    );
    times.sort((a, b) => a - b);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time));
    return { requests, gapMs: Math.max(0, ...gaps), doubleMs };
  }

  function failed({ requests }: Pick<Watched, 'requests'>): string[] {
    return requests.flatMap(({ result }) => (result === '200' ? [] : [result]));
  }

  /** Figures of this run, for whoever reads along. */
  function say(what: string, { requests, gapMs, doubleMs }: Watched): void {
    const lost = new Map<string, number>();
    for (const result of failed({ requests })) lost.set(result, (lost.get(result) ?? 0) + 1);
    const how = JSON.stringify(Object.fromEntries(lost));
    process.stderr.write(
      `${what}: ${requests.length} requests, failed ${how}, longest gap ${Math.round(gapMs)} ms, on two ${Math.round(doubleMs)} ms\n`,
    );
  }

  beforeAll(async () => {
    machines = await RedirectorMachines.start({
      services: ['10.88.0.2'],
      client: ['10.88.0.3', 'fd00:88::3'],
      redirectors: {
        r1: ['10.88.0.11', 'fd00:88::11'],
        r2: ['10.88.0.12', 'fd00:88::12'],
        r3: ['10.88.0.13', 'fd00:88::13'],
      },
      address: VIP,
    });
    const ports = ['9001', '9002'];
    await Promise.all(ports.map(startServer));
    await machines.run(
      [
        'listeners: [{ listen: "[::]:8080" }]',
        'servers:',
        ...ports.map((port) => `  - { id: s${port}, address: "${machines.services}:${port}" }`),
        'resources: { names: [vol-1, vol-2] }',
      ],
      [
        'addresses:',
        `  - { address: ${VIP}, interface: eth0 }`,
        `  - { address: ${VIP6}, interface: eth0, prefer: [r2] }`,
        'takeover: { handBackAfterMs: 3600000 }',
      ],
    );
    await watched(() => Promise.resolve());
  });

  beforeEach(async () => {
    await until('one has it, and all live', () => machines.holders().length === 1);
    await clock.sleep(MEMBER_LEASE_MS);
  });

  afterAll(() => machines.dispose());

  it('is taken over when its holder is killed', async () => {
    let dead = '';
    const seen = await watched(async () => {
      dead = await machines.holder();
      await machines.the(dead).kill();
      await clock.sleep(3 * MEMBER_LEASE_MS);
    });
    say('holder killed', seen);
    expect(machines.holders()).toHaveLength(1);
    expect(machines.holders()).not.toContain(dead);
    expect(seen.doubleMs).toBe(0);
    expect(seen.gapMs).toBeLessThan(TAKEOVER_MAX_MS);
    await machines.start(dead);
  });

  it('is handed over by a holder that stops in order, and no request fails', async () => {
    let stopped = '';
    const seen = await watched(async () => {
      stopped = await machines.holder();
      expect(await machines.the(stopped).stop()).toBe(0);
      await clock.sleep(2000);
    }, 6000);
    say('holder stopped in order', seen);
    expect(failed(seen)).toEqual([]);
    expect(seen.requests.length).toBeGreaterThan(200);
    expect(machines.holders()).not.toContain(stopped);
    expect(seen.doubleMs).toBe(0);
    await machines.start(stopped);
  });

  it.each([2, 10])(
    'is taken from a holder that is paused for %i leases, and not fought for',
    async (leases) => {
      const paused = await machines.holder();
      const seen = await watched(async () => {
        machines.the(paused).pause();
        await clock.sleep(leases * MEMBER_LEASE_MS);
        machines.the(paused).goOn();
        await clock.sleep(2 * MEMBER_LEASE_MS);
      });
      say(`holder paused for ${leases} leases`, seen);
      expect(seen.doubleMs).toBe(0);
      expect(seen.gapMs).toBeLessThan(TAKEOVER_MAX_MS);
      expect(machines.holders()).not.toContain(paused);
    },
  );

  it('is given up by a holder that alone is cut off from Redis', async () => {
    let cut = '';
    const seen = await watched(async () => {
      cut = await machines.holder();
      machines.network.run(
        cut,
        'nft',
        `add table inet cut; add chain inet cut out { type filter hook output priority 0; }; add rule inet cut out ip daddr ${machines.services} tcp dport 6379 drop`,
      );
      await clock.sleep(3 * MEMBER_LEASE_MS);
    });
    say('holder cut off from Redis', seen);
    expect(seen.doubleMs).toBe(0);
    expect(seen.gapMs).toBeLessThan(TAKEOVER_MAX_MS - MEMBER_LEASE_MS);
    expect(machines.holders()).toHaveLength(1);
    expect(machines.holders()).not.toContain(cut);
    machines.network.run(cut, 'nft', 'delete table inet cut');
  });

  it('stays where it is, and no request fails, while Redis is dead', async () => {
    let before = '';
    const seen = await watched(async () => {
      before = await machines.holder();
      machines.killRedis();
      await clock.sleep(5 * MEMBER_LEASE_MS);
      await machines.startRedis();
      await clock.sleep(2 * MEMBER_LEASE_MS);
    }, 6000);
    say('Redis dead', seen);
    expect(failed(seen)).toEqual([]);
    expect(seen.gapMs).toBeLessThan(MEMBER_LEASE_MS);
    expect(seen.doubleMs).toBe(0);
    expect(machines.holders()).toEqual([before]);
  });

  it('is said in status and metrics', async () => {
    const name = await machines.holder();
    const main = `${productFolder}dist/cli/main.js`;
    const config = join(machines.folder, 'r0.yaml');
    const told = machines.network.run(
      'services',
      process.execPath,
      main,
      'status',
      '--config',
      config,
    );
    const others = machines.names.filter((each) => each !== name).join(', ');
    expect(told).toMatch(new RegExp(`address ${VIP}: ${name} for .* \\(ready: ${others}\\)`));
    const page = 'http://127.0.0.1:7702/metrics';
    const ask = `fetch('${page}').then((a) => a.text()).then((t) => console.log(t))`;
    const metrics = machines.network.run(name, process.execPath, '-e', ask);
    expect(metrics).toContain(`foreshift_address_held{address="${VIP}"} 1`);
    expect(metrics).toContain('foreshift_addresses_kept 0');
  });

  it('of IPv6 goes over just so', async () => {
    await until('somebody has it', () => machines.holders(VIP6).length === 1);
    const ask = (): string =>
      machines.network.run(
        'client',
        process.execPath,
        '-e',
        `fetch('http://[${VIP6}]:8080/vol-2/x', { signal: AbortSignal.timeout(5000) }).then((a) => console.log(a.status))`,
      );
    expect(ask()).toContain('200');
    const [first = ''] = machines.holders(VIP6);
    await machines.the(first).stop();
    await until(
      'another has it',
      () => machines.holders(VIP6).length === 1 && !machines.holders(VIP6).includes(first),
    );
    expect(ask()).toContain('200');
    await machines.start(first);
  });
});

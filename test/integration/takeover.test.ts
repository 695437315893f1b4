import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { productFolder } from '../../cli/product.js';
import { SystemClock } from '../../core/clock/system.js';
import type { Request } from '../support/clients.js';
import { RunningUp } from '../support/foreshift.js';
import { describeWithNetwork } from '../support/installed.js';
import { Namespaces } from '../support/namespaces.js';
import { untilWithin } from '../support/until.js';

/*
 * Three redirectors, each on a machine of its own, and one address that clients use. The holder is killed, stopped in
 * order, paused, and cut off; Redis dies. Clients count their answers, and every 20 ms somebody looks on whose
 * interfaces the address is.
 */

const VIP = '10.88.0.100';
const VIP6 = 'fd00:88::100';
const LEASE_MS = 3000;
/** Lease, its margin, and what a busy machine takes to notice and to connect again. */
const TAKEOVER_MAX_MS = 1.2 * LEASE_MS + 4000;
const REDIRECTORS = ['r1', 'r2', 'r3'];
const SERVICES = '10.88.0.2';
const PASSWORD = 'a password for the test of takeover';
const ENVIRONMENT = {
  FORESHIFT_SECRET: 'a secret for the test of takeover',
  FORESHIFT_REDIS_PASSWORD: PASSWORD,
};
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
  let folder = '';
  let machines: Namespaces;
  let redis: ChildProcess | undefined;
  const others: ChildProcess[] = [];
  const running = new Map<string, RunningUp>();

  async function startRedis(): Promise<void> {
    const settings = { bind: SERVICES, dir: folder, save: '', appendonly: 'yes' };
    const args = Object.entries({ ...settings, requirepass: PASSWORD }).flatMap(([name, value]) => [
      `--${name}`,
      value,
    ]);
    const child = machines.spawn('services', 'redis-server', ...args);
    redis = child;
    await new Promise<void>((resolve) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes('Ready to accept')) resolve();
      });
    });
  }

  async function startServer(port: string): Promise<void> {
    const main = `${productFolder}dist/test/support/plain-server.js`;
    const child = machines.spawn('services', process.execPath, main, SERVICES, port, '2');
    others.push(child);
    if (child.stdout !== null) await once(child.stdout, 'data');
  }

  function configOf(name: string, at: string, addresses: readonly string[]): Promise<void> {
    return writeFile(
      join(folder, `${name}.yaml`),
      [
        'mode: propose',
        `dataDir: ./${name}`,
        'log: { level: warn }',
        `health: { listen: "0.0.0.0:7702" }`,
        'listeners: [{ listen: "[::]:8080" }]',
        'tableStore: { engine: redis }',
        'sessionStore: { engine: redis }',
        'bus: { engine: redis }',
        `redis: { url: "redis://${SERVICES}:6379", commandTimeoutMs: 1000, connectTimeoutMs: 500 }`,
        'servers:',
        ...['9001', '9002'].map((port) => `  - { id: s${port}, address: "${SERVICES}:${port}" }`),
        'resources: { names: [vol-1, vol-2] }',
        'redirector:',
        `  id: ${name}`,
        `  advertise: ${at}`,
        `  memberLeaseMs: ${LEASE_MS}`,
        ...addresses,
        '',
      ].join('\n'),
    );
  }

  async function start(name: string): Promise<void> {
    const args = ['redirector', '--config', `${name}.yaml`];
    running.set(name, await RunningUp.start(folder, ENVIRONMENT, args, machines.within(name)));
  }

  const holders = (ip = VIP): string[] => REDIRECTORS.filter((name) => machines.has(name, ip));

  async function holder(): Promise<string> {
    await until('somebody has the address', () => holders().length === 1);
    return holders()[0] ?? '';
  }

  function the(name: string): RunningUp {
    const found = running.get(name);
    if (found === undefined) throw new Error(`${name} does not run`);
    return found;
  }

  /** Clients work, something happens after a second, and they go on until it is over, and a second more. */
  async function watched(happens: () => Promise<void>, timeoutMs = 700): Promise<Watched> {
    const main = `${productFolder}dist/test/support/clients.js`;
    const url = `http://${VIP}:8080/vol-1/x`;
    const child = machines.spawn('client', process.execPath, main, url, String(timeoutMs));
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
        if (holders().length < 2) sinceMs = Infinity;
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
    folder = await mkdtemp(join(tmpdir(), 'foreshift-takeover-'));
    machines = new Namespaces({
      services: [`${SERVICES}/24`],
      client: ['10.88.0.3/24', 'fd00:88::3/64'],
      r1: ['10.88.0.11/24', 'fd00:88::11/64'],
      r2: ['10.88.0.12/24', 'fd00:88::12/64'],
      r3: ['10.88.0.13/24', 'fd00:88::13/64'],
    });
    await startRedis();
    await Promise.all(['9001', '9002'].map(startServer));
    const addresses = [
      '  addresses:',
      `    - { address: ${VIP}, interface: eth0 }`,
      `    - { address: ${VIP6}, interface: eth0, prefer: [r2] }`,
      '  takeover: { handBackAfterMs: 3600000 }',
    ];
    await configOf('r0', SERVICES, []);
    for (const [index, name] of REDIRECTORS.entries()) {
      await configOf(name, `10.88.0.1${index + 1}`, addresses);
    }
    const args = ['up', '--config', 'r0.yaml'];
    const up = await RunningUp.start(folder, ENVIRONMENT, args, machines.within('services'));
    running.set('r0', up);
    for (const name of REDIRECTORS) await start(name);
    await watched(() => Promise.resolve());
  });

  beforeEach(async () => {
    await until('one has it, and all live', () => holders().length === 1);
    await clock.sleep(LEASE_MS);
  });

  afterAll(async () => {
    for (const each of running.values()) await each.kill();
    for (const child of others) child.kill('SIGKILL');
    redis?.kill('SIGKILL');
    machines.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  it('is taken over when its holder is killed', async () => {
    let dead = '';
    const seen = await watched(async () => {
      dead = await holder();
      await the(dead).kill();
      await clock.sleep(3 * LEASE_MS);
    });
    say('holder killed', seen);
    expect(holders()).toHaveLength(1);
    expect(holders()).not.toContain(dead);
    expect(seen.doubleMs).toBe(0);
    expect(seen.gapMs).toBeLessThan(TAKEOVER_MAX_MS);
    await start(dead);
  });

  it('is handed over by a holder that stops in order, and no request fails', async () => {
    let stopped = '';
    const seen = await watched(async () => {
      stopped = await holder();
      expect(await the(stopped).stop()).toBe(0);
      await clock.sleep(2000);
    }, 6000);
    say('holder stopped in order', seen);
    expect(failed(seen)).toEqual([]);
    expect(seen.requests.length).toBeGreaterThan(200);
    expect(holders()).not.toContain(stopped);
    expect(seen.doubleMs).toBe(0);
    await start(stopped);
  });

  it.each([2, 10])(
    'is taken from a holder that is paused for %i leases, and not fought for',
    async (leases) => {
      const paused = await holder();
      const seen = await watched(async () => {
        the(paused).pause();
        await clock.sleep(leases * LEASE_MS);
        the(paused).goOn();
        await clock.sleep(2 * LEASE_MS);
      });
      say(`holder paused for ${leases} leases`, seen);
      expect(seen.doubleMs).toBe(0);
      expect(seen.gapMs).toBeLessThan(TAKEOVER_MAX_MS);
      expect(holders()).not.toContain(paused);
    },
  );

  it('is given up by a holder that alone is cut off from Redis', async () => {
    let cut = '';
    const seen = await watched(async () => {
      cut = await holder();
      machines.run(
        cut,
        'nft',
        `add table inet cut; add chain inet cut out { type filter hook output priority 0; }; add rule inet cut out ip daddr ${SERVICES} tcp dport 6379 drop`,
      );
      await clock.sleep(3 * LEASE_MS);
    });
    say('holder cut off from Redis', seen);
    expect(seen.doubleMs).toBe(0);
    expect(seen.gapMs).toBeLessThan(TAKEOVER_MAX_MS - LEASE_MS);
    expect(holders()).toHaveLength(1);
    expect(holders()).not.toContain(cut);
    machines.run(cut, 'nft', 'delete table inet cut');
  });

  it('stays where it is, and no request fails, while Redis is dead', async () => {
    let before = '';
    const seen = await watched(async () => {
      before = await holder();
      redis?.kill('SIGKILL');
      await clock.sleep(5 * LEASE_MS);
      await startRedis();
      await clock.sleep(2 * LEASE_MS);
    }, 6000);
    say('Redis dead', seen);
    expect(failed(seen)).toEqual([]);
    expect(seen.gapMs).toBeLessThan(LEASE_MS);
    expect(seen.doubleMs).toBe(0);
    expect(holders()).toEqual([before]);
  });

  it('is said in status and metrics', async () => {
    const name = await holder();
    const main = `${productFolder}dist/cli/main.js`;
    const config = join(folder, 'r0.yaml');
    const told = machines.run('services', process.execPath, main, 'status', '--config', config);
    const others = REDIRECTORS.filter((each) => each !== name).join(', ');
    expect(told).toMatch(new RegExp(`address ${VIP}: ${name} for .* \\(ready: ${others}\\)`));
    const page = 'http://127.0.0.1:7702/metrics';
    const ask = `fetch('${page}').then((a) => a.text()).then((t) => console.log(t))`;
    const metrics = machines.run(name, process.execPath, '-e', ask);
    expect(metrics).toContain(`foreshift_address_held{address="${VIP}"} 1`);
    expect(metrics).toContain('foreshift_addresses_kept 0');
  });

  it('of IPv6 goes over just so', async () => {
    await until('somebody has it', () => holders(VIP6).length === 1);
    const ask = (): string =>
      machines.run(
        'client',
        process.execPath,
        '-e',
        `fetch('http://[${VIP6}]:8080/vol-2/x', { signal: AbortSignal.timeout(5000) }).then((a) => console.log(a.status))`,
      );
    expect(ask()).toContain('200');
    const [first = ''] = holders(VIP6);
    await the(first).stop();
    await until(
      'another has it',
      () => holders(VIP6).length === 1 && !holders(VIP6).includes(first),
    );
    expect(ask()).toContain('200');
    await start(first);
  });
});

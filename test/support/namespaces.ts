import type { ChildProcess, ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';

/*
 * Machines on one Ethernet, as network namespaces on a bridge: each with an interface `eth0`. Whatever is made here goes
 * with `dispose`, even when a test failed in between.
 */

export class Namespaces {
  readonly #prefix = `fs${process.pid}-`;
  readonly #made: string[] = [];
  /** By name: a process that is always there, so that its `/proc/PID/net` is that machine's. */
  readonly #residents = new Map<string, number>();

  /** @param hosts name: its addresses with their prefixes */
  constructor(hosts: Readonly<Record<string, readonly string[]>>) {
    removeLeftOvers();
    try {
      const sw = this.#add('switch');
      ip('-n', sw, 'link', 'add', 'br0', 'type', 'bridge');
      ip('-n', sw, 'link', 'set', 'br0', 'up');
      for (const [name, addresses] of Object.entries(hosts)) this.#attach(sw, name, addresses);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** What runs a command on that machine. */
  within(name: string): readonly [string, ...string[]] {
    return ['ip', 'netns', 'exec', this.#prefix + name];
  }

  /** @throws if it fails, with what it said */
  run(name: string, ...command: readonly string[]): string {
    return run(...this.within(name), ...command);
  }

  spawn(name: string, ...command: readonly string[]): ChildProcess {
    const [program, ...args] = this.within(name);
    return spawn(program, [...args, ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** The same, and it can be told something. */
  spawnHeard(name: string, ...command: readonly string[]): ChildProcessWithoutNullStreams {
    const [program, ...args] = this.within(name);
    return spawn(program, [...args, ...command]);
  }

  /** Looks in /proc, not through `ip`: it may be asked often. */
  has(name: string, address: string): boolean {
    const net = `/proc/${this.#residents.get(name) ?? ''}/net`;
    if (address.includes(':')) {
      return readFileSync(`${net}/if_inet6`, 'latin1').includes(sixteenBytes(address));
    }
    const routes = readFileSync(`${net}/fib_trie`, 'latin1');
    return new RegExp(`-- ${address.replaceAll('.', '\\.')}\\n +/32 host LOCAL`).test(routes);
  }

  /** Kills what still runs there, too. */
  dispose(): void {
    for (const namespace of this.#made.splice(0).reverse()) remove(namespace);
  }

  #attach(sw: string, name: string, addresses: readonly string[]): void {
    const host = this.#add(name);
    ip(
      '-n',
      sw,
      'link',
      'add',
      `to-${name}`,
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'netns',
      host,
    );
    ip('-n', sw, 'link', 'set', `to-${name}`, 'master', 'br0', 'up');
    ip('-n', host, 'link', 'set', 'lo', 'up');
    for (const address of addresses) {
      const quick = address.includes(':') ? ['nodad'] : [];
      ip('-n', host, 'address', 'add', address, 'dev', 'eth0', ...quick);
    }
    ip('-n', host, 'link', 'set', 'eth0', 'up');
    this.#residents.set(name, this.#resident(name, host));
  }

  #resident(name: string, namespace: string): number {
    const { pid } = this.spawn(name, 'sleep', 'infinity');
    if (pid === undefined) throw new Error(`nobody lives on ${name}`);
    const { ino } = statSync(`/run/netns/${namespace}`);
    while (statSync(`/proc/${pid}/ns/net`).ino !== ino);
    return pid;
  }

  #add(name: string): string {
    const namespace = this.#prefix + name;
    ip('netns', 'add', namespace);
    this.#made.push(namespace);
    return namespace;
  }
}

/** As /proc spells an IPv6 address. */
function sixteenBytes(address: string): string {
  const [before = [], after = []] = address
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join('');
}

/** Of test runs that were killed before they could remove theirs. */
function removeLeftOvers(): void {
  for (const [, namespace = '', pid = ''] of ip('netns', 'list').matchAll(/^(fs([0-9]+)-\w+)/gm)) {
    if (!existsSync(`/proc/${pid}`)) remove(namespace);
  }
}

function remove(namespace: string): void {
  const { stdout } = spawnSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' });
  for (const pid of stdout.split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has just ended.
    }
  }
  spawnSync('ip', ['netns', 'del', namespace], { stdio: 'ignore' });
}

function ip(...args: readonly string[]): string {
  return run('ip', ...args);
}

function run(...[program = '', ...args]: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${[program, ...args].join(' ')}: ${stderr}`);
  return stdout;
}

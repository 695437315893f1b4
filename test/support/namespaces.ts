import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { ChildProcess } from 'node:child_process';

/*
 * Machines on one Ethernet, as network namespaces on a bridge: each with an interface `eth0`. Whatever is made here goes
 * with `dispose`, even when a test failed in between.
 */

export class Namespaces {
  readonly #prefix = `fs${process.pid}-`;
  readonly #made: string[] = [];

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

  has(name: string, address: string): boolean {
    const said = ip('-j', '-n', this.#prefix + name, 'address', 'show', 'dev', 'eth0');
    const [{ addr_info: found }] = JSON.parse(said) as [{ addr_info: { local?: string }[] }];
    return found.some(({ local }) => local === address);
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
  }

  #add(name: string): string {
    const namespace = this.#prefix + name;
    ip('netns', 'add', namespace);
    this.#made.push(namespace);
    return namespace;
  }
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

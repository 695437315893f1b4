import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { HAPROXY, HAPROXY_TCP, NGINX, PeerProxy } from '../test/support/peer-proxy.js';
import type { ProxyArguments, ProxyCommand, ProxyReply } from './dataplane-messages.js';
import { messageOf, startProxyProcess } from './proxy-process.js';

/** A proxy under measurement. */
export interface Contestant {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  /** Another process like it, which gets half of what clients ask for; undefined: all comes here. */
  readonly beside?: Contestant;
  /** Says something to a process of ours, and hears its answer; undefined: others have no such ear. */
  readonly ask: ((command: ProxyCommand) => Promise<ProxyReply>) | undefined;
  dispose(): Promise<void>;
}

export type ContestantName =
  | 'ours'
  /** As a config has it, on so many threads. */
  | 'ours-one'
  | 'ours-two'
  /** As `ours-one`, twice: two processes that have nothing in common. */
  | 'ours-pair'
  | 'ours-log'
  | 'ours-tcp'
  | 'haproxy'
  | 'haproxy-tcp'
  | 'nginx'
  | 'node'
  | 'undici';

export interface StartOptions {
  readonly backends: readonly number[];
  /** Of the table of ours. */
  readonly resources: number;
  /** The core that proxies have for themselves; undefined: wherever there is room. */
  readonly core: number | undefined;
  /** Where an access log goes, if the contestant has one. */
  readonly log: string;
  readonly connectionsMax: number;
  /** More for node, as `--cpu-prof`. */
  readonly nodeFlags: readonly string[];
}

export async function startContestant(
  name: ContestantName,
  options: StartOptions,
): Promise<Contestant> {
  switch (name) {
    case 'haproxy':
      return peer(name, await PeerProxy.start(HAPROXY, backendOf(options), options));
    case 'haproxy-tcp':
      return peer(name, await PeerProxy.start(HAPROXY_TCP, backendOf(options), options));
    case 'nginx':
      return peer(name, await PeerProxy.start(NGINX, backendOf(options), options));
    case 'ours':
    case 'ours-tcp':
    case 'node':
    case 'undici':
      return nodeProcess(name, { kind: name, accessLog: undefined, threads: 1 }, options);
    case 'ours-one':
      return nodeProcess(name, { kind: 'ours-threads', accessLog: undefined, threads: 1 }, options);
    case 'ours-two':
      return nodeProcess(name, { kind: 'ours-threads', accessLog: undefined, threads: 2 }, options);
    case 'ours-pair':
      return besideEachOther(name, [
        await startContestant('ours-one', options),
        await startContestant('ours-one', options),
      ]);
    case 'ours-log':
      return nodeProcess(name, { kind: 'ours', accessLog: options.log, threads: 1 }, options);
  }
}

/** As `packaging/redirector-memory.conf` has them. */
const OURS_FLAGS = ['--max-semi-space-size=4'];

function backendOf({ backends }: StartOptions): { readonly host: string; readonly port: number } {
  return { host: '127.0.0.1', port: backends[0] ?? 0 };
}

function peer(name: string, proxy: PeerProxy): Contestant {
  return {
    name,
    pid: proxy.pid,
    port: proxy.address.port,
    ask: undefined,
    dispose: () => proxy.dispose(),
  };
}

function besideEachOther(
  name: string,
  [first, second]: readonly [Contestant, Contestant],
): Contestant {
  return {
    ...first,
    ...{ name, beside: second },
    dispose: async () => {
      await first.dispose();
      await second.dispose();
    },
  };
}

/** A command on one core. */
export function pinned(core: number | undefined, command: readonly string[]): readonly string[] {
  return core === undefined ? command : ['taskset', '-c', String(core), ...command];
}

/** This process and its children to come, from now on, on that core; undefined: wherever there is room. */
export function keepTo(core: number | undefined): void {
  const cores = core === undefined ? `0-${cpus().length - 1}` : String(core);
  execFileSync('taskset', ['-a', '-c', '-p', cores, String(process.pid)], { stdio: 'ignore' });
}

async function nodeProcess(
  name: string,
  { kind, accessLog, threads }: Pick<ProxyArguments, 'kind' | 'accessLog' | 'threads'>,
  { backends, resources, core, nodeFlags }: StartOptions,
): Promise<Contestant> {
  const given: ProxyArguments = { kind, backends, resources, accessLog, threads };
  const module = fileURLToPath(new URL('./dataplane-process.js', import.meta.url));
  const command = pinned(core, [
    ...[
      process.execPath,
      '--expose-gc',
      ...(kind.startsWith('ours') ? OURS_FLAGS : []),
      ...nodeFlags,
    ],
    ...[module, JSON.stringify(given)],
  ]);
  const { child, ...proxy } = await startProxyProcess(command);
  return {
    name,
    ...proxy,
    ask: async (asked) => {
      const answer = messageOf(child);
      child.send(asked);
      return (await answer) as ProxyReply;
    },
  };
}

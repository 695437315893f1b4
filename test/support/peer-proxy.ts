import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from '../../core/domain.js';
import { formatAddress } from '../../core/domain.js';
import { freePort } from '../../demo/free-port.js';

const TRIES = 5;
const STARTS_MS = 10_000;

/** A proxy that somebody else wrote: how it is told what to do. */
export interface PeerKind {
  readonly program: string;
  readonly configOf: (settings: PeerSettings) => string;
  readonly argumentsOf: (file: string, folder: string) => readonly string[];
}

export interface PeerSettings {
  readonly listen: Address;
  readonly backend: Address;
  readonly folder: string;
  /** Of clients, at once. */
  readonly connectionsMax: number;
}

/** One thread; heads and connections as large and as many as ours. */
export const HAPROXY: PeerKind = {
  program: 'haproxy',
  configOf: ({ listen, backend, connectionsMax }) => `global
  nbthread 1
  maxconn ${connectionsMax}
  tune.bufsize 65536
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend clients
  bind ${formatAddress(listen)}
  default_backend servers
backend servers
  server s1 ${formatAddress(backend)}
`,
  argumentsOf: (file) => ['-db', '-f', file],
};

/** HAProxy as a pair of sockets, which reads nothing of what goes through. */
export const HAPROXY_TCP: PeerKind = {
  ...HAPROXY,
  configOf: (settings) => HAPROXY.configOf(settings).replace('mode http', 'mode tcp'),
};

/** One process that is its own worker. */
export const NGINX: PeerKind = {
  program: 'nginx',
  configOf: ({ listen, backend, folder, connectionsMax }) => `daemon off;
master_process off;
pid ${folder}/pid;
error_log ${folder}/error.log crit;
worker_rlimit_nofile ${2 * connectionsMax + 100};
events { worker_connections ${2 * connectionsMax}; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  client_max_body_size 0;
  large_client_header_buffers 8 64k;
  keepalive_requests 100000000;
  upstream servers { server ${formatAddress(backend)}; keepalive 256; keepalive_requests 100000000; }
  server {
    listen ${formatAddress(listen)} backlog=511;
    location / {
      proxy_pass http://servers;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
    }
  }
}
`,
  argumentsOf: (file, folder) => ['-p', folder, '-e', join(folder, 'error.log'), '-c', file],
};

export interface PeerOptions {
  readonly connectionsMax?: number;
  /** The only core that it runs on. */
  readonly core?: number | undefined;
}

/** Started by a test or a bench on a free port, with a folder of its own. */
export class PeerProxy {
  readonly address: Address;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(address: Address, child: ChildProcess, folder: string) {
    this.address = address;
    this.#child = child;
    this.#folder = folder;
  }

  /** @throws with what it said, if it does not serve */
  static async start(
    kind: PeerKind,
    backend: Address,
    { connectionsMax = 400, core }: PeerOptions = {},
  ): Promise<PeerProxy> {
    const folder = await mkdtemp(join(tmpdir(), `foreshift-${kind.program}-`));
    const file = join(folder, 'config');
    for (let tried = 1; ; tried++) {
      const listen = { host: '127.0.0.1', port: await freePort() };
      await writeFile(file, kind.configOf({ listen, backend, folder, connectionsMax }));
      const command = [kind.program, ...kind.argumentsOf(file, folder)];
      const pinned = core === undefined ? command : ['taskset', '-c', String(core), ...command];
      const child = spawn(pinned[0] ?? '', pinned.slice(1), {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let said = '';
      child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
      child.on('error', (error) => (said += error.message));
      if (await serves(child, listen)) return new PeerProxy(listen, child, folder);
      child.kill('SIGKILL');
      // Somebody else may have taken the port meanwhile.
      if (tried < TRIES) continue;
      const log = await readFile(join(folder, 'error.log'), 'utf8').catch(() => '');
      await rm(folder, { recursive: true });
      throw new Error(`${kind.program} does not serve: ${said}${log}`);
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async dispose(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
    await rm(this.#folder, { recursive: true });
  }
}

async function serves(child: ChildProcess, at: Address): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < STARTS_MS; waitedMs += 20) {
    if (child.pid === undefined || child.exitCode !== null) return false;
    if (await isOpen(at)) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

function isOpen(at: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(at)
      .once('connect', () => {
        socket.destroy();
        resolve(true);
      })
      .once('error', () => {
        resolve(false);
      });
  });
}

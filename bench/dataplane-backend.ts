import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../demo/free-port.js';
import { SeededRng, between } from '../core/rng.js';
import { untilWithin } from '../test/support/until.js';
import { pinned } from './dataplane-contestants.js';

export const SIZES = { '1k': 1 << 10, '64k': 64 << 10, '16m': 16 << 20 } as const;
export type FileName = keyof typeof SIZES;

/** nginx with files of these sizes under every resource, as light as a server can be; a POST is read and answered `ok`. */
export class LightBackend {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(port: number, child: ChildProcess, folder: string) {
    this.port = port;
    this.#child = child;
    this.#folder = folder;
  }

  static async start(core: number | undefined): Promise<LightBackend> {
    const folder = await mkdtemp(join(tmpdir(), 'foreshift-backend-'));
    await mkdir(join(folder, 'files'));
    for (const [name, bytes] of Object.entries(SIZES)) {
      await writeFile(join(folder, 'files', name), Buffer.alloc(bytes, 'x'));
    }
    const port = await freePort();
    await writeFile(join(folder, 'nginx.conf'), configOf(folder, port));
    const command = [
      'nginx',
      '-p',
      folder,
      '-e',
      join(folder, 'log'),
      '-c',
      join(folder, 'nginx.conf'),
    ];
    const [program = '', ...args] = pinned(core, command);
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    await untilWithin(10_000, { pauseMs: 20 })('the backend serves', async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/vol-1/1k`).catch(() => undefined);
      return (await answer?.arrayBuffer())?.byteLength === SIZES['1k'];
    });
    return new LightBackend(port, child, folder);
  }

  async dispose(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
    await rm(this.#folder, { recursive: true });
  }
}

function configOf(folder: string, port: number): string {
  return `daemon off;
master_process off;
pid ${folder}/pid;
error_log ${folder}/log crit;
worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http {
  access_log off;
  default_type application/octet-stream;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=100 inactive=1h;
  open_file_cache_valid 1h;
  client_max_body_size 0;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    root ${folder}/files;
    location ~ ^/[^/]+/post$ { return 200 "ok"; }
    location ~ ^/[^/]+/(1k|64k|16m)$ { try_files /$1 =404; }
  }
}
`;
}

/** A server whose every request takes 2 to 20 ms: something is in flight whenever a resource moves. */
export class SlowBackend {
  readonly port: number;
  readonly #close: () => void;

  private constructor(port: number, close: () => void) {
    this.port = port;
    this.#close = close;
  }

  static async start(): Promise<SlowBackend> {
    const rng = new SeededRng(1);
    const server = createServer((request, response) => {
      request.resume();
      setTimeout(() => response.end('ok'), between(rng, 2, 20));
    });
    server.keepAliveTimeout = 3_600_000;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new SlowBackend((server.address() as AddressInfo).port, () => {
      server.close();
      server.closeAllConnections();
    });
  }

  dispose(): void {
    this.#close();
  }
}

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { join } from 'node:path';
import { pinned } from './dataplane-contestants.js';

/** What wrk did and saw. */
export interface Load {
  readonly requests: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Not answered, or not with 2xx. */
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface LoadOptions {
  readonly port: number;
  /** Half of the connections go there, made by a thread of their own; undefined: all go to `port`, made by one thread. */
  readonly secondPort?: number | undefined;
  readonly connections: number;
  readonly seconds: number;
  /** Behind `/vol-N/`. */
  readonly file: string;
  readonly closes?: boolean;
  /** POSTs with a body of so many bytes. */
  readonly bodyBytes?: number;
  /** Requests go round over so many resources, from this one on. */
  readonly resources: number;
  readonly first?: number;
  readonly core: number | undefined;
  readonly folder: string;
}

/** @throws if it cannot run */
export async function wrkLoad(options: LoadOptions): Promise<Load> {
  const { port, secondPort, connections, seconds, core, folder } = options;
  const threads = secondPort === undefined ? '1' : '2';
  const script = join(folder, 'load.lua');
  await writeFile(script, scriptOf(options));
  const [program = '', ...args] = pinned(core, [
    ...['wrk', '-t', threads, '-c', String(connections), '-d', `${seconds}s`, '--timeout', '10s'],
    ...['-s', script, `http://127.0.0.1:${port}/`],
  ]);
  return new Promise((resolve, reject) => {
    execFile(program, args, (error, stdout, stderr) => {
      const line = /^\{.*\}$/m.exec(stdout)?.[0];
      if (line === undefined) reject(new Error(`wrk: ${stdout} ${stderr}`, { cause: error }));
      else resolve(JSON.parse(line) as Load);
    });
  });
}

/** The requests are made once, before the first is sent. */
function scriptOf(options: LoadOptions): string {
  const { file, closes = false, bodyBytes, resources, first = 0 } = options;
  const method = bodyBytes === undefined ? 'GET' : 'POST';
  const body = bodyBytes === undefined ? 'nil' : `string.rep("b", ${bodyBytes})`;
  const headers = closes ? '{ ["Connection"] = "close" }' : 'nil';
  return `${portsOf(options)}
local requests = {}
function init(args)
  for number = 0, ${resources - 1} do
    requests[number] = wrk.format("${method}", "/vol-" .. (${first} + number) .. "/${file}", ${headers}, ${body})
  end
end
local at = -1
function request()
  at = (at + 1) % ${resources}
  return requests[at]
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\\n{"requests":%d,"bytes":%d,"seconds":%.3f,"failed":%d,"p50Ms":%.3f,"p99Ms":%.3f}\\n',
    summary.requests, summary.bytes, summary.duration / 1e6,
    e.status + e.connect + e.read + e.write + e.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
`;
}

/** Which of wrk's threads connects where: by itself each would go to the one address that it is given. */
function portsOf({ port, secondPort }: LoadOptions): string {
  if (secondPort === undefined) return '';
  return `
local ports = { "${port}", "${secondPort}" }
local threads = 0
function setup(thread)
  threads = threads + 1
  thread.addr = wrk.lookup("127.0.0.1", ports[threads])[1]
end
`;
}

export interface Timed {
  /** When it was due, by this process's monotonic clock. */
  readonly atMs: number;
  /** From then until its answer was whole. */
  readonly tookMs: number;
}

/**
 * Requests at a fixed rate whatever the answers do, so that a proxy that stalls is charged for every request that came
 * meanwhile.
 */
export class FixedRate {
  readonly timed: Timed[] = [];
  failed = 0;
  readonly #sockets: Lane[];
  readonly #waiting: number[] = [];

  private constructor(sockets: Lane[]) {
    this.#sockets = sockets;
  }

  static async open(
    port: number,
    connections: number,
    paths: readonly string[],
  ): Promise<FixedRate> {
    const sockets = await Promise.all(
      Array.from({ length: connections }, async (_, at): Promise<Lane> => {
        const socket = connect({ host: '127.0.0.1', port, noDelay: true });
        await new Promise<void>((resolve, reject) => {
          socket.once('connect', resolve).once('error', reject);
        });
        return {
          socket,
          path: paths[at % paths.length] ?? '/',
          dueMs: undefined,
          left: -1,
          head: '',
        };
      }),
    );
    const load = new FixedRate(sockets);
    for (const lane of sockets) load.#listen(lane);
    return load;
  }

  /** Resolves when the last one is answered. */
  async run(perSecond: number, seconds: number): Promise<void> {
    const startMs = performance.now();
    const count = perSecond * seconds;
    for (let sent = 0; sent < count;) {
      const due = Math.min(count, Math.floor(((performance.now() - startMs) / 1000) * perSecond));
      for (; sent < due; sent++) this.#send(startMs + (sent / perSecond) * 1000);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    while (this.timed.length + this.failed < count) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  close(): void {
    for (const { socket } of this.#sockets) socket.destroy();
  }

  #send(dueMs: number): void {
    const lane = this.#sockets.find((one) => one.dueMs === undefined);
    if (lane === undefined) this.#waiting.push(dueMs);
    else this.#begin(lane, dueMs);
  }

  #begin(lane: Lane, dueMs: number): void {
    lane.dueMs = dueMs;
    lane.socket.write(`GET ${lane.path} HTTP/1.1\r\nHost: bench\r\n\r\n`);
  }

  #listen(lane: Lane): void {
    lane.socket
      .on('data', (bytes) => {
        if (lane.left < 0) {
          lane.head += bytes.toString('latin1');
          const end = lane.head.indexOf('\r\n\r\n');
          if (end < 0) return;
          const length = Number(/^content-length: (\d+)$/im.exec(lane.head)?.[1] ?? 0);
          if (!lane.head.startsWith('HTTP/1.1 200')) this.failed += 1;
          lane.left = length - (lane.head.length - end - 4);
        } else {
          lane.left -= bytes.length;
        }
        if (lane.left === 0) this.#answered(lane);
      })
      .on('error', () => undefined)
      .on('close', () => {
        if (lane.dueMs !== undefined) this.failed += 1;
        lane.dueMs = Infinity;
      });
  }

  #answered(lane: Lane): void {
    const dueMs = lane.dueMs ?? 0;
    this.timed.push({ atMs: dueMs, tookMs: performance.now() - dueMs });
    lane.dueMs = undefined;
    lane.left = -1;
    lane.head = '';
    const next = this.#waiting.shift();
    if (next !== undefined) this.#begin(lane, next);
  }
}

interface Lane {
  readonly socket: Socket;
  readonly path: string;
  /** Of the request under way. */
  dueMs: number | undefined;
  /** Of its body; −1: its head has not come whole. */
  left: number;
  head: string;
}

/** Connections that each make one request and then say nothing more. Resolves when all are answered. */
export async function idleConnections(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const group = Array.from({ length: Math.min(250, count - sockets.length) }, () => idle(port));
    sockets.push(...(await Promise.all(group)));
  }
  return sockets;
}

function idle(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('error', reject);
    let bytes = 0;
    socket.on('data', (piece) => {
      bytes += piece.length;
      if (bytes > 1 << 10) resolve(socket);
    });
    socket.write('GET /vol-1/1k HTTP/1.1\r\nHost: bench\r\n\r\n');
  });
}

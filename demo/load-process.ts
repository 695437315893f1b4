import { createWriteStream } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { SystemClock } from '../core/clock/system.js';
import { every } from '../core/every.js';
import { SeededRng, chance } from '../core/rng.js';
import { Latencies, quantileOf } from './latencies.js';
import type { FromLoad, LoadArguments, LoadReport, ToLoad } from './messages.js';

/*
 * The clients of the demo, a process of its own: real HTTP requests through the redirector, at the rates of
 * the trace, whether or not earlier ones were answered. What becomes of each is written down.
 */

const TICK_MS = 5;
const TIMEOUT_MS = 15_000;
const FAILURES_MAX = 10;
const BODY = 'x'.repeat(256);
const UNDER_WAY_MAX = 5000;

const clock = new SystemClock();
const http = new HttpAgent({ keepAlive: true, maxSockets: 256, maxFreeSockets: 256 });
const latencies = new Latencies();
const stopping = new AbortController();
const failures: string[] = [];
let sent = 0;
let answered = 0;
let failed = 0;
let underWay = 0;
let skipped = 0;
let startedAtMs = 0;

process.on('message', (message: LoadArguments | ToLoad) => {
  if (!('kind' in message)) void start(message);
  else if (message.kind === 'report') tell({ kind: 'report', ...report(message) });
  else stopping.abort(new Error('stopping'));
});
process.once('disconnect', () => process.exit(0));

let names: readonly string[] = [];

async function start(args: LoadArguments): Promise<void> {
  const rng = new SeededRng(args.seed);
  const ledger = createWriteStream(args.ledger, { flags: 'a' });
  names = args.resources;
  startedAtMs = clock.monotonicMs();
  let lastMs = startedAtMs;
  // Evenly, each resource from a moment of its own: a step stands for minutes with thousands of requests, and
  // the chance in the few that are sent here would be a noise which those do not have.
  const owed = args.resources.map(() => rng.next());
  tell({ kind: 'started' });
  await every(clock, { everyMs: TICK_MS, signal: stopping.signal }, () => {
    const nowMs = clock.monotonicMs();
    const step = Math.floor((nowMs - startedAtMs) / args.stepMs) % args.steps;
    const seconds = Math.min(1, (nowMs - lastMs) / 1000);
    lastMs = nowMs;
    for (const [index, resource] of args.resources.entries()) {
      let due = (owed[index] ?? 0) + (args.rates[index * args.steps + step] ?? 0) * seconds;
      for (; due >= 1; due--) {
        send(index, resource, args, chance(rng, 0.5), (line) => ledger.write(line));
      }
      owed[index] = due;
    }
  });
  while (underWay > 0) await clock.sleep(20);
  ledger.end(() => {
    tell({ kind: 'stopped' });
  });
}

function send(
  index: number,
  resource: string,
  { proxies }: LoadArguments,
  isPost: boolean,
  write: (line: string) => void,
): void {
  // A service that does not answer must not fill the memory of its clients.
  if (underWay >= UNDER_WAY_MAX) {
    skipped += 1;
    return;
  }
  sent += 1;
  underWay += 1;
  const number = sent;
  const id = `d${process.pid}-${number}`;
  const sentAtMs = clock.realtimeMs();
  const fromMs = clock.monotonicMs();
  let isOver = false;
  const end = (outcome: string): void => {
    if (isOver) return;
    isOver = true;
    underWay -= 1;
    latencies.add(sentAtMs, clock.monotonicMs() - fromMs, index);
    write(`${id} ${outcome}\n`);
    if (outcome === 'answered 200') {
      answered += 1;
      return;
    }
    failed += 1;
    if (failures.length < FAILURES_MAX) failures.push(`${resource} ${id}: ${outcome}`);
  };
  const attempt = (tried: number): void => {
    const proxy = proxies[(number + tried) % proxies.length];
    const request = httpRequest(
      {
        host: proxy?.host,
        port: proxy?.port,
        agent: http,
        method: isPost ? 'POST' : 'GET',
        path: `/${resource}/item`,
        headers: { 'x-request-id': id, ...(isPost && { 'content-length': String(BODY.length) }) },
        timeout: TIMEOUT_MS,
      },
      (response) => {
        response.resume();
        response.once('end', () => {
          const isOwn = response.headers['x-request-id'] === id;
          const status = response.statusCode ?? 0;
          if (status === 200) end(isOwn ? 'answered 200' : 'foreign 200');
          else end(`${String(response.headers['foreshift-executed'] ?? 'unknown')} ${status}`);
        });
        response.once('error', () => {
          end('broken 0');
        });
      },
    );
    request.once('timeout', () => request.destroy(new Error('timeout')));
    request.once('error', (error: NodeJS.ErrnoException) => {
      // Nobody listens there: nothing was sent, another redirector may have it.
      if (error.code === 'ECONNREFUSED' && tried + 1 < proxies.length) attempt(tried + 1);
      else end('broken 0');
    });
    request.end(isPost ? BODY : undefined);
  };
  attempt(0);
}

function report({ windows }: Extract<ToLoad, { kind: 'report' }>): LoadReport {
  const { switched, others } = latencies.split(windows, names);
  return {
    sent,
    answered,
    failed,
    skipped,
    perSecond: (1000 * sent) / Math.max(1, clock.monotonicMs() - startedAtMs),
    p50Ms: quantileOf(others, 0.5) ?? 0,
    p99Ms: quantileOf(others, 0.99) ?? 0,
    switchedP99Ms: quantileOf(switched, 0.99),
    switchedRequests: switched.length,
    failures,
  };
}

function tell(message: FromLoad): void {
  process.send?.(message);
}

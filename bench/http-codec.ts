/**
 * What the HTTP/1.1 codec costs per head: CPU µs by the process's own accounting, median and least of rounds.
 * `node dist/bench/http-codec.js [--rounds 9]`
 */
import { strict as assert } from 'node:assert';
import { latin1Bytes } from '../core/net/http/bytes.js';
import { forwardedRequestLines } from '../core/net/http/forwarding.js';
import { HttpFault } from '../core/net/http/fault.js';
import { CHUNKED, ofLength } from '../core/net/http/framing.js';
import { HeadReader } from '../core/net/http/head-reader.js';
import { requestHeadTextOf } from '../core/net/http/head-text.js';
import { BodyReader } from '../core/net/http/body-reader.js';
import { BodyWriter } from '../core/net/http/body-writer.js';
import { BODY_LIMITS, HEAD_LIMITS } from '../core/net/http/limits.js';
import type { RequestHead } from '../core/net/http/request-head.js';
import { RequestHeadParser } from '../core/net/http/request-head.js';
import { ResponseHeadParser } from '../core/net/http/response-head.js';

const ROUNDS = Number(process.argv[process.argv.indexOf('--rounds') + 1] ?? '') || 9;
const CALLS = 100_000;
const CLIENT = { host: '10.0.0.7', scheme: 'http' } as const;

const WRK = 'GET /r/42 HTTP/1.1\r\nHost: 10.0.0.1:80\r\n\r\n';
const BROWSER = [
  'GET /api/v1/volumes/vol-0042/files/reports/2026/q3/summary.html?lang=en&view=full HTTP/1.1',
  'Host: storage.example.com',
  'Connection: keep-alive',
  'Cache-Control: max-age=0',
  'sec-ch-ua: "Chromium";v="130", "Google Chrome";v="130", "Not?A_Brand";v="99"',
  'sec-ch-ua-mobile: ?0',
  'sec-ch-ua-platform: "Linux"',
  'Upgrade-Insecure-Requests: 1',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9',
  'Sec-Fetch-Site: none',
  'Sec-Fetch-Mode: navigate',
  'Sec-Fetch-Dest: document',
  'Accept-Encoding: gzip, deflate',
  'Accept-Language: en',
  '',
  '',
].join('\r\n');
const RESPONSE = [
  'HTTP/1.1 200 OK',
  'Server: nginx/1.22.1',
  'Date: Mon, 02 Nov 2026 10:00:00 GMT',
  'Content-Type: application/octet-stream',
  'Content-Length: 1024',
  'Last-Modified: Mon, 02 Nov 2026 09:00:00 GMT',
  'Connection: keep-alive',
  'ETag: "654379a0-400"',
  'Accept-Ranges: bytes',
  '',
  '',
].join('\r\n');

/** Two heads by turns, so that none is known again. */
function firstTime(text: string): () => unknown {
  const reader = new HeadReader(new RequestHeadParser(HEAD_LIMITS), HEAD_LIMITS);
  const heads = [
    latin1Bytes(text),
    latin1Bytes(text.replace('GET /r/4', 'GET /r/5').replace('vol-0', 'vol-1')),
  ];
  let turn = 0;
  return () => reader.read(heads[(turn ^= 1)] as Uint8Array, 0);
}

function repeated(text: string): () => unknown {
  const reader = new HeadReader(new RequestHeadParser(HEAD_LIMITS), HEAD_LIMITS);
  const head = latin1Bytes(text);
  return () => reader.read(head, 0);
}

function response(): () => unknown {
  const limits = { ...HEAD_LIMITS, rememberedBytesMax: 0 };
  const reader = new HeadReader(new ResponseHeadParser(limits), limits);
  const head = latin1Bytes(RESPONSE);
  return () => reader.read(head, 0);
}

function parsed(text: string): RequestHead {
  const head = new HeadReader(new RequestHeadParser(HEAD_LIMITS), HEAD_LIMITS).read(
    latin1Bytes(text),
    0,
  );
  assert(head !== undefined && !(head instanceof HttpFault));
  return head;
}

function forwarded(text: string): () => unknown {
  const head = parsed(text);
  return () =>
    latin1Bytes(
      requestHeadTextOf(
        {
          method: head.method,
          path: head.path,
          query: head.query,
          host: head.authority,
          framing: head.framing,
          connection: 'persistent',
        },
        forwardedRequestLines(head, CLIENT, { mode: 'replace', standard: false }),
      ),
    );
}

function relayedChunks(): () => unknown {
  const body = Buffer.alloc(16 << 10, 'x');
  const chunked = Buffer.concat([
    ...new BodyWriter(CHUNKED).part(body),
    ...new BodyWriter(CHUNKED).end(),
  ]);
  const writer = new BodyWriter(CHUNKED);
  return () =>
    new BodyReader(CHUNKED, BODY_LIMITS).read(chunked, 0, { body: (bytes) => writer.part(bytes) });
}

function relayedLength(): () => unknown {
  const body = Buffer.alloc(16 << 10, 'x');
  const framing = ofLength(body.length);
  return () => {
    const writer = new BodyWriter(framing);
    new BodyReader(framing, BODY_LIMITS).read(body, 0, { body: (bytes) => writer.part(bytes) });
  };
}

function measure(name: string, bytes: number, run: () => unknown): void {
  const costs: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let call = 0; call < CALLS; call++) run();
    const { user, system } = process.cpuUsage(before);
    // The first round warms up.
    if (round > 0) costs.push((user + system) / CALLS);
  }
  costs.sort((a, b) => a - b);
  const figures = [costs[Math.floor(costs.length / 2)], costs[0]].map((cost = NaN) =>
    cost.toFixed(2).padStart(7),
  );
  console.log(`${name.padEnd(40)} ${String(bytes).padStart(6)} bytes ${figures.join(' ')} µs`);
}

console.log(
  `node ${process.version}, ${ROUNDS} rounds of ${CALLS}, CPU time a call: median, least`,
);
measure('request head, wrk, first time', WRK.length, firstTime(WRK));
measure('request head, browser, first time', BROWSER.length, firstTime(BROWSER));
measure('request head, wrk, repeated', WRK.length, repeated(WRK));
measure('request head, browser, repeated', BROWSER.length, repeated(BROWSER));
measure('response head, nginx', RESPONSE.length, response());
measure('forwarded head made, wrk', WRK.length, forwarded(WRK));
measure('forwarded head made, browser', BROWSER.length, forwarded(BROWSER));
measure('chunked body read and written', 16 << 10, relayedChunks());
measure('body with length read and written', 16 << 10, relayedLength());

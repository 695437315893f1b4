import { describe, expect, it } from '@jest/globals';
import { BodyWriter } from '../../../../../core/net/http/body-writer.js';
import { relayedFraming } from '../../../../../core/net/http/framing.js';
import { BODY_LIMITS, HEAD_LIMITS } from '../../../../../core/net/http/limits.js';
import type { MessageLimits } from '../../../../../core/net/http/message-reader.js';
import { answerHeadBytes, interimHeadBytes } from '../../../../../core/net/http/relayed-heads.js';
import type { RequestHead } from '../../../../../core/net/http/request-head.js';
import { RequestReader } from '../../../../../core/net/http/request-reader.js';
import type { ResponseHead } from '../../../../../core/net/http/response-head.js';
import { ResponseReader } from '../../../../../core/net/http/response-reader.js';
import type { Rng } from '../../../../../core/rng.js';
import { messageOf } from '../../../../../core/text.js';
import { SeededRng, chance, integerBelow, pick } from '../../../../../core/rng.js';
import { requestHeadBytes } from '../../../../../redirector/adapters/http/request-relay.js';
import { ANSWERS } from '../../../../corpus/answers.js';
import { REQUEST_THEMES } from '../../../../corpus/requests.js';
import { fuzzRuns } from '../../../../support/fuzz.js';
import { noiseOf } from '../../../../support/http-noise.js';
import { cutAt, latin1 } from '../../../../support/http-transcript.js';
import { strictAnswers } from '../../../../support/strict-answers.js';
import { StrictRequests } from '../../../../support/strict-requests.js';
import { REQUEST_CASES } from './request-cases.js';
import { RESPONSE_CASES } from './response-cases.js';

/*
 * What is read is written again as a redirector passes it on, and read once more by one who grants nothing: whatever comes
 * in, in whatever pieces, what goes out is unambiguous, and the same.
 */

/** Small, so that limits are met too. */
const LIMITS: MessageLimits = {
  head: { ...HEAD_LIMITS, headBytesMax: 700, targetBytesMax: 100, headersMax: 12 },
  body: { ...BODY_LIMITS, bodyBytesMax: 200, chunkExtensionBytesMax: 16, trailerBytesMax: 64 },
};
const RELAY = {
  host: '127.0.0.1',
  scheme: 'http',
  mode: 'replace',
  standard: false,
  fence: undefined,
  named: undefined,
} as const;

const REQUESTS = short([
  ...Object.values(REQUEST_THEMES).flatMap((cases) => cases.map(({ bytes }) => bytes)),
  ...REQUEST_CASES.map(([, bytes]) => bytes),
]);
const RESPONSES = short([
  ...ANSWERS.map(({ bytes }) => bytes),
  ...RESPONSE_CASES.map(([, bytes]) => bytes),
]);

function short(texts: readonly string[]): string[] {
  return texts.filter(({ length }) => length > 0 && length < 600);
}

function pieces(rng: Rng, bytes: Uint8Array): Uint8Array[] {
  const places = Array.from({ length: 1 + integerBelow(rng, 5) }, () =>
    integerBelow(rng, bytes.length + 1),
  );
  return cutAt(bytes, places);
}

interface Relayed {
  readonly text: string;
  /** Messages that were read to their end. */
  readonly whole: number;
  readonly faults: readonly string[];
  readonly heads: readonly string[];
  readonly tunnels: boolean;
}

function relayedRequests(parts: readonly Uint8Array[]): Relayed {
  const relay = new Relay<RequestHead>((head) => ({
    bytes: requestHeadBytes(head, RELAY),
    body: new BodyWriter(head.framing),
    isTunnel: head.isWebSocket,
  }));
  const reader = new RequestReader(relay, LIMITS);
  for (const part of parts) {
    for (let at = 0; at < part.length;) at = reader.read(part, at);
  }
  return relay.relayed;
}

/** One answer is awaited, and a second one after it. */
function relayedAnswers(parts: readonly Uint8Array[], method: string): Relayed {
  const relay = new Relay<ResponseHead>((head) => {
    const isInterim = head.status < 200 && head.status !== 101;
    const framing = relayedFraming(head.framing, 1);
    return {
      bytes: isInterim
        ? interimHeadBytes(head)
        : answerHeadBytes(head, framing, head.isWebSocket ? 'websocket' : 'persistent'),
      body: new BodyWriter(framing),
      isTunnel: head.isWebSocket,
    };
  });
  const reader = new ResponseReader(relay, LIMITS);
  reader.expect(method);
  for (const part of parts) {
    for (let at = 0; at < part.length;) at = reader.read(part, at);
  }
  reader.peerEnded();
  return relay.relayed;
}

interface Begun {
  readonly bytes: Uint8Array;
  readonly body: BodyWriter;
  readonly isTunnel: boolean;
}

/** Passes on what a reader finds, and fails on what a reader may not do. */
class Relay<Head> {
  readonly #begin: (head: Head) => Begun;
  readonly #texts: string[] = [];
  readonly #faults: string[] = [];
  readonly #heads: string[] = [];
  #whole = 0;
  #body: BodyWriter | undefined;
  #tunnels = false;

  constructor(begin: (head: Head) => Begun) {
    this.#begin = begin;
  }

  get relayed(): Relayed {
    return {
      text: this.#texts.join(''),
      whole: this.#whole,
      faults: this.#faults,
      heads: this.#heads,
      tunnels: this.#tunnels,
    };
  }

  head(head: Head): void {
    if (this.#faults.length > 0) throw new Error('it reads on behind a fault');
    const { bytes, body, isTunnel } = this.#begin(head);
    this.#body = body;
    this.#tunnels ||= isTunnel;
    this.#heads.push(Buffer.from(bytes).toString('latin1'));
    this.#write([bytes]);
  }

  body(bytes: Uint8Array): void {
    this.#write(this.#body!.part(bytes));
  }

  end(trailers: Parameters<BodyWriter['end']>[0]): void {
    this.#whole += 1;
    this.#write(this.#body!.end(trailers));
  }

  fault({ name }: { readonly name: string }): void {
    this.#faults.push(name);
  }

  #write(parts: readonly Uint8Array[]): void {
    for (const part of parts) this.#texts.push(Buffer.from(part).toString('latin1'));
  }
}

/** What must not depend on the cuts. */
function outcomeOf({ whole, faults, heads }: Relayed): string {
  return JSON.stringify([whole, faults, heads]);
}

/** What is wrong with it; undefined: nothing. */
function requestFault(bytes: Uint8Array, rng: Rng): string | undefined {
  const relayed = relayedRequests([bytes]);
  const cut = relayedRequests(pieces(rng, bytes));
  if (outcomeOf(cut) !== outcomeOf(relayed)) return 'the cuts matter';
  for (const { text, whole } of [relayed, cut]) {
    const strict = new StrictRequests();
    strict.push(latin1(text));
    if (strict.violation !== undefined) return strict.violation;
    if (strict.requests.length !== whole) return `${strict.requests.length} of ${whole}`;
  }
  return undefined;
}

function answerFault(bytes: Uint8Array, method: string, rng: Rng): string | undefined {
  const relayed = relayedAnswers([bytes], method);
  const cut = relayedAnswers(pieces(rng, bytes), method);
  if (outcomeOf(cut) !== outcomeOf(relayed)) return 'the cuts matter';
  for (const { text, whole } of [relayed, cut]) {
    if (whole > 1) return `${whole} answers to one request`;
    const finals = finalsIn(text, method);
    if (typeof finals === 'string') return finals;
    if (finals !== whole) return `${finals} of ${whole}`;
  }
  return undefined;
}

function finalsIn(text: string, method: string): number | string {
  try {
    const statuses = strictAnswers(text, method);
    return statuses.filter((status) => status >= 200 || status === 101).length;
  } catch (error) {
    return `${messageOf(error)}: ${JSON.stringify(text)}`;
  }
}

/** Finds the first failing input, if there is one: no more is needed to mend it. */
function firstFault(
  numRuns: number,
  seed: number,
  attempt: (rng: Rng) => readonly [bytes: Uint8Array, fault: string | undefined],
): string | undefined {
  for (let run = 0; run < numRuns; run++) {
    const rng = new SeededRng(seed * 1_000_003 + run);
    const [bytes, fault] = attempt(rng);
    if (fault === undefined) continue;
    return `run ${run}: ${fault}: ${JSON.stringify(Buffer.from(bytes).toString('latin1'))}`;
  }
  return undefined;
}

describe('what is passed on', () => {
  const requests = fuzzRuns(100_000);
  it(`is unambiguous whatever a client sends (${requests.numRuns} inputs)`, () => {
    let accepted = 0;
    const fault = firstFault(requests.numRuns, requests.seed, (rng) => {
      const bytes = noiseOf(rng, REQUESTS);
      accepted += relayedRequests([bytes]).whole;
      return [bytes, requestFault(bytes, rng)];
    });
    expect(fault).toBeUndefined();
    expect(accepted).toBeGreaterThan(requests.numRuns / 20);
  });

  const answers = fuzzRuns(100_000);
  it(`is unambiguous whatever a server sends (${answers.numRuns} inputs)`, () => {
    let accepted = 0;
    const fault = firstFault(answers.numRuns, answers.seed, (rng) => {
      const bytes = noiseOf(rng, RESPONSES);
      const method = pick(rng, ['GET', 'GET', 'HEAD', 'POST']);
      accepted += relayedAnswers([bytes], method).whole;
      return [bytes, answerFault(bytes, method, rng)];
    });
    expect(fault).toBeUndefined();
    expect(accepted).toBeGreaterThan(answers.numRuns / 20);
  });
});

const ASKING = [
  ...[
    'Connection: upgrade',
    'Connection: Upgrade, x',
    'Connection: keep-alive',
    'connection:upgrade',
  ],
  ...['Upgrade: websocket', 'upgrade:WebSocket', 'Upgrade: h2c', 'Upgrade: websocket, h2c'],
  ...['Content-Length: 0', 'Content-Length: 3', 'Transfer-Encoding: chunked', 'x: y'],
  ...[
    'Upgrade : websocket',
    'Up\0grade: websocket',
    'Sec-WebSocket-Key: AA==',
    'X-Upgrade: websocket',
  ],
];
const REQUEST_STARTS = [
  ...['GET /vol-1/x HTTP/1.1', 'GET /vol-1/x HTTP/1.1', 'GET /vol-1/x HTTP/1.0'],
  ...['POST /vol-1/x HTTP/1.1', 'HEAD /vol-1/x HTTP/1.1', 'CONNECT /vol-1/x HTTP/1.1'],
];
const ANSWER_STARTS = [
  ...['HTTP/1.1 101 Switching Protocols', 'HTTP/1.1 101 Switching Protocols', 'HTTP/1.1 101'],
  ...['HTTP/1.0 101 Switching Protocols', 'HTTP/1.1 200 OK', 'HTTP/1.1 103 Early Hints'],
];

function headOf(rng: Rng, starts: readonly string[], ...lines: readonly string[]): string {
  const chosen = Array.from({ length: integerBelow(rng, 6) }, () => pick(rng, ASKING));
  return [pick(rng, starts), ...lines, ...chosen, '', ''].join('\r\n');
}

/** All values of a header of a head, by another reader. */
function listed(head: string, name: string): string[] {
  const lines = head.split('\r\n').filter((line) => line.toLowerCase().startsWith(`${name}:`));
  return lines.flatMap((line) =>
    line
      .slice(name.length + 1)
      .split(',')
      .map((value) => value.trim().toLowerCase()),
  );
}

function asksForWebSocket(head: string): boolean {
  const upgrades = listed(head, 'upgrade');
  return (
    listed(head, 'connection').includes('upgrade') &&
    upgrades.length === 1 &&
    upgrades[0] === 'websocket'
  );
}

describe('an upgrade', () => {
  const { numRuns, seed } = fuzzRuns(50_000);
  it(`is one only if both sides say so without a doubt, and HTTP ends with it (${numRuns} inputs)`, () => {
    let tunnels = 0;
    const fault = firstFault(numRuns, seed, (rng) => {
      const isBroken = chance(rng, 0.3);
      const asked = headOf(rng, REQUEST_STARTS, 'Host: a');
      const told = headOf(rng, ANSWER_STARTS);
      const request = isBroken ? noiseOf(rng, [asked]) : latin1(asked);
      const answer = isBroken ? noiseOf(rng, [told]) : latin1(told);
      const one = relayedRequests([request]);
      const other = relayedAnswers([answer], 'GET');
      const both = Buffer.concat([request, answer]);
      const wrong = requestFault(request, rng) ?? answerFault(answer, 'GET', rng);
      if (wrong !== undefined || isBroken) return [both, wrong];
      if (one.tunnels) {
        const isAsked =
          /^GET \S+ HTTP\/1\.1\r\n/.test(asked) &&
          asksForWebSocket(asked) &&
          !/^(?:content-length: 3|transfer-encoding)/im.test(asked);
        if (!isAsked) return [both, 'a tunnel that was not asked for'];
      }
      if (other.tunnels && !(/^HTTP\/1\.[01] 101/.test(told) && asksForWebSocket(told))) {
        return [both, 'a tunnel that was not granted'];
      }
      if (!other.tunnels) return [both, undefined];
      tunnels += 1;
      return [both, isEndOfHttp(answer) ? undefined : 'HTTP goes on behind it'];
    });
    expect(fault).toBeUndefined();
    expect(tunnels).toBeGreaterThan(numRuns / 200);
  });

  /** The bytes behind the head are not touched. */
  function isEndOfHttp(answer: Uint8Array): boolean {
    const ends: number[] = [];
    const reader = new ResponseReader({
      head: () => undefined,
      body: () => undefined,
      end: () => ends.push(1),
      fault: () => undefined,
    });
    reader.expect('GET');
    const at = reader.read(Buffer.concat([answer, latin1('\x81\x02hi')]), 0);
    return ends.length === 1 && at === answer.length;
  }
});

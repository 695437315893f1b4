import { describe, expect, it } from '@jest/globals';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { BodyReader } from '../../../../../core/net/http/body-reader.js';
import { HttpFault } from '../../../../../core/net/http/fault.js';
import { HeadReader } from '../../../../../core/net/http/head-reader.js';
import { HEAD_LIMITS, BODY_LIMITS } from '../../../../../core/net/http/limits.js';
import type { MessageLimits } from '../../../../../core/net/http/message-reader.js';
import { RequestHeadParser } from '../../../../../core/net/http/request-head.js';
import { CHUNKED } from '../../../../../core/net/http/framing.js';
import { fuzzRuns } from '../../../../support/fuzz.js';
import {
  cutAt,
  distinct,
  latin1,
  requestTranscript,
  responseTranscript,
} from '../../../../support/http-transcript.js';
import { REQUEST_CASES } from './request-cases.js';
import { RESPONSE_CASES } from './response-cases.js';

/*
 * Random bytes, valid messages with random damage, and messages of hostile pieces, each whole and cut at random: never a
 * throw, the same outcome whatever the cuts, at most one fault and that the last.
 */

const RUNS = fuzzRuns(20_000);
/** Small, so that limits are met too. */
const LIMITS: MessageLimits = {
  head: { ...HEAD_LIMITS, headBytesMax: 600, targetBytesMax: 60, headersMax: 8 },
  body: { ...BODY_LIMITS, bodyBytesMax: 64, chunkExtensionBytesMax: 16, trailerBytesMax: 32 },
};

const PIECES = [
  ...[
    'GET ',
    'POST ',
    'HEAD ',
    '/',
    '/a',
    '//',
    '/..',
    '?q',
    '#',
    '*',
    'http://a',
    ' HTTP/1.1',
    ' HTTP/1.0',
  ],
  ...[
    '\r\n',
    '\r\n',
    '\r\n',
    '\r\n\r\n',
    '\r',
    '\n',
    ' ',
    '\t',
    '\0',
    '\xff',
    ':',
    ': ',
    ';',
    ',',
    '=',
  ],
  ...[
    'Host',
    'Host: a\r\n',
    'Content-Length: 3\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Connection: close\r\n',
  ],
  ...[
    'Content-Length',
    'Transfer-Encoding',
    'chunked',
    'X: y\r\n',
    '3\r\nabc\r\n',
    '0\r\n\r\n',
    '0\r\n',
    'abc',
  ],
  ...[
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 ',
    '204',
    '101',
    'x'.repeat(50),
    '%2e',
    '5;a=b',
  ],
];
const hostile = fc
  .array(fc.constantFrom(...PIECES), { maxLength: 16 })
  .map((pieces) => latin1(pieces.join('')));
const noise = fc.uint8Array({ maxLength: 200 });

/** A message with some of its bytes replaced, left out or doubled. */
function damaged(texts: readonly string[]): fc.Arbitrary<Uint8Array> {
  const short = texts.filter((text) => text.length > 0 && text.length < 600);
  const damage = fc.record({ place: fc.nat(), kind: fc.nat(2), byte: fc.nat(255) });
  return fc
    .tuple(fc.constantFrom(...short), fc.array(damage, { maxLength: 3 }))
    .map(([text, damages]) => {
      const bytes = [...latin1(text)];
      for (const { place, kind, byte } of damages) {
        const at = place % Math.max(1, bytes.length);
        if (kind === 0) bytes[at] = byte;
        else if (kind === 1) bytes.splice(at, 1);
        else bytes.splice(at, 0, bytes[at] ?? byte);
      }
      return Uint8Array.from(bytes);
    });
}

const places = fc.array(fc.nat(600), { maxLength: 6 });

function isFaultLast(lines: readonly string[]): boolean {
  return !lines.slice(0, -1).some((line) => line.startsWith('fault'));
}

describe('the request reader', () => {
  const requests = damaged(REQUEST_CASES.map(([, text]) => text));
  it('says the same whatever the cuts', () => {
    fc.assert(
      fc.property(fc.oneof(noise, hostile, requests), places, (bytes, cuts) => {
        const whole = requestTranscript([bytes], LIMITS);
        const cut = requestTranscript(cutAt(bytes, cuts), LIMITS);
        return distinct([whole, cut]).length === 1 && isFaultLast(whole);
      }),
      RUNS,
    );
  });
});

describe('the response reader', () => {
  const responses = damaged(RESPONSE_CASES.map(([, text]) => text));
  it('says the same whatever the cuts', () => {
    const asked = fc.record({ method: fc.constantFrom('GET', 'HEAD'), closes: fc.boolean() });
    fc.assert(
      fc.property(fc.oneof(noise, hostile, responses), places, asked, (bytes, cuts, reading) => {
        const whole = responseTranscript([bytes], { ...reading, limits: LIMITS });
        const cut = responseTranscript(cutAt(bytes, cuts), { ...reading, limits: LIMITS });
        return distinct([whole, cut]).length === 1 && isFaultLast(whole);
      }),
      RUNS,
    );
  });
});

describe('the chunk reader', () => {
  const pieces = fc.array(
    fc.constantFrom(
      '0\r\n\r\n',
      '1\r\na\r\n',
      'A\r\n0123456789\r\n',
      '5',
      '\r\n',
      ';x',
      '="y"',
      'T: 1\r\n',
      '\n',
      'f',
      ' ',
    ),
    { maxLength: 10 },
  );
  it('takes the same bytes whatever the cuts, and none after the end', () => {
    fc.assert(
      fc.property(pieces, places, (parts, cuts) => {
        const bytes = latin1(parts.join(''));
        const whole = readBody([bytes]);
        const more = Buffer.concat([bytes, latin1('GET / HTTP/1.1\r\n')]);
        return (
          isDeepStrictEqual(readBody(cutAt(bytes, cuts)), whole) &&
          (!whole.isDone || isDeepStrictEqual(readBody([more]), whole))
        );
      }),
      RUNS,
    );
  });
});

function readBody(pieces: readonly Uint8Array[]) {
  const reader = new BodyReader(CHUNKED, BODY_LIMITS);
  let body = '';
  let taken = 0;
  for (const piece of pieces) {
    taken += reader.read(piece, 0, {
      body: (bytes) => {
        body += Buffer.from(bytes).toString('latin1');
      },
    });
  }
  return { body, taken, isDone: reader.isDone, fault: reader.fault?.name };
}

describe('the head reader', () => {
  it('reads a head of 32 KB byte by byte in time in proportion to it', () => {
    const text = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(32_000)}\r\n\r\n`;
    const bytes = latin1(text);
    const reader = new HeadReader(new RequestHeadParser(HEAD_LIMITS), HEAD_LIMITS);
    const copied = countCopies(() => {
      for (let at = 0; at < bytes.length - 1; at++) reader.read(bytes.subarray(at, at + 1), 0);
    });
    const head = reader.read(bytes.subarray(bytes.length - 1), 0);
    expect(head instanceof HttpFault ? head.name : head?.path).toBe('/');
    expect(copied).toBeLessThan(4 * bytes.length);
  });
});

/** How many bytes `Uint8Array.set` moves meanwhile. */
function countCopies(work: () => void): number {
  const original = Object.getOwnPropertyDescriptor(
    Object.getPrototypeOf(Uint8Array.prototype),
    'set',
  );
  let copied = 0;
  const prototype = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;
  Object.defineProperty(prototype, 'set', {
    configurable: true,
    writable: true,
    value(this: Uint8Array, source: ArrayLike<number>, offset?: number) {
      copied += source.length;
      (original?.value as (source: ArrayLike<number>, offset?: number) => void).call(
        this,
        source,
        offset,
      );
    },
  });
  try {
    work();
  } finally {
    Object.defineProperty(prototype, 'set', original ?? {});
  }
  return copied;
}

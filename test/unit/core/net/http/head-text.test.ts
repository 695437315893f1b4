import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { latin1Bytes } from '../../../../../core/net/http/bytes.js';
import { BodyWriter } from '../../../../../core/net/http/body-writer.js';
import type { Framing } from '../../../../../core/net/http/framing.js';
import {
  CHUNKED,
  NO_BODY,
  UNTIL_CLOSE,
  ofLength,
  relayedFraming,
} from '../../../../../core/net/http/framing.js';
import { requestHeadText, responseHeadText } from '../../../../../core/net/http/head-text.js';
import type { HeaderList } from '../../../../../core/net/http/header-list.js';
import { headerList, headerMap, withHeaders } from '../../../../../core/net/http/header-list.js';
import { errorAnswerBytes } from '../../../../../core/net/http/error-answer.js';
import {
  latin1,
  requestTranscript,
  responseTranscript,
} from '../../../../support/http-transcript.js';
import { fuzzRuns } from '../../../../support/fuzz.js';

const NAME = fc.constantFrom('accept', 'cookie', 'x-a', 'x-b', 'etag', '__proto__', 'x_y');
const VALUE = fc
  .string({ unit: fc.constantFrom(...' !"#,;=~09azAZ\t'.match(/./g)!), maxLength: 12 })
  .map((text) => text.replace(/^[ \t]+|[ \t]+$/g, ''));
const HEADERS = fc
  .array(fc.tuple(NAME, VALUE), { maxLength: 6 })
  .map((fields) => fields.flat() as readonly string[] as HeaderList);
const BODY = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 4 });

function framed(head: string, framing: Framing, parts: readonly Uint8Array[]): Uint8Array {
  const writer = new BodyWriter(framing);
  const body = parts.flatMap((part) => [...writer.part(part)]);
  return Buffer.concat([latin1Bytes(head), ...body, ...writer.end()]);
}

/** The ways to frame this body. */
function framings(parts: readonly Uint8Array[]): Framing[] {
  return [CHUNKED, ofLength(parts.reduce((sum, part) => sum + part.length, 0))];
}

function bodyLines(parts: readonly Uint8Array[]): string[] {
  const body = Buffer.concat(parts).toString('latin1');
  return body === '' ? ['end'] : [`body ${JSON.stringify(body)}`, 'end'];
}

describe('a message that is written', () => {
  it('reads as the same request', () => {
    const path = fc.constantFrom('/', '/a/b', '/%20;x');
    const query = fc.constantFrom('', '?', '?a=b');
    fc.assert(
      fc.property(path, query, HEADERS, BODY, (path, query, headers, parts) => {
        for (const framing of framings(parts)) {
          const head = requestHeadText({
            method: 'PUT',
            path,
            query,
            host: 'h:1',
            headers,
            framing,
            connection: 'close',
          });
          const lines = requestTranscript([framed(head, framing, parts)]);
          expect(lines[0]).toContain(`PUT ${path}${query} 1.1 @h ${framing.kind}`);
          expect(lines[0]).toContain(
            `["host","h:1"${JSON.stringify(headers)
              .slice(1, -1)
              .replace(/^(?=.)/, ',')},`,
          );
          expect(lines.slice(1)).toEqual(bodyLines(parts));
        }
      }),
      fuzzRuns(500),
    );
  });

  it('reads as the same response', () => {
    fc.assert(
      fc.property(HEADERS, BODY, (headers, parts) => {
        for (const framing of [...framings(parts), UNTIL_CLOSE]) {
          const head = responseHeadText({
            status: 203,
            reason: 'Fine',
            headers,
            framing,
            connection: 'close',
          });
          const lines = responseTranscript([framed(head, framing, parts)]);
          expect(lines[0]).toContain(`203 "Fine" 1.1 ${framing.kind}`);
          expect(lines[0]).toContain(JSON.stringify(headers).slice(1, -1));
          expect(lines.slice(1)).toEqual(bodyLines(parts));
        }
      }),
      fuzzRuns(500),
    );
  });

  it('has one framing header, whatever its list says', () => {
    const headers = [
      'content-length',
      '9',
      'transfer-encoding',
      'chunked',
      'x',
      '1',
      'host',
      'evil',
    ] as readonly string[] as HeaderList;
    const text = requestHeadText({
      method: 'PUT',
      path: '/',
      query: '',
      host: 'h',
      headers,
      framing: ofLength(2),
      connection: 'persistent',
    });
    expect(text).toBe('PUT / HTTP/1.1\r\nhost: h\r\nx: 1\r\ncontent-length: 2\r\n\r\n');
  });

  it('says how the connection goes on', () => {
    const text = (connection: 'persistent' | 'keep-alive' | 'close' | 'websocket'): string =>
      responseHeadText({
        status: 200,
        reason: '',
        headers: headerList({}),
        framing: NO_BODY,
        connection,
      });
    expect(text('persistent')).toBe('HTTP/1.1 200 \r\n\r\n');
    expect(text('keep-alive')).toBe('HTTP/1.1 200 \r\nconnection: keep-alive\r\n\r\n');
    expect(text('close')).toBe('HTTP/1.1 200 \r\nconnection: close\r\n\r\n');
    expect(text('websocket')).toBe(
      'HTTP/1.1 200 \r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    );
  });

  it('states the length of a body that is not sent', () => {
    const text = responseHeadText({
      status: 304,
      reason: '',
      headers: headerList({}),
      framing: NO_BODY,
      connection: 'persistent',
      unsentLength: 5,
    });
    expect(text).toBe('HTTP/1.1 304 \r\ncontent-length: 5\r\n\r\n');
  });
});

describe('a header of our own', () => {
  it.each(['a\r\nb', 'a\nb', 'a\rb', 'a\0b', ' a', 'a\t', '\u0100', 'a\x7f'])(
    'cannot have the value %j',
    (value) => {
      expect(() => headerList({ x: value })).toThrow('one line');
    },
  );

  it.each(['', 'a b', 'a:', 'a\r\n', 'é'])('cannot have the name %j', (name) => {
    expect(() => headerList({ [name]: '1' })).toThrow('token');
  });

  it('replaces those of its name', () => {
    const headers = withHeaders(headerList({ A: '1', b: '2' }), headerList({ a: '3', c: '4' }));
    expect(headers).toEqual(['b', '2', 'a', '3', 'c', '4']);
    expect([
      ...headerMap(['a', '1', 'b', '2', 'a', '3'] as readonly string[] as HeaderList),
    ]).toEqual([
      ['a', '1, 3'],
      ['b', '2'],
    ]);
  });
});

describe('BodyWriter', () => {
  it('writes a large chunk without copying it', () => {
    const bytes = new Uint8Array(5000);
    expect(new BodyWriter(CHUNKED).part(bytes)[1]).toBe(bytes);
  });

  it('never writes the chunk that means the end before the end', () => {
    expect(new BodyWriter(CHUNKED).part(new Uint8Array(0))).toEqual([]);
  });

  it('refuses to write more or less than was promised', () => {
    const writer = new BodyWriter(ofLength(2));
    expect(() => writer.part(latin1('abc'))).toThrow('outgrow');
    expect(() => writer.end()).toThrow('reach');
    expect(() => new BodyWriter(NO_BODY).part(latin1('a'))).toThrow('outgrow');
  });

  it('ends with the trailers that may be sent', () => {
    const trailers = ['digest', 'x', 'content-length', '5'] as readonly string[] as HeaderList;
    expect(Buffer.concat([...new BodyWriter(CHUNKED).end(trailers)]).toString()).toBe(
      '0\r\ndigest: x\r\n\r\n',
    );
  });
});

describe('relayedFraming', () => {
  it('keeps what both sides know and changes what one does not', () => {
    expect(relayedFraming(CHUNKED, 0)).toBe(UNTIL_CLOSE);
    expect(relayedFraming(UNTIL_CLOSE, 1)).toBe(CHUNKED);
    expect(relayedFraming(UNTIL_CLOSE, 0)).toBe(UNTIL_CLOSE);
    expect(relayedFraming(CHUNKED, 1)).toBe(CHUNKED);
  });
});

describe('an error answer', () => {
  it('is a whole response', () => {
    const bytes = errorAnswerBytes({
      status: 503,
      code: 'held',
      detail: 'try later',
      connection: 'close',
      retryAfterMs: 1200,
    });
    expect(responseTranscript([bytes])).toEqual([
      '503 "Service Unavailable" 1.1 length:10 close ["content-type","text/plain; charset=utf-8","cache-control","no-store","retry-after","2","content-length","10","connection","close"]',
      'body "try later\\n"',
      'end',
    ]);
  });

  it('has the form of problem+json if asked', () => {
    const bytes = errorAnswerBytes({
      status: 400,
      code: 'hostMissing',
      detail: 'no',
      connection: 'persistent',
      format: 'problem',
    });
    const [, body = ''] = Buffer.from(bytes).toString().split('\r\n\r\n');
    expect(JSON.parse(body)).toEqual({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      code: 'hostMissing',
      detail: 'no',
    });
  });

  it('has no body for HEAD', () => {
    const bytes = errorAnswerBytes({
      status: 404,
      code: 'x',
      detail: 'no',
      connection: 'persistent',
      isBodyless: true,
    });
    expect(responseTranscript([bytes], { method: 'HEAD' }).at(-1)).toBe('end');
  });
});

import { describe, expect, it } from '@jest/globals';
import type { BodyLimits, HeadLimits } from '../../../../../core/net/http/limits.js';
import { BODY_LIMITS, HEAD_LIMITS } from '../../../../../core/net/http/limits.js';
import type { MessageLimits } from '../../../../../core/net/http/message-reader.js';
import {
  deliveries,
  latin1,
  requestTranscript,
  responseTranscript,
} from '../../../../support/http-transcript.js';

function limits(head: Partial<HeadLimits>, body: Partial<BodyLimits> = {}): MessageLimits {
  return { head: { ...HEAD_LIMITS, ...head }, body: { ...BODY_LIMITS, ...body } };
}

/** The last line of each delivery; one line if they agree. */
function outcomes(text: string, given: MessageLimits): string[] {
  const lasts = deliveries(latin1(text)).map((pieces) => requestTranscript(pieces, given).at(-1));
  return [...new Set(lasts)].map((last) => last ?? 'nothing');
}

const START = 'GET / HTTP/1.1\r\nHost: a\r\n';

describe('a limit holds at it and one beyond it, whatever the delivery:', () => {
  it('the bytes of the head', () => {
    const given = limits({ headBytesMax: 200, targetBytesMax: 50 });
    const head = (bytes: number): string =>
      `${START}X: ${'x'.repeat(bytes - START.length - 7)}\r\n\r\n`;
    expect(head(200)).toHaveLength(200);
    expect(outcomes(head(200), given)).toEqual(['end']);
    expect(outcomes(head(201), given)).toEqual(['fault 431 headTooLarge']);
  });

  it('the number of headers', () => {
    const given = limits({ headersMax: 5 });
    expect(outcomes(`${START}${'X: 1\r\n'.repeat(4)}\r\n`, given)).toEqual(['end']);
    expect(outcomes(`${START}${'X: 1\r\n'.repeat(5)}\r\n`, given)).toEqual([
      'fault 431 headersTooMany',
    ]);
  });

  it('the target', () => {
    const given = limits({ targetBytesMax: 20 });
    const request = (bytes: number): string =>
      `GET /${'x'.repeat(bytes - 1)} HTTP/1.1\r\nHost: a\r\n\r\n`;
    expect(outcomes(request(20), given)).toEqual(['end']);
    expect(outcomes(request(21), given)).toEqual(['fault 414 targetTooLong']);
  });

  it('a body with a length', () => {
    const given = limits({}, { bodyBytesMax: 4 });
    const request = (bytes: number): string =>
      `PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n${'x'.repeat(bytes)}`;
    expect(outcomes(request(4), given)).toEqual(['end']);
    expect(outcomes(request(5), given)).toEqual(['fault 413 bodyTooLarge']);
  });

  it('a chunked body', () => {
    const given = limits({}, { bodyBytesMax: 4 });
    const request = (last: string): string =>
      `PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxx\r\n${last}0\r\n\r\n`;
    expect(outcomes(request('2\r\nxx\r\n'), given)).toEqual(['end']);
    expect(outcomes(request('3\r\nxxx\r\n'), given)).toEqual(['fault 413 bodyTooLarge']);
  });

  it('a body until the connection closes', () => {
    const given = limits({}, { bodyBytesMax: 4 });
    const last = (body: string): string | undefined =>
      responseTranscript([latin1(`HTTP/1.1 200 OK\r\n\r\n${body}`)], { limits: given }).at(-1);
    expect(last('1234')).toBe('end');
    expect(last('12345')).toBe('fault 502 bodyTooLarge');
  });

  it('the bytes of chunk extensions', () => {
    const given = limits({}, { chunkExtensionBytesMax: 4 });
    const request = (extension: string): string =>
      `PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0${extension}\r\n\r\n`;
    expect(outcomes(request(';abc'), given)).toEqual(['end']);
    expect(outcomes(request(';abcd'), given)).toEqual(['fault 400 chunkExtensionsTooLarge']);
  });

  it('the trailers', () => {
    const request = (trailers: string): string =>
      `PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${trailers}\r\n`;
    const few = limits({}, { trailersMax: 2 });
    expect(outcomes(request('A: 1\r\nB: 1\r\n'), few)).toEqual(['end ["a","1","b","1"]']);
    expect(outcomes(request('A: 1\r\nB: 1\r\nC: 1\r\n'), few)).toEqual([
      'fault 431 headersTooMany',
    ]);
    const short = limits({}, { trailerBytesMax: 8 });
    expect(outcomes(request('A: 1\r\n'), short)).toEqual(['end ["a","1"]']);
    expect(outcomes(request('A: 12\r\n'), short)).toEqual(['fault 431 trailersTooLarge']);
  });
});

describe('a switch', () => {
  it('lets bytes beyond ASCII through in values only', () => {
    const given = limits({ allowsEightBit: true });
    expect(outcomes(`${START}X: caf\xe9\r\n\r\n`, given)).toEqual(['end']);
    expect(outcomes(`${START}X\xe9: 1\r\n\r\n`, given)).toEqual(['fault 400 headerNameInvalid']);
    expect(outcomes(`${START}X: \x80\x7f\r\n\r\n`, given)).toEqual(['fault 400 controlCharacter']);
  });

  it('refuses chunk extensions', () => {
    const given = limits({}, { chunkExtensions: 'refuse' });
    const request =
      'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\nx\r\n0\r\n\r\n';
    expect(outcomes(request, given)).toEqual(['fault 400 chunkExtensionInvalid']);
  });
});

describe('a head that repeats the one before', () => {
  const once = 'GET /a HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n';
  const other = 'GET /b HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n';

  it('is understood as if it were the first', () => {
    const given = limits({ rememberedBytesMax: 0 });
    const text = [once, once, other, once, once, other, other].join('');
    const cold = requestTranscript([latin1(text)], given);
    expect(cold).toHaveLength(14);
    expect(requestTranscript([latin1(text)])).toEqual(cold);
  });

  it('is not taken for one that only begins like it', () => {
    const longer = 'GET /a HTTP/1.1\r\nHost: a\r\nX: 1\r\nY: 2\r\n\r\n';
    const lines = requestTranscript([
      latin1(`${once}${longer}${once}${once.slice(0, -2)}Z: 1\r\n\r\n`),
    ]);
    expect(lines.filter((line) => line.includes('"y","2"'))).toHaveLength(1);
    expect(lines.at(-2)).toContain('"z","1"');
  });
});

import { describe, expect, it } from '@jest/globals';
import { HttpFault } from '../../../../../core/net/http/fault.js';
import type { ForwardedClient, ForwardedOptions } from '../../../../../core/net/http/forwarding.js';
import {
  forwardedRequestLines,
  forwardedResponseHeaders,
} from '../../../../../core/net/http/forwarding.js';
import { HeadReader } from '../../../../../core/net/http/head-reader.js';
import { HEAD_LIMITS } from '../../../../../core/net/http/limits.js';
import type { RequestHead } from '../../../../../core/net/http/request-head.js';
import { RequestHeadParser } from '../../../../../core/net/http/request-head.js';
import { ResponseHeadParser } from '../../../../../core/net/http/response-head.js';
import { latin1 } from '../../../../support/http-transcript.js';

const CLIENT: ForwardedClient = { host: '192.0.2.7', scheme: 'http' };

function request(lines: string, start = 'GET / HTTP/1.1\r\nHost: a.example:81'): RequestHead {
  const reader = new HeadReader(new RequestHeadParser(HEAD_LIMITS), HEAD_LIMITS);
  const head = reader.read(latin1(`${start}\r\n${lines}\r\n`), 0);
  if (head === undefined || head instanceof HttpFault) throw new Error(head?.text);
  return head;
}

/** Names and values of what the server is sent, one after the other. */
function forwarded(
  lines: string | RequestHead,
  {
    client = CLIENT,
    replaced,
    ...options
  }: Partial<ForwardedOptions> & {
    readonly client?: ForwardedClient;
    readonly replaced?: string;
  } = {},
): readonly string[] {
  const head = typeof lines === 'string' ? request(lines) : lines;
  const sent = forwardedRequestLines(
    head,
    client,
    { mode: 'none', standard: false, ...options },
    replaced,
  );
  const each = sent.split('\r\n');
  expect(each.pop()).toBe('');
  return each.flatMap((line) => {
    const end = line.indexOf(': ');
    return [line.slice(0, end), line.slice(end + 2)];
  });
}

/** Each letter after the first and each hyphen as somebody might spell it. */
const SPELLINGS: readonly ((name: string) => string)[] = [
  (name) => name,
  (name) => name.toUpperCase(),
  (name) => name.replaceAll('-', '_'),
  (name) => name.replaceAll('-', '.'),
  (name) => name.replace('-', '_').toUpperCase(),
];

describe('a forwarded request', () => {
  const own = [
    'x-forwarded-for',
    'x-forwarded-proto',
    'x-forwarded-host',
    'x-forwarded-port',
    'x-forwarded-anything',
    'x-real-ip',
    'forwarded',
    'foreshift-since',
    'foreshift-resource',
    'foreshift-new',
  ];
  it.each(own)('has no copy of the client’s own %s in any spelling', (name) => {
    for (const spell of SPELLINGS) {
      for (const connection of ['', 'Connection: close\r\n', `Connection: ${spell(name)}\r\n`]) {
        expect(forwarded(`${spell(name)}: evil\r\nX-Kept: 1\r\n${connection}`)).toEqual([
          'x-kept',
          '1',
        ]);
      }
    }
  });

  const connectionNames = [
    'keep-alive',
    'te',
    'trailer',
    'proxy-authorization',
    'proxy-connection',
    'proxy-authenticate',
    'http2-settings',
    'upgrade',
  ];
  it.each(connectionNames)('has no %s, whether Connection names it or not', (name) => {
    for (const spelling of [name, name.toUpperCase()]) {
      expect(forwarded(`${spelling}: x\r\nX-Kept: 1\r\n`)).toEqual(['x-kept', '1']);
      expect(forwarded(`Connection: ${spelling}\r\n${spelling}: x\r\nX-Kept: 1\r\n`)).toEqual([
        'x-kept',
        '1',
      ]);
    }
  });

  it('loses what Connection names, in any case and place', () => {
    const lines = 'X-A: 1\r\nConnection: x-a , close\r\nX-Kept: 1\r\nConnection: X-B\r\nx-b: 2\r\n';
    expect(forwarded(lines)).toEqual(['x-kept', '1']);
  });

  it('keeps names that only resemble ours, and the order', () => {
    const lines = 'X-Forwarded: 1\r\nForeshifted: 2\r\nForwarded-By: 3\r\nCookie: a\r\nFrom: b\r\n';
    expect(forwarded(lines)).toEqual([
      'x-forwarded',
      '1',
      'foreshifted',
      '2',
      'forwarded-by',
      '3',
      'cookie',
      'a',
      'from',
      'b',
    ]);
  });

  it('has no field of the name that somebody adds', () => {
    const lines = 'X-Request-Id: evil\r\nX-Kept: 1\r\nx-request-id: worse\r\n';
    expect(forwarded(lines, { replaced: 'x-request-id' })).toEqual(['x-kept', '1']);
  });

  it('tells the server what we saw', () => {
    expect(forwarded('X-Forwarded-For: evil\r\n', { mode: 'replace' })).toEqual([
      'x-forwarded-for',
      '192.0.2.7',
      'x-forwarded-proto',
      'http',
      'x-forwarded-host',
      'a.example:81',
    ]);
  });

  it('adds our word to that of a trusted proxy', () => {
    const lines =
      'X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-For: 10.0.0.2\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: b\r\nForwarded: for=10.0.0.1\r\nX_Forwarded_For: evil\r\n';
    expect(forwarded(lines, { mode: 'append', standard: true })).toEqual([
      'x-forwarded-for',
      '10.0.0.1, 10.0.0.2, 192.0.2.7',
      'x-forwarded-proto',
      'https',
      'x-forwarded-host',
      'b',
      'forwarded',
      'for=10.0.0.1, for=192.0.2.7;proto=http;host="a.example:81"',
    ]);
  });

  it('quotes an IPv6 client in Forwarded', () => {
    const headers = forwarded(request('', 'GET / HTTP/1.1\r\nHost: a'), {
      client: { host: '2001:db8::1', scheme: 'https' },
      ...{ mode: 'replace', standard: true },
    });
    expect(headers.at(-1)).toBe('for="[2001:db8::1]";proto=https;host=a');
  });

  it('names no host where the client named none', () => {
    const headers = forwarded(request('', 'GET / HTTP/1.0\r\nX: 1'), { mode: 'replace' });
    expect(headers).toEqual([
      'x',
      '1',
      'x-forwarded-for',
      '192.0.2.7',
      'x-forwarded-proto',
      'http',
    ]);
  });
});

describe('a forwarded response', () => {
  it('has nothing of the connection, and nothing that was meant for the redirector', () => {
    const reader = new HeadReader(new ResponseHeadParser(HEAD_LIMITS), HEAD_LIMITS);
    const head = reader.read(
      latin1(
        'HTTP/1.1 200 OK\r\nConnection: X-A\r\nX-A: 1\r\nKeep-Alive: 5\r\nForeshift-Owner: b\r\nSet-Cookie: c\r\nSet-Cookie: d\r\nContent-Length: 0\r\n\r\n',
      ),
      0,
    );
    if (head === undefined || head instanceof HttpFault) throw new Error(head?.text);
    expect(forwardedResponseHeaders(head)).toEqual(['set-cookie', 'c', 'set-cookie', 'd']);
  });
});

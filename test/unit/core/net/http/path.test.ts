import { strict as assert } from 'node:assert';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { latin1Bytes } from '../../../../../core/net/http/bytes.js';
import { FAULTS, HttpFault } from '../../../../../core/net/http/fault.js';
import { HeadReader } from '../../../../../core/net/http/head-reader.js';
import { HEAD_LIMITS } from '../../../../../core/net/http/limits.js';
import { canonicalPath, queryFault } from '../../../../../core/net/http/path.js';
import { RequestHeadParser } from '../../../../../core/net/http/request-head.js';
import { parseTarget } from '../../../../../core/net/http/target.js';
import { fuzzRuns } from '../../../../support/fuzz.js';

/** Paths made of the pieces that attacks are made of. */
const HOSTILE_PATH = fc
  .array(
    fc.constantFrom(
      ...['/', '//', '.', '..', 'a', 'b', '%2e', '%2E', '%41', '%7e', '%25', '%2f', '%c3', '%A9'],
      ...[
        '%20',
        '%',
        '%3b',
        ';',
        ';x=1',
        '|',
        '"',
        '[',
        '~',
        '\\',
        '%5c',
        '#',
        '\x00',
        '\xe9',
        ':',
      ],
    ),
    { maxLength: 12 },
  )
  .map((pieces) => `/${pieces.join('')}`);

describe('canonicalPath', () => {
  it.each([
    ['/', '/'],
    ['/a/b', '/a/b'],
    ['/a//b', '/a//b'],
    ['/a/./b', '/a/b'],
    ['/a/.', '/a/'],
    ['/a/..', '/'],
    ['/a/../b', '/b'],
    ['/a//../b', '/a/b'],
    ['/.hidden', '/.hidden'],
    ['/a/...', '/a/...'],
    ['/%41%2dz', '/A-z'],
    ['/a%2Eb', '/a.b'],
    ['/caf%c3%a9', '/caf%C3%A9'],
    ['/a%20b', '/a%20b'],
    ['/%2525', '/%2525'],
    ['/a|b"<>`^{}[]', '/a%7Cb%22%3C%3E%60%5E%7B%7D%5B%5D'],
    ["/a;b=1,c@d:e!$&'()*+", "/a;b=1,c@d:e!$&'()*+"],
  ])('makes %s %s', (path, canonical) => {
    expect(canonicalPath(path)).toBe(canonical);
  });

  it.each([
    ['//a', FAULTS.pathDoubleSlash],
    ['/a/..//b', FAULTS.pathDoubleSlash],
    ['/..', FAULTS.pathAboveRoot],
    ['/a/../..', FAULTS.pathAboveRoot],
    ['/.;', FAULTS.pathDotsDisguised],
    ['/a/..;jsessionid=1', FAULTS.pathDotsDisguised],
    ['/%2e', FAULTS.pathDotsDisguised],
    ['/%2e%3b', FAULTS.pathDotsDisguised],
    ['/%E0%80%AF', FAULTS.pathEscapeRefused],
    ['/%F0%80%80%AF', FAULTS.pathEscapeRefused],
    ['', FAULTS.targetInvalid],
    ['a', FAULTS.targetInvalid],
  ])('refuses %s', (path, fault) => {
    expect(canonicalPath(path)).toBe(fault);
  });

  it('is a fixed point of itself', () => {
    fc.assert(
      fc.property(HOSTILE_PATH, (path) => {
        const canonical = canonicalPath(path);
        return canonical instanceof HttpFault || canonicalPath(canonical) === canonical;
      }),
      fuzzRuns(10_000),
    );
  });

  it('leaves nothing that another reader could resolve further', () => {
    fc.assert(
      fc.property(HOSTILE_PATH, (path) => {
        const canonical = canonicalPath(path);
        if (canonical instanceof HttpFault) return true;
        return (
          /^\/(?!\/)[!$&-;=@-Z_a-z~%]*$/.test(canonical) &&
          !/%2f|%5c|%00|%2e|%4[1-9a-f]/i.test(canonical) &&
          !/\/\.\.?(?:;|\/|$)/.test(canonical) &&
          // What the WHATWG's reader, which browsers and Node share, takes it for.
          new URL(`http://h${canonical}`).pathname === canonical
        );
      }),
      fuzzRuns(10_000),
    );
  });

  it('takes time in proportion to the path', () => {
    // A pattern that backtracks would not come back from these.
    for (const piece of ['%2e', './', 'a/', ';', '/../a', '%25']) {
      canonicalPath(`/${piece.repeat(20_000)}`);
    }
  });
});

describe('a target', () => {
  it('asks for the same when it is forwarded and read again', () => {
    const target = fc.tuple(
      HOSTILE_PATH,
      fc.constantFrom('', '?', '?a=%2f&b', '?#', '?\\', '?a?b'),
    );
    fc.assert(
      fc.property(target, ([path, query]) => {
        const first = parseTarget('GET', `${path}${query}`);
        if (first instanceof HttpFault) return true;
        const again = parseTarget('GET', `${first.path}${first.query}`);
        return JSON.stringify(again) === JSON.stringify(first);
      }),
      fuzzRuns(10_000),
    );
  });

  it('asks for the same in a head, where most are told by their bytes', () => {
    const target = fc
      .tuple(
        fc.oneof(
          HOSTILE_PATH,
          fc.constantFrom('*', '/', '//', '/.', '/a/.b', '/a.b', 'a', '/a/..'),
        ),
        fc.constantFrom('', '?', '?a=%2f&b', '?#', '?\\', '?a?b', '?/../'),
      )
      .map((parts) => parts.join(''))
      .filter((text) => /^[\x21-\x7e]+$/.test(text));
    fc.assert(
      fc.property(target, (text) => {
        const parser = new RequestHeadParser(HEAD_LIMITS);
        const head = new HeadReader(parser, HEAD_LIMITS).read(
          latin1Bytes(`GET ${text} HTTP/1.1\r\nHost: a\r\n\r\n`),
          0,
        );
        assert(head !== undefined);
        const alone = parseTarget('GET', text);
        const seen = head instanceof HttpFault ? head : [head.path, head.query];
        expect(seen).toEqual(alone instanceof HttpFault ? alone : [alone.path, alone.query]);
      }),
      fuzzRuns(10_000),
    );
  });

  it('keeps its query as it came', () => {
    expect(parseTarget('GET', '/%61?%61=\\"%2F..//')).toEqual({
      path: '/a',
      query: '?%61=\\"%2F..//',
    });
  });

  it.each([
    ['?a#b', FAULTS.fragment],
    ['?a b', FAULTS.targetInvalid],
    ['?\x7f', FAULTS.targetInvalid],
    ['?\xe9', FAULTS.targetInvalid],
  ])('refuses the query %j', (query, fault) => {
    expect(queryFault(query)).toBe(fault);
  });
});

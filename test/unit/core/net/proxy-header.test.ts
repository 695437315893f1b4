import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ProxyHeaderFound } from '../../../../core/net/proxy-header.js';
import {
  PROXY_HEADER_BYTES_MAX,
  proxyHeaderBytes,
  readProxyHeader,
} from '../../../../core/net/proxy-header.js';
import { fuzzRuns } from '../../../support/fuzz.js';

const SIGNATURE = '0d0a0d0a000d0a515549540a';

function v1(line: string): ProxyHeaderFound {
  return readProxyHeader(Buffer.from(line, 'latin1'));
}

function v2(hex: string): ProxyHeaderFound {
  return readProxyHeader(Buffer.from(SIGNATURE + hex.replaceAll(' ', ''), 'hex'));
}

describe('the header of a proxy, version 1', () => {
  it.each([
    ['PROXY TCP4 192.0.2.1 10.0.0.1 56324 443\r\n', '192.0.2.1', 56324, 443],
    ['PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n', '255.255.255.255', 65535, 65535],
    ['PROXY TCP6 2001:db8::1 ::1 0 1\r\n', '2001:db8::1', 0, 1],
    ['PROXY TCP6 2001:DB8::A ::1 1 1\r\n', '2001:db8::a', 1, 1],
  ])('%j says whose connection it is', (line, host, port, to) => {
    const found = v1(`${line}GET /`);
    expect(found).toMatchObject({ bytes: line.length, source: { host, port } });
    expect(found).toHaveProperty('destination.port', to);
  });

  it.each(['PROXY UNKNOWN\r\n', 'PROXY UNKNOWN ffff:f...f:ffff 1 2 anything\r\n'])(
    '%j says that it is nobody’s',
    (line) => {
      expect(v1(line)).toEqual({ bytes: line.length, source: undefined, destination: undefined });
    },
  );

  it.each([
    'PROXY TCP4 192.0.2.1 10.0.0.1 1 2\n',
    'PROXY  TCP4 192.0.2.1 10.0.0.1 1 2\r\n',
    'PROXY TCP4 192.0.2.1 10.0.0.1 1 2 \r\n',
    'PROXY TCP4 192.0.2.1 10.0.0.1 1\r\n',
    'PROXY TCP4 192.0.2.1 10.0.0.1 1 2 3\r\n',
    'PROXY TCP4 192.0.2.01 10.0.0.1 1 2\r\n',
    'PROXY TCP4 0x7f.1 10.0.0.1 1 2\r\n',
    'PROXY TCP4 ::1 ::1 1 2\r\n',
    'PROXY TCP6 192.0.2.1 10.0.0.1 1 2\r\n',
    'PROXY TCP4 192.0.2.1 10.0.0.1 65536 2\r\n',
    'PROXY TCP4 192.0.2.1 10.0.0.1 01 2\r\n',
    'PROXY TCP4 192.0.2.1 10.0.0.1 -1 2\r\n',
    'PROXY TCP4 192.0.2.1 10.0.0.1 1 2\r\r\n',
    'PROXY UDP4 192.0.2.1 10.0.0.1 1 2\r\n',
    'PROXY tcp4 192.0.2.1 10.0.0.1 1 2\r\n',
    'proxy TCP4 192.0.2.1 10.0.0.1 1 2\r\n',
    'PROXY\r\n',
    'GET / HTTP/1.1\r\n',
    `PROXY UNKNOWN ${'x'.repeat(100)}\r\n`,
  ])('%j is none', (line) => {
    expect(v1(line)).toBe('invalid');
  });
});

describe('the header of a proxy, version 2', () => {
  it('says whose connection it is, of both families, and whatever else', () => {
    expect(v2('21 11 000c c0000201 0a000001 dc04 01bb')).toEqual({
      bytes: 28,
      source: { host: '192.0.2.1', port: 56324 },
      destination: { host: '10.0.0.1', port: 443 },
    });
    const [a, b] = ['20010db8000000000000000000000001', '00000000000000000000000000000001'];
    expect(v2(`21 21 0024 ${a} ${b} 0001 0002`)).toEqual({
      bytes: 52,
      source: { host: '2001:db8::1', port: 1 },
      destination: { host: '::1', port: 2 },
    });
    expect(v2('21 11 0012 c0000201 0a000001 dc04 01bb 04 0003 000000')).toHaveProperty('bytes', 34);
    expect(v2('20 00 0000')).toEqual({ bytes: 16, source: undefined, destination: undefined });
  });

  it.each([
    ['another version', '11 11 000c c0000201 0a000001 dc04 01bb'],
    ['another command', '22 11 000c c0000201 0a000001 dc04 01bb'],
    ['a datagram', '21 12 000c c0000201 0a000001 dc04 01bb'],
    ['a socket of the file system', `21 31 00d8 ${'00'.repeat(216)}`],
    ['no family', '21 00 0000'],
    ['too few bytes for its addresses', '21 11 000b c0000201 0a000001 dc04 01'],
    ['more than anybody needs', '21 11 1001'],
    ['half an extra', '21 11 000e c0000201 0a000001 dc04 01bb 04 00'],
    ['an extra beyond its end', '21 11 000f c0000201 0a000001 dc04 01bb 04 0001'],
  ])('with %s is none', (_what, hex) => {
    expect(v2(hex)).toBe('invalid');
  });
});

describe('any header of a proxy', () => {
  const v4 = fc.ipV4();
  const v6 = fc.ipV6();
  const port = fc.nat(65_535);
  const pair = fc.oneof(fc.tuple(v4, v4), fc.tuple(v6, v6), fc.tuple(v4, v6));
  const version = fc.constantFrom('v1' as const, 'v2' as const);

  it('is read as it was written, and no sooner than it is whole', () => {
    fc.assert(
      fc.property(version, pair, port, port, (which, [from, to], fromPort, toPort) => {
        const client = {
          source: { host: from, port: fromPort },
          destination: { host: to, port: toPort },
        };
        const bytes = proxyHeaderBytes(which, client);
        for (let at = 0; at < bytes.length; at++) {
          expect(readProxyHeader(bytes.subarray(0, at))).toBe('more');
        }
        const found = readProxyHeader(Buffer.concat([bytes, Buffer.from('rest')]));
        expect(found).toMatchObject({ bytes: bytes.length });
        expect(found).toHaveProperty('source.port', fromPort);
        expect(found).toHaveProperty('destination.port', toPort);
        if (!from.includes(':') && !to.includes(':')) {
          expect(found).toHaveProperty('source.host', from);
          expect(found).toHaveProperty('destination.host', to);
        }
      }),
      fuzzRuns(500),
    );
    for (const which of ['v1', 'v2'] as const) {
      const own = proxyHeaderBytes(which);
      expect(readProxyHeader(own)).toEqual({
        bytes: own.length,
        source: undefined,
        destination: undefined,
      });
    }
  });

  it('is found or refused within its limit, and only ever names an IP', () => {
    const beginning = fc.constantFrom(
      Buffer.from('PROXY TCP4 192.0.2.1 10.0.0.1 1 2\r\n'),
      Buffer.from(`${SIGNATURE}2111000cc00002010a000001dc0401bb`, 'hex'),
    );
    fc.assert(
      fc.property(
        beginning,
        fc.array(fc.tuple(fc.nat(40), fc.nat(255)), { maxLength: 4 }),
        fc.uint8Array({ maxLength: 60 }),
        (good, changes, rest) => {
          const bytes = Buffer.concat([good, rest]);
          for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
          const found = readProxyHeader(bytes);
          if (found === 'more') {
            const filled = Buffer.concat([bytes, Buffer.alloc(PROXY_HEADER_BYTES_MAX)]);
            expect(readProxyHeader(filled)).not.toBe('more');
          } else if (found !== 'invalid') {
            expect(found.bytes).toBeLessThanOrEqual(bytes.length);
            if (found.source !== undefined) expect(found.source.host).toMatch(/^[0-9a-f.:]+$/);
          }
        },
      ),
      fuzzRuns(5000),
    );
  });
});

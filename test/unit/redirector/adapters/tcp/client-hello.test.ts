import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { HelloFound } from '../../../../../redirector/adapters/tcp/client-hello.js';
import { ClientHelloReader } from '../../../../../redirector/adapters/tcp/client-hello.js';
import { clientHello } from '../../../../support/client-hello.js';
import { fuzzRuns } from '../../../../support/fuzz.js';

let named: Buffer;
let nameless: Buffer;

beforeAll(async () => {
  named = await clientHello({ servername: 'Shop.Example.com' });
  nameless = await clientHello({});
});

/** In pieces, as the network may cut it. */
function read(...pieces: readonly Uint8Array[]): HelloFound {
  const reader = new ClientHelloReader();
  for (const [at, piece] of pieces.entries()) {
    const found = reader.read(piece);
    if (found !== 'more') return at === pieces.length - 1 ? found : 'invalid';
  }
  return 'more';
}

function bytewise(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (byte) => Uint8Array.of(byte));
}

/** The same message in records of so many bytes. */
function inRecords(hello: Uint8Array, size: number): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 0xff]), Buffer.from(part));
  }
  return Buffer.concat(records);
}

/** A hello with these extensions, all lengths right. */
function helloWith(...extensions: readonly (readonly [type: number, content: Buffer])[]): Buffer {
  const list = (lengthBytes: number, content: Buffer): Buffer => {
    const length = Buffer.alloc(lengthBytes);
    length.writeUIntBE(content.length, 0, lengthBytes);
    return Buffer.concat([length, content]);
  };
  const all = extensions.map(([type, content]) =>
    Buffer.concat([Buffer.from([type >> 8, type & 0xff]), list(2, content)]),
  );
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    list(1, Buffer.alloc(0)),
    list(2, Buffer.from([0x13, 0x01])),
    list(1, Buffer.from([0])),
    list(2, Buffer.concat(all)),
  ]);
  const message = Buffer.concat([Buffer.of(1), list(3, body)]);
  return Buffer.concat([Buffer.from([22, 3, 1]), list(2, message)]);
}

function nameOf(...names: readonly string[]): readonly [number, Buffer] {
  const entries = names.map((name) => {
    const bytes = Buffer.from(name, 'latin1');
    return Buffer.concat([Buffer.from([0, bytes.length >> 8, bytes.length & 0xff]), bytes]);
  });
  const list = Buffer.concat(entries);
  return [0, Buffer.concat([Buffer.from([list.length >> 8, list.length & 0xff]), list])];
}

describe('the hello of a TLS client', () => {
  it('names the server that it wants, in lower case', () => {
    expect(read(named)).toEqual({ name: 'shop.example.com' });
    expect(read(nameless)).toEqual({ name: '' });
    expect(read(helloWith(nameOf('a.example')))).toEqual({ name: 'a.example' });
  });

  it('may come byte by byte, in two pieces cut anywhere, and in small records', () => {
    const wanted = { name: 'shop.example.com' };
    expect(read(...bytewise(named))).toEqual(wanted);
    for (let at = 1; at < named.length; at++) {
      expect(read(named.subarray(0, at), named.subarray(at))).toEqual(wanted);
    }
    // How long the hello of a real client is depends on what its TLS library offers.
    const sizeOf = (records: number): number => Math.ceil((named.length - 5) / records);
    for (const records of [2, 5, 20, 60]) {
      expect(read(inRecords(named, sizeOf(records)))).toEqual(wanted);
    }
    expect(read(...bytewise(inRecords(named, sizeOf(30))))).toEqual(wanted);
  });

  it('may not come in more records than anybody needs', () => {
    const bytes = inRecords(Buffer.concat([named, Buffer.alloc(65)]), 1);
    expect(read(bytes)).toBe('invalid');
  });

  it.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n')],
    ['SSH', Buffer.from('SSH-2.0-OpenSSH\r\n')],
    ['SSL 2', Buffer.from([0x80, 0x2e, 1, 0, 2])],
    ['an alert', Buffer.from([21, 3, 1, 0, 2])],
    ['an empty record', Buffer.from([22, 3, 1, 0, 0])],
    ['a record that is too long', Buffer.from([22, 3, 1, 0x40, 1])],
    ['another message', Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0])],
    ['a message that is too long', Buffer.from([22, 3, 1, 0x40, 0, 1, 1, 0, 0])],
  ])('is not %s', (_what, bytes) => {
    expect(read(bytes)).toBe('invalid');
    expect(read(...bytewise(bytes))).toBe('invalid');
  });

  it.each([
    ['two names', helloWith(nameOf('a.example', 'b.example'))],
    ['the extension twice', helloWith(nameOf('a.example'), nameOf('b.example'))],
    ['another extension twice', helloWith([10, Buffer.alloc(2)], [10, Buffer.alloc(2)])],
    ['an empty name', helloWith(nameOf(''))],
    ['an IP', helloWith(nameOf('10.0.0.1'))],
    ['a name with a zero in it', helloWith(nameOf('a.example\0.evil'))],
    ['a name with a dot at its end', helloWith(nameOf('a.example.'))],
    ['a name of other letters', helloWith(nameOf('ä.example'))],
    ['a name that is too long', helloWith(nameOf(`${'a'.repeat(60)}.`.repeat(5)))],
  ])('with %s is none', (_what, hello) => {
    expect(read(hello)).toBe('invalid');
  });

  it('with bytes after it in its record is none', () => {
    const longer = Buffer.concat([helloWith(nameOf('a.example')), Buffer.of(0)]);
    longer.writeUInt16BE(longer.length - 5, 3);
    expect(read(longer)).toBe('invalid');
  });

  it('is read to its last byte: no length in it can be another', () => {
    for (let at = 5; at < named.length; at++) {
      const cut = Buffer.from(named.subarray(0, at));
      cut.writeUInt16BE(cut.length - 5, 3);
      expect(read(cut)).not.toEqual({ name: 'shop.example.com' });
    }
  });

  it('is found or refused within its limits, whatever comes, however it is cut', () => {
    const change = fc.tuple(fc.nat(600), fc.nat(255));
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 10 }),
        fc.boolean(),
        (changes, cuts, isSplit) => {
          const bytes = Buffer.from(isSplit ? inRecords(named, 60) : named);
          for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
          const whole = read(bytes);
          const pieces: Uint8Array[] = [];
          for (let at = 0, cut = 0; at < bytes.length; cut++) {
            const size = cuts[cut % cuts.length] ?? 1;
            pieces.push(bytes.subarray(at, at + size));
            at += size;
          }
          const reader = new ClientHelloReader();
          let found: HelloFound = 'more';
          for (const piece of pieces) {
            found = reader.read(piece);
            if (found !== 'more') break;
          }
          expect(found).toEqual(whole);
          if (typeof found === 'object') expect(found.name).toMatch(/^[a-z0-9_.-]{0,253}$/);
        },
      ),
      fuzzRuns(3000),
    );
  });

  it('ends as one or the other in 128 KiB of anything', () => {
    const endless = Buffer.concat(
      Array.from({ length: 65 }, (_, at) => Buffer.from([22, 3, 1, 0, 1, at === 0 ? 1 : 0])),
    );
    expect(read(endless)).toBe('invalid');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const reader = new ClientHelloReader();
        const prefix = Buffer.from([22, 3, 1, 0x20, 0, 1, 0, 0x1f, 0xfc]);
        const found = reader.read(Buffer.concat([prefix, bytes, Buffer.alloc(0x2000)]));
        expect(found).not.toBe('more');
      }),
      fuzzRuns(500),
    );
  });
});

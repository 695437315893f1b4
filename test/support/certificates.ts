import type { KeyObject } from 'node:crypto';
import { createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { Certificate } from '../../core/net/tls/server-tls.js';

/* Certificates for tests, made as they are needed (X.509, RFC 5280): P-256, SHA-256. */

const DAY_MS = 86_400_000;

/** Someone who signs. */
export class Authority {
  readonly #name: string;
  readonly #key: KeyObject;
  /** PEM. */
  readonly certificate: string;

  constructor(name = 'a test authority') {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#name = name;
    this.#key = privateKey;
    this.certificate = this.#sign(name, publicKey, [extension('2.5.29.19', sequence(truth()))]);
  }

  /** For those names, DNS names or IPv4 addresses. */
  issue(names: readonly string[], { fromMs = -DAY_MS, toMs = DAY_MS } = {}): Certificate {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const alternatives = names.map((name) =>
      /^[0-9.]+$/.test(name)
        ? tagged(0x87, Buffer.from(name.split('.').map(Number)))
        : tagged(0x82, Buffer.from(name, 'latin1')),
    );
    const certificate = this.#sign(
      names[0] ?? 'nobody',
      publicKey,
      alternatives.length > 0 ? [extension('2.5.29.17', sequence(...alternatives))] : [],
      { fromMs, toMs },
    );
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return { chain: certificate, key, origin: `the certificate of ${names.join(', ')}` };
  }

  #sign(
    subject: string,
    key: KeyObject,
    extensions: readonly Buffer[],
    { fromMs = -DAY_MS, toMs = DAY_MS } = {},
  ): string {
    const nowMs = Date.now();
    const serial = randomBytes(8);
    serial[0] = 1;
    const body = sequence(
      tagged(0xa0, tagged(0x02, Buffer.from([2]))),
      tagged(0x02, serial),
      ALGORITHM,
      nameOf(this.#name),
      sequence(timeOf(nowMs + fromMs), timeOf(nowMs + toMs)),
      nameOf(subject),
      key.export({ type: 'spki', format: 'der' }),
      ...(extensions.length > 0 ? [tagged(0xa3, sequence(...extensions))] : []),
    );
    const signature = createSign('sha256').update(body).sign(this.#key);
    const der = sequence(body, ALGORITHM, tagged(0x03, Buffer.concat([Buffer.of(0), signature])));
    const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
    return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
  }
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const lengthBytes =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...lengthBytes]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function truth(): Buffer {
  return tagged(0x01, Buffer.of(0xff));
}

function identifier(text: string): Buffer {
  const [first = 0, second = 0, ...others] = text.split('.').map(Number);
  const bytes = others.flatMap((number) => {
    const septets = [number & 0x7f];
    for (let rest = number >> 7; rest > 0; rest >>= 7) septets.unshift(0x80 | (rest & 0x7f));
    return septets;
  });
  return tagged(0x06, Buffer.from([40 * first + second, ...bytes]));
}

const ALGORITHM = sequence(identifier('1.2.840.10045.4.3.2'));

function nameOf(name: string): Buffer {
  const attribute = sequence(identifier('2.5.4.3'), tagged(0x0c, Buffer.from(name)));
  return sequence(tagged(0x31, attribute));
}

function timeOf(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.[0-9]{3}/g, '');
  return tagged(0x18, Buffer.from(text, 'latin1'));
}

function extension(id: string, content: Buffer): Buffer {
  return sequence(identifier(id), tagged(0x04, content));
}

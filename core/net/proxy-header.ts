import type { Address } from '../domain.js';
import { isV4, parseIp } from './ip.js';

/*
 * The PROXY protocol (haproxy.org, proxy-protocol.txt, 2020/03/05): what a proxy says before the first byte of a connection, of
 * the client that it is for. Strict, since whoever believes it believes an address.
 */

/** What a header says: whose connection it is, and where it led; undefined: the proxy's own. */
export interface ProxyHeader {
  /** Of the header: what follows is the client's. */
  readonly bytes: number;
  readonly source: Address | undefined;
  readonly destination: Address | undefined;
}

export type ProxyHeaderFound = 'more' | 'invalid' | ProxyHeader;

export type ProxyVersion = 'v1' | 'v2';

/** A whole line of version 1, with its end. */
const LINE_BYTES_MAX = 107;
/** Of version 2, after its first 16: addresses, and what else the proxy wants to tell. */
const BODY_BYTES_MAX = 4096;
export const PROXY_HEADER_BYTES_MAX = 16 + BODY_BYTES_MAX;
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const V1_SIGNATURE = Buffer.from('PROXY ', 'latin1');
const LOCAL = 0x20;
const PROXIED = 0x21;
const TCP4 = 0x11;
const TCP6 = 0x21;

/** What stands at the beginning of these bytes, of all that came so far. */
export function readProxyHeader(bytes: Uint8Array): ProxyHeaderFound {
  const isOf = (signature: Uint8Array): boolean =>
    Buffer.compare(
      bytes.subarray(0, signature.length),
      signature.subarray(0, Math.min(bytes.length, signature.length)),
    ) === 0;
  if (bytes.length === 0) return 'more';
  if (isOf(V1_SIGNATURE)) return readLine(bytes);
  if (isOf(SIGNATURE)) return bytes.length < 16 ? 'more' : readBinary(bytes);
  return 'invalid';
}

function readLine(bytes: Uint8Array): ProxyHeaderFound {
  const end = bytes.subarray(0, LINE_BYTES_MAX).indexOf(0x0a);
  if (end < 0) return bytes.length < LINE_BYTES_MAX ? 'more' : 'invalid';
  const text = Buffer.from(bytes.subarray(0, end + 1)).toString('latin1');
  if (!text.endsWith('\r\n')) return 'invalid';
  const [, family, ...fields] = text.slice(0, -2).split(' ');
  const header = { bytes: end + 1, source: undefined, destination: undefined };
  if (family === 'UNKNOWN') return header;
  if ((family !== 'TCP4' && family !== 'TCP6') || fields.length !== 4) return 'invalid';
  const [source = '', destination = '', sourcePort = '', destinationPort = ''] = fields;
  const from = addressIn(source, sourcePort, family);
  const to = addressIn(destination, destinationPort, family);
  if (from === undefined || to === undefined) return 'invalid';
  return { ...header, source: from, destination: to };
}

function addressIn(host: string, port: string, family: 'TCP4' | 'TCP6'): Address | undefined {
  const isOfFamily = host.includes(':') === (family === 'TCP6');
  if (!isOfFamily || parseIp(host) === undefined) return undefined;
  if (!/^(?:0|[1-9][0-9]{0,4})$/.test(port) || Number(port) > 65_535) return undefined;
  return { host: host.toLowerCase(), port: Number(port) };
}

function readBinary(bytes: Uint8Array): ProxyHeaderFound {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const command = view.getUint8(12);
  const family = view.getUint8(13);
  const length = view.getUint16(14);
  if (command !== LOCAL && command !== PROXIED) return 'invalid';
  if (length > BODY_BYTES_MAX) return 'invalid';
  if (bytes.length < 16 + length) return 'more';
  const header = { bytes: 16 + length, source: undefined, destination: undefined };
  if (command === LOCAL) return header;
  const hostBytes = family === TCP4 ? 4 : 16;
  const addressBytes = 2 * hostBytes + 4;
  // Of another family nothing is known that could be an address of a client here.
  if (family !== TCP4 && family !== TCP6) return 'invalid';
  if (length < addressBytes || !areExtrasSound(bytes.subarray(16 + addressBytes, 16 + length)))
    return 'invalid';
  const host = (at: number): string => hostIn(bytes.subarray(at, at + hostBytes));
  return {
    ...header,
    source: { host: host(16), port: view.getUint16(16 + 2 * hostBytes) },
    destination: { host: host(16 + hostBytes), port: view.getUint16(18 + 2 * hostBytes) },
  };
}

/** Type, length, value; none is of use here, and all must add up. */
function areExtrasSound(extras: Uint8Array): boolean {
  let at = 0;
  while (at < extras.length) {
    if (at + 3 > extras.length) return false;
    at += 3 + (extras[at + 1] ?? 0) * 256 + (extras[at + 2] ?? 0);
  }
  return at === extras.length;
}

function hostIn(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, at) =>
    ((bytes[2 * at] ?? 0) * 256 + (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  // What a URL makes of it is how RFC 5952 wants it.
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** What a server is told of a connection that we make for a client; without one, that it is our own. */
export function proxyHeaderBytes(
  version: ProxyVersion,
  client?: { readonly source: Address; readonly destination: Address },
): Uint8Array {
  const [from, to] = [client?.source, client?.destination].map((at) => parseIp(at?.host ?? ''));
  if (client === undefined || from === undefined || to === undefined) {
    return version === 'v1'
      ? Buffer.from('PROXY UNKNOWN\r\n', 'latin1')
      : Buffer.concat([SIGNATURE, Buffer.from([LOCAL, 0, 0, 0])]);
  }
  // A pair is of one family: an IPv4 address in disguise goes with one of IPv6.
  const isShort = isV4(from) && isV4(to);
  const ports = [client.source.port, client.destination.port];
  if (version === 'v1') {
    const hosts = [from, to].map((ip) => (isShort ? v4Text(ip) : v6Text(ip)));
    const family = isShort ? 'TCP4' : 'TCP6';
    return Buffer.from(`PROXY ${[family, ...hosts, ...ports].join(' ')}\r\n`, 'latin1');
  }
  const hostBytes = isShort ? 4 : 16;
  const bytes = Buffer.alloc(16 + 2 * hostBytes + 4);
  SIGNATURE.copy(bytes);
  bytes[12] = PROXIED;
  bytes[13] = isShort ? TCP4 : TCP6;
  bytes.writeUInt16BE(2 * hostBytes + 4, 14);
  for (const [index, ip] of [from, to].entries()) {
    ipBytes(ip)
      .subarray(16 - hostBytes)
      .copy(bytes, 16 + index * hostBytes);
  }
  for (const [index, port] of ports.entries())
    bytes.writeUInt16BE(port, 16 + 2 * hostBytes + 2 * index);
  return bytes;
}

function ipBytes(ip: bigint): Buffer {
  return Buffer.from(ip.toString(16).padStart(32, '0'), 'hex');
}

function v4Text(ip: bigint): string {
  return ipBytes(ip).subarray(12).join('.');
}

function v6Text(ip: bigint): string {
  return hostIn(ipBytes(ip));
}

import { fail } from '../errors.js';
import type { Address } from '../domain.js';
import { clip } from '../text.js';
import type { Trusts } from './ip.js';
import type { Ip } from './ip.js';
import { isV4, parseIp } from './ip.js';

/**
 * Where bytes may go: the one guard of outbound addresses. Servers and agents tell us addresses of their own, and nobody may
 * point us at a metadata service or at our own listeners that way.
 */
export interface OutboundPolicy {
  /**
   * `10.0.0.0/8`, `fd00::/8`, or a single address. Loopback, link-local and the other special ranges are allowed only by a network
   * that lies wholly inside them: `0.0.0.0/0` does not open them.
   */
  readonly networks: readonly string[];
  readonly ports: readonly PortRange[];
  /** Never, whatever the networks say: our own listeners. */
  readonly excluded: readonly Address[];
  /** Of this machine, as they are now: a listener at every interface is at each of them. Left out: nobody knows. */
  readonly machineHosts?: () => readonly string[];
}

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** The private networks of RFC 1918 and RFC 4193. */
export const OUTBOUND_DEFAULTS: OutboundPolicy = {
  networks: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
  ports: [{ first: 1, last: 65_535 }],
  excluded: [],
};

/** All addresses of a name. */
export type Resolve = (name: string) => Promise<readonly string[]>;

/** Addresses that mean this machine, this link, the cloud's metadata, many receivers, or an IPv4 address in disguise. */
const SPECIAL: readonly Network[] = [
  ...['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '100.100.100.200/32'],
  ...['224.0.0.0/4', '240.0.0.0/4'],
  ...['::/96', '64:ff9b::/96', '64:ff9b:1::/48', '100::/64', '2001::/32', '2002::/16'],
  ...['fe80::/10', 'fec0::/10', 'ff00::/8', 'fd00:ec2::/32', 'fd20:ce::/32'],
].map(parseNetwork);

const LOOPBACK = parseNetwork('127.0.0.0/8');
/** A listener there is at every interface. */
const EVERYWHERE: ReadonlySet<Ip | undefined> = new Set(['0.0.0.0', '::'].map(parseIp));

export class OutboundGuard {
  readonly #networks: readonly Network[];
  readonly #ports: readonly PortRange[];
  readonly #machineHosts: () => readonly string[];
  #excluded: readonly { readonly ip: Ip | undefined; readonly port: number }[];

  /** @throws ERR_ADDRESS_INVALID — a network that is none */
  constructor({ networks, ports, excluded, machineHosts = () => [] }: OutboundPolicy) {
    this.#networks = networks.map(parseNetwork);
    this.#ports = ports;
    this.#machineHosts = machineHosts;
    this.#excluded = ownOf(excluded);
  }

  /** Our own listeners, now that they are others. */
  exclude(excluded: readonly Address[]): void {
    this.#excluded = ownOf(excluded);
  }

  /**
   * The address with its host as an IP address that may be connected to. A name is looked up here, once: whoever connects
   * uses the answer, so that a later answer cannot lead elsewhere.
   * @throws ERR_CALL_FORBIDDEN; whatever `resolve` throws
   */
  async pin(to: Address, resolve: Resolve): Promise<Address> {
    if (parseIp(to.host) !== undefined) return this.check(to);
    if (!isHostName(to.host)) return forbidden(to, 'neither an IP address nor a name');
    let why = 'the name has no address';
    for (const host of await resolve(to.host)) {
      const refusal = this.refusalOf(host, to.port);
      if (refusal === undefined) return { host, port: to.port };
      why = refusal;
    }
    return forbidden(to, why);
  }

  /** @throws ERR_CALL_FORBIDDEN — not an IP address that may be connected to */
  check(to: Address): Address {
    const refusal = this.refusalOf(to.host, to.port);
    return refusal === undefined ? to : forbidden(to, refusal);
  }

  /** Why an address may not be connected to; undefined if it may. */
  refusalOf(host: string, port: number): string | undefined {
    const ip = parseIp(host);
    if (ip === undefined) return 'not an IP address';
    if (!this.#ports.some(({ first, last }) => port >= first && port <= last)) {
      return 'its port is not in an allowed range';
    }
    if (this.#isOwn(ip, port)) {
      return 'it is a listener of this service';
    }
    const special = SPECIAL.filter((range) => contains(range, ip));
    const isAllowed = this.#networks.some(
      (network) => contains(network, ip) && special.every((range) => isInside(network, range)),
    );
    if (isAllowed) return undefined;
    return special.length > 0 ? 'it is in a special range' : 'it is in no allowed network';
  }

  #isOwn(ip: Ip, port: number): boolean {
    const own = this.#excluded.filter((each) => each.port === port);
    if (own.some((each) => each.ip === ip)) return true;
    return own.some((each) => EVERYWHERE.has(each.ip)) && this.#isHere(ip);
  }

  #isHere(ip: Ip): boolean {
    return contains(LOOPBACK, ip) || this.#machineHosts().some((host) => parseIp(host) === ip);
  }
}

/** Whether a peer is in one of the networks. @throws ERR_NETWORK_INVALID */
export function trustsOf(networks: readonly string[]): Trusts {
  const ranges = networks.map(parseNetwork);
  return (peer) => peer !== undefined && ranges.some((range) => contains(range, peer));
}

function ownOf(excluded: readonly Address[]) {
  return excluded.map(({ host, port }) => ({ ip: parseIp(host), port }));
}

/** Letters, digits, hyphens, underscores and dots; not what some resolver would read as a number. */
export function isHostName(text: string): boolean {
  if (text.length > 253) return false;
  const labels = text.split('.');
  const last = labels.at(-1) ?? '';
  return (
    labels.every((label) => /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label)) &&
    !/^(?:[0-9]+|0[xX][0-9A-Fa-f]*)$/.test(last)
  );
}

interface Network {
  readonly ip: Ip;
  /** Leading bits that count, of 128. */
  readonly bits: number;
  readonly isV4: boolean;
}

function parseNetwork(text: string): Network {
  const [address = '', suffix, ...more] = text.split('/');
  const ip = parseIp(address);
  if (ip === undefined || more.length > 0)
    return fail('ERR_NETWORK_INVALID', { network: clip(text) });
  const isShort = !address.includes(':');
  const given = suffix ?? (isShort ? '32' : '128');
  const bits = Number(given) + (isShort ? 96 : 0);
  const network = { ip, bits, isV4: isV4(ip) && bits >= 96 };
  if (!/^[0-9]{1,3}$/.test(given) || bits > 128 || ip !== prefixOf(ip, bits)) {
    return fail('ERR_NETWORK_INVALID', { network: clip(text) });
  }
  return network;
}

/** `::/0` is all of IPv6, not also of IPv4, whatever the mapping of one into the other says. */
function contains(network: Network, ip: Ip): boolean {
  return network.isV4 === isV4(ip) && prefixOf(ip, network.bits) === network.ip;
}

function isInside(inner: Network, outer: Network): boolean {
  return inner.bits >= outer.bits && contains(outer, inner.ip);
}

function prefixOf(ip: Ip, bits: number): Ip {
  const dropped = BigInt(128 - bits);
  return (ip >> dropped) << dropped;
}

function forbidden({ host, port }: Address, why: string): never {
  return fail('ERR_CALL_FORBIDDEN', { url: clip(`${host}:${port}`), why });
}

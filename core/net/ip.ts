/** IP addresses in their one strict spelling each. Pure; knows nothing of which may be used. */

/** 16 bytes as two halves would do; a bigint makes ranges a shift. IPv4 lies in ::ffff:0:0/96. */
export type Ip = bigint;

const V4_MAPPED = 0xffff_0000_0000n;

/**
 * Dotted decimal IPv4 or IPv6 as RFC 4291 writes it; undefined for every other spelling (octal, hexadecimal, short forms,
 * zones, brackets), which other programs might read as something else.
 */
export function parseIp(text: string): Ip | undefined {
  return text.includes(':') ? parseV6(text) : parseV4(text);
}

export function isV4(ip: Ip): boolean {
  return ip >> 32n === 0xffffn;
}

/** An address to listen at on every interface: nobody can be reached there from elsewhere. */
export function isUnspecified(host: string): boolean {
  const ip = parseIp(host);
  return ip === 0n || ip === V4_MAPPED;
}

const OCTET = /^(?:0|[1-9][0-9]{0,2})$/;

function parseV4(text: string): Ip | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let ip = 0;
  for (const part of parts) {
    if (!OCTET.test(part) || Number(part) > 255) return undefined;
    ip = ip * 256 + Number(part);
  }
  return V4_MAPPED | BigInt(ip);
}

const GROUP = /^[0-9A-Fa-f]{1,4}$/;

function parseV6(text: string): Ip | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [front, back] = halves.map((half) => (half === '' ? [] : groupsOf(half)));
  if (front === undefined || (halves.length === 2 && back === undefined)) return undefined;
  // An IPv4 tail may only stand at the very end.
  const hasTail = (halves[0] ?? '').includes('.');
  if (hasTail && halves.length === 2) return undefined;
  const given = front.length + (back?.length ?? 0);
  if (back === undefined ? given !== 8 : given > 7) return undefined;
  const zeros = Array.from({ length: 8 - given }, () => 0);
  return [...front, ...zeros, ...(back ?? [])].reduce(
    (ip, group) => (ip << 16n) | BigInt(group),
    0n,
  );
}

/** Groups of 16 bits; a dotted tail makes two. */
function groupsOf(text: string): number[] | undefined {
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [at, part] of parts.entries()) {
    if (GROUP.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const v4 = at === parts.length - 1 ? parseV4(part) : undefined;
    if (v4 === undefined) return undefined;
    const low = Number(v4 & 0xffff_ffffn);
    groups.push(Math.floor(low / 65_536), low % 65_536);
  }
  return groups;
}

/** Whether what a peer says of somebody else is believed. Undefined: its address is not known. */
export type Trusts = (peer: Ip | undefined) => boolean;

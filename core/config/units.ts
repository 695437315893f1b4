import { z } from 'zod';
import type { Address } from '../domain.js';
import { parseAddress } from '../domain.js';
import { trustsOf } from '../net/guard.js';
import { isV4, parseIp } from '../net/ip.js';

/* Values as people write them in a config, and what they mean inside. */

const BYTE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
const BYTES = /^([0-9]+(?:\.[0-9]+)?) ?([kKMGT]?i?B)?$/;

/** A number of bytes, or text such as `16GiB` or `125MB`. */
export const bytesSchema = z
  .union([
    z.number().positive(),
    z.string().regex(BYTES, 'a number of bytes, or text such as 16GiB or 125MB'),
  ])
  .transform((value, context) => {
    if (typeof value === 'number') return value;
    const [, digits, unit = ''] = BYTES.exec(value) ?? [];
    const scale = BYTE_UNITS[unit];
    if (scale !== undefined && Number(digits) > 0) return Number(digits) * scale;
    context.issues.push({
      code: 'custom',
      input: value,
      message: 'a number of bytes above 0, or text such as 16GiB or 125MB',
    });
    return z.NEVER;
  });

export const addressTextSchema = z.string().transform((text, context): Address => {
  try {
    return parseAddress(text);
  } catch {
    context.issues.push({
      code: 'custom',
      input: text,
      message: 'an address such as 10.0.0.5:8080 or [::1]:8080',
    });
    return z.NEVER;
  }
});

const IP_PREFIX = /^([0-9A-Fa-f.:]{2,45})(?:\/([0-9]{1,3}))?$/;

/** An IP in its one shortest spelling, with the length of its network's prefix; alone: of itself only. */
export const ipPrefixSchema = z.string().transform((text, context) => {
  const [, host = '', digits] = IP_PREFIX.exec(text) ?? [];
  const ip = parseIp(host);
  const bits = ip !== undefined && isV4(ip) ? 32 : 128;
  const prefixLength = digits === undefined ? bits : Number(digits);
  if (ip !== undefined && prefixLength >= 1 && prefixLength <= bits) {
    // What a URL makes of it is how RFC 5952 wants it.
    const spelled = host.includes(':') ? new URL(`http://[${host}]`).hostname.slice(1, -1) : host;
    return { ip: spelled, prefixLength };
  }
  const message = 'an IP address such as 10.0.0.10, 10.0.0.10/24 or fd00::10/64';
  context.issues.push({ code: 'custom', input: text, message });
  return z.NEVER;
});

/** `10.0.0.0/8`, `fd00::/8`, or one address. */
export const networkSchema = z
  .string()
  .max(64)
  .refine((text) => {
    try {
      trustsOf([text]);
      return true;
    } catch {
      return false;
    }
  }, 'a network such as 10.0.0.0/8, or an IP address');

export const portSchema = z.int().min(1).max(65_535);

/** Milliseconds, whole. */
export const msSchema = z.int().min(1);

/** `*` stands for any characters; nothing else is special. */
export const globSchema = z
  .string()
  .regex(/^[A-Za-z0-9._:*-]{1,128}$/, 'a name, with * for any characters');

/** What the first `*` of a glob stands for in a name that matches it: as little as may be. */
export function firstStarIn(glob: string, name: string): string {
  const [first = '', next, ...rest] = glob.split('*');
  if (next === undefined) return '';
  const end = rest.length === 0 ? name.length - next.length : name.indexOf(next, first.length);
  return name.slice(first.length, end);
}

export function matchesGlob(glob: string, name: string): boolean {
  const parts = glob.split('*');
  const first = parts[0] ?? '';
  if (parts.length === 1) return name === glob;
  const last = parts.at(-1) ?? '';
  if (!name.startsWith(first) || !name.endsWith(last)) return false;
  if (name.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at <= name.length - last.length;
}

import { parseIp } from '../ip.js';
import { COLON, HOST } from './characters.js';

/** Who a request is for: a Host header, or the authority of an absolute target. */
export interface Authority {
  /** As it came. */
  readonly text: string;
  /** Lower-case, without a final dot; IPv6 without brackets. */
  readonly host: string;
  readonly port: number | undefined;
}

const BYTES_MAX = 255 + 6;
const V6 = /^\[([0-9A-Fa-f:.]+)\](?::([0-9]{1,5}))?$/;

/** `host`, `host:port`, `[v6]` or `[v6]:port`; undefined for all else, user names and escapes among it. */
export function parseAuthority(text: string): Authority | undefined {
  if (text.length > BYTES_MAX) return undefined;
  let at = 0;
  while (HOST[text.charCodeAt(at)] === 1) at++;
  if (at === 0) return parseV6Authority(text);
  const name = nameOf(at === text.length ? text : text.slice(0, at));
  if (name === undefined) return undefined;
  if (at === text.length) return { text, host: name, port: undefined };
  if (text.charCodeAt(at) !== COLON) return undefined;
  return withPort(text, name, text.slice(at + 1));
}

function nameOf(text: string): string | undefined {
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  if (name === '' || name.startsWith('.') || name.includes('..')) return undefined;
  return name.toLowerCase();
}

function parseV6Authority(text: string): Authority | undefined {
  const parts = V6.exec(text);
  const host = parts?.[1];
  if (host === undefined || !host.includes(':') || parseIp(host) === undefined) return undefined;
  return parts?.[2] === undefined
    ? { text, host: host.toLowerCase(), port: undefined }
    : withPort(text, host.toLowerCase(), parts[2]);
}

function withPort(text: string, host: string, digits: string): Authority | undefined {
  const port = Number(digits);
  return /^[0-9]{1,5}$/.test(digits) && port <= 65_535 ? { text, host, port } : undefined;
}

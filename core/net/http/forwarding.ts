import { strict as assert } from 'node:assert';
import { fieldLines } from './head-text.js';
import type { HeaderList } from './header-list.js';
import { headerOf, isHeaderValue, keptHeaders, parsedHeaders } from './header-list.js';
import { isConnectionName, isOwnName } from './own-names.js';
import type { RequestHead } from './request-head.js';
import type { ResponseHead } from './response-head.js';

/**
 * What a server is told of the client: `replace` – only what we saw ourselves; `append` – our word after that of a trusted
 * proxy before us; `none` – nothing, and nobody else's word either.
 */
export type ForwardedMode = 'replace' | 'append' | 'none';

export interface ForwardedOptions {
  readonly mode: ForwardedMode;
  /** Also as `Forwarded` (RFC 7239). */
  readonly standard: boolean;
}

/** Who sent the request, as this side of the connection sees it. */
export interface ForwardedClient {
  /** An IP address. */
  readonly host: string;
  readonly scheme: 'http' | 'https';
}

/**
 * The request's fields for the server, as lines to send: without those of the connection and those only we may set; ours at the
 * end. `replaced`: a field of that name is left out, since somebody adds his own.
 */
export function forwardedRequestLines(
  head: RequestHead,
  client: ForwardedClient,
  options: ForwardedOptions,
  replaced?: string,
): string {
  const { headers } = head;
  let lines = '';
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? '';
    if (isPassedOn(head, name) && name !== replaced)
      lines += `${name}: ${headers[at + 1] ?? ''}\r\n`;
  }
  return options.mode === 'none'
    ? lines
    : lines + fieldLines(forwardedHeaders(head, client, options));
}

/** The response's fields for the client. What servers and agents tell the redirector stays with it. */
export function forwardedResponseHeaders(head: ResponseHead): HeaderList {
  return passedOn(head);
}

function passedOn(head: RequestHead | ResponseHead): HeaderList {
  return keptHeaders(head.headers, (name) => isPassedOn(head, name));
}

function isPassedOn({ connectionNamed }: RequestHead | ResponseHead, name: string): boolean {
  return (
    !isConnectionName(name) &&
    !isOwnName(name) &&
    (connectionNamed.length === 0 || !connectionNamed.includes(name))
  );
}

function forwardedHeaders(
  head: RequestHead,
  { host: client, scheme }: ForwardedClient,
  { mode, standard }: ForwardedOptions,
): HeaderList {
  assert(isHeaderValue(client), 'a client has an address');
  const before = (name: string): string | undefined =>
    mode === 'append' ? listOf(head.headers, name) : undefined;
  const firstWord = (name: string): string | undefined =>
    mode === 'append' ? headerOf(head.headers, name) : undefined;
  const host = head.authority === '' ? undefined : head.authority;
  const fields = [
    'x-forwarded-for',
    joined(before('x-forwarded-for'), client),
    'x-forwarded-proto',
    firstWord('x-forwarded-proto') ?? scheme,
  ];
  const hostSeen = firstWord('x-forwarded-host') ?? host;
  if (hostSeen !== undefined) fields.push('x-forwarded-host', hostSeen);
  if (standard) {
    fields.push('forwarded', joined(before('forwarded'), forwardedElement(client, scheme, host)));
  }
  return parsedHeaders(fields);
}

/** RFC 7239 §4, §6: an IPv6 address needs brackets and quotes, a port in the host quotes. */
function forwardedElement(client: string, scheme: string, host: string | undefined): string {
  const node = client.includes(':') ? `"[${client}]"` : client;
  const suffix = host === undefined ? '' : `;host=${host.includes(':') ? `"${host}"` : host}`;
  return `for=${node};proto=${scheme}${suffix}`;
}

function joined(before: string | undefined, word: string): string {
  return before === undefined ? word : `${before}, ${word}`;
}

/** All values of that name as one list; undefined if there is none that says something. */
function listOf(headers: HeaderList, name: string): string | undefined {
  const values: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const value = headers[at + 1];
    if (headers[at] === name && value !== undefined && value !== '') values.push(value);
  }
  return values.length === 0 ? undefined : values.join(', ');
}

import { strict as assert } from 'node:assert';
import type { Framing } from './framing.js';
import type { HeaderList } from './header-list.js';
import { isConnectionName } from './own-names.js';

/*
 * Heads as text to send (latin-1), made from their parsed form. Host, framing and connection fields come from here alone:
 * those in the lists are left out.
 */

export interface OutgoingRequest {
  readonly method: string;
  /** Canonical. */
  readonly path: string;
  readonly query: string;
  /** The Host header's value: a checked authority. */
  readonly host: string;
  /** Without what `Connection` named. */
  readonly headers: HeaderList;
  readonly framing: Framing;
  readonly connection: OutgoingConnection;
  readonly expectsContinue?: boolean;
}

export interface OutgoingResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderList;
  readonly framing: Framing;
  readonly connection: OutgoingConnection;
  /** Of a body that is not sent (HEAD, 304). */
  readonly unsentLength?: number | undefined;
}

/** `persistent` needs no words in HTTP/1.1, `keep-alive` says it to HTTP/1.0. */
export type OutgoingConnection = 'persistent' | 'keep-alive' | 'close' | 'websocket';

export function requestHeadText(request: OutgoingRequest): string {
  return requestHeadTextOf(request, fieldLines(request.headers));
}

/** `lines`: its fields, as `fieldLines` has them. */
export function requestHeadTextOf(
  request: Omit<OutgoingRequest, 'headers'>,
  lines: string,
): string {
  assert(request.framing.kind !== 'until-close', 'a request cannot end with its connection');
  const expectation = request.expectsContinue === true ? 'expect: 100-continue\r\n' : '';
  return (
    `${request.method} ${request.path}${request.query} HTTP/1.1\r\nhost: ${request.host}\r\n` +
    `${lines}${framingLine(request.framing)}` +
    `${expectation}${connectionLine(request.connection)}\r\n`
  );
}

export function responseHeadText(response: OutgoingResponse): string {
  const { status, framing, unsentLength, connection } = response;
  assert(framing.kind !== 'until-close' || connection === 'close', 'only closing ends this body');
  const unsent = unsentLength === undefined ? '' : lengthLine(unsentLength);
  return (
    `HTTP/1.1 ${status} ${response.reason}\r\n` +
    `${fieldLines(response.headers)}${framingLine(framing)}${unsent}` +
    `${connectionLine(connection)}\r\n`
  );
}

/** 1xx on the way to the response proper. */
export function interimHeadText(status: number, reason: string, headers: HeaderList): string {
  return `HTTP/1.1 ${status} ${reason}\r\n${fieldLines(headers)}\r\n`;
}

export function fieldLines(headers: HeaderList): string {
  let lines = '';
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? '';
    if (!isConnectionName(name)) lines += `${name}: ${headers[at + 1] ?? ''}\r\n`;
  }
  return lines;
}

function framingLine(framing: Framing): string {
  switch (framing.kind) {
    case 'none':
    case 'until-close':
      return '';
    case 'length':
      return lengthLine(framing.length);
    case 'chunked':
      return 'transfer-encoding: chunked\r\n';
  }
}

function lengthLine(length: number): string {
  return `content-length: ${length}\r\n`;
}

function connectionLine(connection: OutgoingConnection): string {
  switch (connection) {
    case 'persistent':
      return '';
    case 'keep-alive':
      return 'connection: keep-alive\r\n';
    case 'close':
      return 'connection: close\r\n';
    case 'websocket':
      return 'connection: upgrade\r\nupgrade: websocket\r\n';
  }
}

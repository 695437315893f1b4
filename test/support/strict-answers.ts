import type { Field } from './strict-requests.js';
import { bodyIn, fieldOf, refuse, refuseOddBytes } from './strict-requests.js';

/*
 * What a redirector sends to a client, read by a second reader that grants nothing; see strict-requests.ts.
 */

/** The reason is whatever it is: no program reads it, and it ends with its line. */
const STATUS_LINE = /^HTTP\/1\.1 ([1-5][0-9]{2}) [\t -~\x80-\xff]*$/;
/** Of a server's connection, or between a server and us. */
const FORBIDDEN =
  /^(?:(?:keep-alive|te|trailer|expect|host|forwarded|x-real-ip|proxy-(?:connection|authorization|authenticate|authentication-info))$|foreshift-|x-forwarded-)/;

/**
 * The answers in it, to requests of that method, interim ones too: their statuses. A body may not go on until the connection ends.
 * @throws — what a client could take differently
 */
export function strictAnswers(text: string, method: string): number[] {
  const statuses: number[] = [];
  for (let at = 0; at < text.length;) {
    const headEnd = text.indexOf('\r\n\r\n', at);
    if (headEnd < 0) break;
    refuseOddBytes(text.slice(text.indexOf('\r\n', at), headEnd));
    const [line = '', ...lines] = text.slice(at, headEnd).split('\r\n');
    const status = Number(STATUS_LINE.exec(line)?.[1]);
    refuse(Number.isNaN(status), 'the status line');
    const fields = lines.map(fieldOf);
    for (const [name] of fields) refuse(FORBIDDEN.test(name), `the field ${name}`);
    const hasBody = status >= 200 && status !== 204 && status !== 304 && method !== 'HEAD';
    const said = framingOf(fields);
    const isSilent = status < 200 || status === 204;
    refuse(isSilent && (said.isChunked || said.length !== undefined), 'framing of no body');
    refuse(hasBody && !said.isChunked && said.length === undefined, 'a body without an end');
    const start = headEnd + 4;
    const body = hasBody
      ? bodyIn(text, start, { length: said.length ?? 0, isChunked: said.isChunked })
      : { end: start };
    if (body === undefined) break;
    statuses.push(status);
    at = body.end;
  }
  return statuses;
}

function framingOf(fields: readonly Field[]) {
  const valuesOf = (name: string): string[] =>
    fields.filter((field) => field[0] === name).map(([, value]) => value);
  for (const name of ['content-length', 'transfer-encoding', 'connection', 'upgrade']) {
    refuse(valuesOf(name).length > 1, `${name} twice`);
  }
  for (const [name] of fields) {
    const plain = name.replaceAll(/[^a-z0-9]/g, '-');
    const isFraming = plain === 'content-length' || plain === 'transfer-encoding';
    refuse(isFraming && plain !== name, `the lookalike ${name}`);
  }
  const [coding] = valuesOf('transfer-encoding');
  const [length] = valuesOf('content-length');
  refuse(coding !== undefined && coding !== 'chunked', 'the coding');
  refuse(coding !== undefined && length !== undefined, 'a length and a coding');
  refuse(length !== undefined && !/^(?:0|[1-9][0-9]{0,15})$/.test(length), 'the length');
  return {
    isChunked: coding !== undefined,
    length: length === undefined ? undefined : Number(length),
  };
}

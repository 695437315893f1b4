/*
 * What a redirector sends to a server, read by a second reader that shares no code with it and grants nothing: every byte
 * that two readers could understand differently is a violation, whether or not this one would understand it.
 */

const CRLF = '\r\n';
const REQUEST_LINE = /^[A-Z_-]{1,32} (\*|\/[!-"$-~]*) HTTP\/1\.1$/;
const FIELD = /^([a-z0-9!#$%&'*+.^_`|~-]+): ((?:[!-~](?:[\t -~]*[!-~])?)?)$/;
const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$|^$/;
/** Where two readers of a path differ. */
const PATH_TRAP = /^\/\/|\\|#|\/\.{1,2}(?:[/;?]|$)|%(?:2e|2f|5c|00)|%(?![0-9A-F]{2})/i;
/** Of one connection or of nobody: never passed on. */
const FORBIDDEN = new Set([
  ...['keep-alive', 'te', 'trailer', 'expect', 'http2-settings', 'proxy-connection'],
  ...['proxy-authorization', 'proxy-authenticate', 'forwarded', 'x-real-ip'],
]);
const FRAMING_NAMES = ['content-length', 'transfer-encoding', 'host', 'connection', 'upgrade'];

export interface StrictRequest {
  /**
   * Its bytes, without what a redirector adds of itself (which was checked), and with the chunks of its body as one: cuts
   * are nobody's business.
   */
  readonly text: string;
  readonly method: string;
  readonly target: string;
  /** As they came. */
  readonly raw: string;
}

/** One connection to a server. */
export class StrictRequests {
  /** Whole requests, in their order. */
  readonly requests: StrictRequest[] = [];
  violation: string | undefined;
  #text = '';

  /** Bytes of a request that is not whole. */
  get isUnderWay(): boolean {
    return this.#text !== '';
  }

  /** The requests that became whole. */
  push(bytes: Uint8Array): StrictRequest[] {
    this.#text += Buffer.from(bytes).toString('latin1');
    const whole: StrictRequest[] = [];
    while (this.violation === undefined && this.#text !== '') {
      try {
        const request = requestIn(this.#text);
        if (request === undefined) break;
        this.#text = this.#text.slice(request.raw.length);
        whole.push(request);
      } catch (error) {
        this.violation = `${error instanceof Error ? error.message : ''}: ${JSON.stringify(this.#text.slice(0, 400))}`;
      }
    }
    this.requests.push(...whole);
    return whole;
  }
}

/** The request at the beginning; undefined while it is not whole. @throws — what is ambiguous in it */
function requestIn(text: string): StrictRequest | undefined {
  const headEnd = text.indexOf(CRLF + CRLF);
  const head = headEnd === -1 ? text : text.slice(0, headEnd);
  refuseOddBytes(head);
  if (headEnd === -1) return undefined;
  const [line = '', ...lines] = head.split(CRLF);
  const target = REQUEST_LINE.exec(line)?.[1];
  if (target === undefined) throw new Error('the request line');
  const path = target.replace(/\?.*$/, '');
  refuse(PATH_TRAP.test(path), 'the path');
  const fields = lines.map(fieldOf);
  const said = framingOf(fields);
  const kept = withoutOurs(fields).map(([name, value]) => `${name}: ${value}`);
  const body = bodyIn(text, headEnd + 4, said);
  if (body === undefined) return undefined;
  return {
    method: line.slice(0, line.indexOf(' ')),
    target,
    text: [line, ...kept, '', ''].join(CRLF) + body.text,
    raw: text.slice(0, body.end),
  };
}

export function refuseOddBytes(head: string): void {
  refuse(/[^\t\r\n -~]/.test(head), 'a control character or a byte beyond ASCII');
  refuse(/\r(?!\n|$)|(?<!\r)\n/.test(head), 'half a line end');
}

export type Field = readonly [name: string, value: string];

export function fieldOf(line: string): Field {
  const parts = FIELD.exec(line);
  refuse(parts === null, `the field ${JSON.stringify(line.slice(0, 80))}`);
  return [parts?.[1] ?? '', parts?.[2] ?? ''];
}

export interface Said {
  readonly length: number;
  readonly isChunked: boolean;
}

function framingOf(fields: readonly Field[]): Said {
  const valuesOf = (name: string): string[] =>
    fields.filter((field) => field[0] === name).map(([, value]) => value);
  for (const [name] of fields) {
    refuse(FORBIDDEN.has(name), `the field ${name}`);
    const plain = name.replaceAll(/[^a-z0-9]/g, '-');
    refuse(plain !== name && FRAMING_NAMES.slice(0, 2).includes(plain), `the lookalike ${name}`);
    refuse(plain !== name && /^(?:x-forwarded-|foreshift-)/.test(plain), `the lookalike ${name}`);
  }
  for (const name of FRAMING_NAMES) refuse(valuesOf(name).length > 1, `${name} twice`);
  const [host] = valuesOf('host');
  refuse(host === undefined || !HOST.test(host), 'the host');
  const [connection] = valuesOf('connection');
  const isKnown = connection === undefined || connection === 'close' || connection === 'upgrade';
  refuse(!isKnown, 'connection');
  const [upgrade] = valuesOf('upgrade');
  refuse((connection === 'upgrade') !== (upgrade === 'websocket'), 'upgrade');
  refuse(upgrade !== undefined && upgrade !== 'websocket', 'upgrade');
  const [coding] = valuesOf('transfer-encoding');
  const [length] = valuesOf('content-length');
  refuse(coding !== undefined && coding !== 'chunked', 'the coding');
  refuse(coding !== undefined && length !== undefined, 'a length and a coding');
  refuse(length !== undefined && !/^(?:0|[1-9][0-9]{0,15})$/.test(length), 'the length');
  return { length: Number(length ?? 0), isChunked: coding !== undefined };
}

/** Who the client was, said by the redirector alone. */
function withoutOurs(fields: readonly Field[]): Field[] {
  const host = fields.find(([name]) => name === 'host')?.[1] ?? '';
  const ours = new Map<string, string>([
    ['x-forwarded-for', '127.0.0.1'],
    ['x-forwarded-proto', 'http'],
    ...(host === '' ? [] : ([['x-forwarded-host', host]] as const)),
  ]);
  for (const [name, value] of ours) {
    const said = fields.filter((field) => field[0] === name);
    refuse(said.length !== 1 || said[0]?.[1] !== value, name);
  }
  const kept = fields.filter(([name]) => !ours.has(name));
  refuse(
    kept.some(([name]) => name.startsWith('x-forwarded-')),
    'an x-forwarded- of somebody else',
  );
  return kept;
}

export function bodyIn(
  text: string,
  start: number,
  { length, isChunked }: Said,
): { readonly text: string; readonly end: number } | undefined {
  if (!isChunked) {
    const end = start + length;
    return text.length < end ? undefined : { text: text.slice(start, end), end };
  }
  let body = '';
  for (let at = start; ;) {
    const lineEnd = text.indexOf(CRLF, at);
    if (lineEnd === -1) {
      refuse(!/^[0-9a-f]{0,8}\r?$/.test(text.slice(at)), 'a chunk size');
      return undefined;
    }
    const size = text.slice(at, lineEnd);
    refuse(!/^(?:0|[1-9a-f][0-9a-f]{0,7})$/.test(size), 'a chunk size');
    at = lineEnd + 2;
    if (size === '0') return chunkedEnd(text, at, body);
    const end = at + parseInt(size, 16);
    if (text.length < end + 2) return undefined;
    refuse(text.slice(end, end + 2) !== CRLF, 'the end of a chunk');
    body += text.slice(at, end);
    at = end + 2;
  }
}

function chunkedEnd(
  text: string,
  start: number,
  body: string,
): { readonly text: string; readonly end: number } | undefined {
  const chunk = body === '' ? '' : `${body.length.toString(16)}${CRLF}${body}${CRLF}`;
  if (text.startsWith(CRLF, start)) return { text: `${chunk}0${CRLF}${CRLF}`, end: start + 2 };
  const end = text.indexOf(CRLF + CRLF, start);
  if (end === -1) return undefined;
  const trailers = text.slice(start, end);
  for (const [name] of trailers.split(CRLF).map(fieldOf)) {
    const isFraming = FRAMING_NAMES.includes(name) || FORBIDDEN.has(name);
    refuse(isFraming || name.startsWith('x-forwarded-'), `the trailer ${name}`);
  }
  return { text: `${chunk}0${CRLF}${trailers}${CRLF}${CRLF}`, end: end + 4 };
}

export function refuse(isWrong: boolean, what: string): void {
  if (isWrong) throw new Error(what);
}

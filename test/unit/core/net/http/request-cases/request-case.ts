/**
 * A raw request and what must become of it: a fault's name, or how the head is understood (see `http-transcript.ts`) and
 * what follows.
 */
export type RequestCase = readonly [
  name: string,
  bytes: string,
  expected: string | readonly string[],
];

/** A good Host line. */
export const H = 'Host: a.example\r\n';

/** A request that begins so, with a good Host line. */
export function started(start: string): string {
  return withLines('', start);
}

/** A request with these header lines after Host. */
export function withLines(lines: string, start = 'GET / HTTP/1.1'): string {
  return `${start}\r\n${H}${lines}\r\n`;
}

export function posted(lines: string): string {
  return withLines(lines, 'POST / HTTP/1.1');
}

export function hosted(host: string): string {
  return `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
}

export const GOOD = started('GET / HTTP/1.1');
export const GOOD_HEAD = head('');

/** The head of `started` understood. */
export function startedHead(start: string): string {
  return head('', undefined, start);
}

/** The head of `withLines` understood, with these fields after Host. */
export function head(fields: string, marks = 'none keep-alive', start = 'GET / 1.1'): string {
  return `${start} @a.example ${marks} ["host","a.example"${fields}]`;
}

export function chunked(body: string): string {
  return withLines('Transfer-Encoding: chunked\r\n', 'POST /u HTTP/1.1') + body;
}

export const CHUNKED_HEAD = head(
  ',"transfer-encoding","chunked"',
  'chunked keep-alive',
  'POST /u 1.1',
);

/** Chunked bodies in which the same is wrong: their head is understood, and what is `read` before the fault. */
export function badChunks(
  fault: string,
  ...cases: readonly (readonly [name: string, body: string, ...read: readonly string[]])[]
): RequestCase[] {
  return cases.map(([name, body, ...read]) => [
    name,
    chunked(body),
    [CHUNKED_HEAD, ...read, `fault ${fault}`],
  ]);
}

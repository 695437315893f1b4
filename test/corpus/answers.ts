import { LAST, raw } from './request-case.js';

/**
 * What a server may answer, and what must become of it: what the client gets to the letter, or that it gets nothing of it.
 * Whatever it is, the next request gets its own answer, and no client ever reads `evil`.
 */
export interface AnswerCase {
  readonly name: string;
  /** All that the server sends for one request. */
  readonly bytes: string;
  /** Of the request; POST unless it says otherwise, since what is safe is tried twice. */
  readonly method: string;
  /** More lines of the request's head. */
  readonly lines: readonly string[];
  /** The server's FIN follows. */
  readonly closes: boolean;
  /**
   * `whole`: the client gets `answer`; `bad`: 502, nothing of it; `cut`: it gets the beginning and then the
   * end of its connection, so that it knows that the rest is missing.
   */
  readonly becomes: 'whole' | 'bad' | 'cut';
  /** With the chunks of a body as one. */
  readonly answer: string;
}

type More = Partial<Pick<AnswerCase, 'method' | 'lines' | 'closes'>>;

function bad(name: string, bytes: string, more: More = {}): AnswerCase {
  return made(name, bytes, 'bad', '', more);
}

function cut(name: string, bytes: string, more: More = {}): AnswerCase {
  return made(name, bytes, 'cut', '', more);
}

function whole(name: string, bytes: string, answer: string, more: More = {}): AnswerCase {
  return made(name, bytes, 'whole', answer, more);
}

function made(
  name: string,
  bytes: string,
  becomes: AnswerCase['becomes'],
  answer: string,
  { method = 'POST', lines = [], closes = false }: More,
): AnswerCase {
  return { name, bytes, becomes, answer, method, lines, closes };
}

function ok(...lines: readonly string[]): string {
  return raw('HTTP/1.1 200 OK', ...lines);
}

/** The head of chunks, which follow. */
const CHUNKED = ok('Transfer-Encoding: chunked');
const SEEN_CHUNKED = ok('transfer-encoding: chunked');
const HI = `${ok('Content-Length: 2')}hi`;
const SEEN_HI = `${ok('content-length: 2')}hi`;
/** What an attacker would like somebody else to read. */
const EVIL = `${ok('Content-Length: 4', 'X-Evil: evil')}evil`;
const FIN: More = { closes: true };
const HEAD: More = { method: 'HEAD' };
const WEBSOCKET: More = {
  method: 'GET',
  lines: [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  ],
};
const SWITCHED = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket'];

export const ANSWERS: readonly AnswerCase[] = [
  // Sound ones.
  whole('a length', HI, SEEN_HI),
  whole('no body', ok('Content-Length: 0'), ok('content-length: 0')),
  whole('chunks', `${CHUNKED}2\r\nhi\r\n${LAST}`, `${SEEN_CHUNKED}2\r\nhi\r\n${LAST}`),
  whole(
    'chunks with an extension',
    `${CHUNKED}2;a=b\r\nhi\r\n${LAST}`,
    `${SEEN_CHUNKED}2\r\nhi\r\n${LAST}`,
  ),
  whole('a trailer', `${CHUNKED}0\r\nX-Sum: 1\r\n\r\n`, `${SEEN_CHUNKED}0\r\nx-sum: 1\r\n\r\n`),
  whole('a body until the end', `${ok()}hi`, `${SEEN_CHUNKED}2\r\nhi\r\n${LAST}`, FIN),
  whole('nothing until the end', ok(), `${SEEN_CHUNKED}${LAST}`, FIN),
  whole('HTTP/1.0', `${raw('HTTP/1.0 200 OK', 'Content-Length: 2')}hi`, SEEN_HI),
  whole(
    'HTTP/1.0 until the end',
    `${raw('HTTP/1.0 200 OK')}hi`,
    `${SEEN_CHUNKED}2\r\nhi\r\n${LAST}`,
    FIN,
  ),
  whole('a server that closes', `${ok('Connection: close', 'Content-Length: 2')}hi`, SEEN_HI, FIN),
  whole(
    'a server that says so and stays',
    `${ok('Connection: close', 'Content-Length: 2')}hi`,
    SEEN_HI,
  ),
  whole(
    'an interim answer before',
    `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${HI}`,
    `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${SEEN_HI}`,
  ),
  whole('a 100 that nobody asked for', `HTTP/1.1 100 Continue\r\n\r\n${HI}`, SEEN_HI),
  whole(
    'the owner, named in an interim answer',
    `HTTP/1.1 103 Early Hints\r\nForeshift-Owner: s2\r\nLink: </a>\r\n\r\n${HI}`,
    `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${SEEN_HI}`,
  ),
  whole(
    'a field of the connection in an interim answer',
    `HTTP/1.1 103 Early Hints\r\nConnection: X-A\r\nX-A: 1\r\n\r\n${HI}`,
    `HTTP/1.1 103 Early Hints\r\n\r\n${SEEN_HI}`,
  ),
  whole(
    'an empty reason',
    `${raw('HTTP/1.1 200 ', 'Content-Length: 2')}hi`,
    `${raw('HTTP/1.1 200 ', 'content-length: 2')}hi`,
  ),
  whole(
    'no blank before the reason that is not there',
    `${raw('HTTP/1.1 200', 'Content-Length: 2')}hi`,
    `${raw('HTTP/1.1 200 ', 'content-length: 2')}hi`,
  ),
  whole(
    'a status that nobody knows',
    raw('HTTP/1.1 599 Odd', 'Content-Length: 0'),
    raw('HTTP/1.1 599 Odd', 'content-length: 0'),
  ),
  whole(
    'cookies',
    `${ok('Set-Cookie: a=b', 'Set-Cookie: c=d', 'Content-Length: 2')}hi`,
    `${ok('set-cookie: a=b', 'set-cookie: c=d', 'content-length: 2')}hi`,
  ),
  whole(
    'fields of the connection',
    `${ok('Connection: X-A', 'X-A: 1', 'Keep-Alive: timeout=5', 'Proxy-Authenticate: Basic', 'Content-Length: 2')}hi`,
    SEEN_HI,
  ),
  whole(
    'fields that are for us',
    `${ok('Foreshift-Owner: s2', 'Foreshift_Since: 1.1', 'X-Forwarded-For: evil', 'Content-Length: 2')}hi`,
    SEEN_HI,
  ),
  whole('204', raw('HTTP/1.1 204 No Content'), raw('HTTP/1.1 204 No Content')),
  whole(
    '204 with a length',
    raw('HTTP/1.1 204 No Content', 'Content-Length: 5'),
    raw('HTTP/1.1 204 No Content'),
  ),
  whole(
    '204 with a coding',
    raw('HTTP/1.1 204 No Content', 'Transfer-Encoding: chunked'),
    raw('HTTP/1.1 204 No Content'),
  ),
  whole(
    '304 with a length',
    raw('HTTP/1.1 304 Not Modified', 'Content-Length: 5'),
    raw('HTTP/1.1 304 Not Modified', 'content-length: 5'),
  ),
  whole('HEAD', ok('Content-Length: 5'), ok('content-length: 5'), HEAD),
  whole('HEAD of chunks', CHUNKED, ok(), HEAD),
  whole('HEAD without a length', ok(), ok(), HEAD),
  whole(
    'an upgrade that was not asked for, beside a good answer',
    `${ok('Upgrade: h2c', 'Connection: Upgrade', 'Content-Length: 2')}hi`,
    SEEN_HI,
  ),

  // More than was asked for: dropped with its connection.
  whole('a second answer', HI + EVIL, SEEN_HI),
  whole('a second answer behind chunks', `${CHUNKED}${LAST}${EVIL}`, `${SEEN_CHUNKED}${LAST}`),
  whole(
    'a second answer behind no body',
    `${ok('Content-Length: 0')}${EVIL}`,
    ok('content-length: 0'),
  ),
  whole(
    'a second answer behind 204',
    `${raw('HTTP/1.1 204 No Content')}${EVIL}`,
    raw('HTTP/1.1 204 No Content'),
  ),
  whole(
    'a second answer behind 304',
    `${raw('HTTP/1.1 304 Not Modified')}${EVIL}`,
    raw('HTTP/1.1 304 Not Modified'),
  ),
  whole(
    'a second answer behind HEAD',
    `${ok('Content-Length: 5')}${EVIL}`,
    ok('content-length: 5'),
    HEAD,
  ),
  whole('a body behind HEAD', `${ok('Content-Length: 4')}evil`, ok('content-length: 4'), HEAD),
  whole(
    'a body behind 204',
    `${raw('HTTP/1.1 204 No Content', 'Content-Length: 4')}evil`,
    raw('HTTP/1.1 204 No Content'),
  ),
  whole(
    'a body behind 304',
    `${raw('HTTP/1.1 304 Not Modified', 'Content-Length: 4')}evil`,
    raw('HTTP/1.1 304 Not Modified', 'content-length: 4'),
  ),
  whole('ten answers more', HI + EVIL.repeat(10), SEEN_HI),
  whole('a byte more', `${HI}x`, SEEN_HI),
  whole('an empty line more', `${HI}\r\n`, SEEN_HI),
  whole(
    'an interim answer behind',
    `${HI}HTTP/1.1 103 Early Hints\r\nX-Evil: evil\r\n\r\n`,
    SEEN_HI,
  ),
  whole(
    'an answer split by a line end in a value',
    `${ok('Location: /x', 'Content-Length: 0', '', EVIL.slice(0, -4))}evil`,
    ok('location: /x', 'content-length: 0'),
  ),
  whole(
    'a request timed out behind it',
    `${HI}${raw('HTTP/1.1 408 evil', 'Connection: close', 'Content-Length: 0')}`,
    SEEN_HI,
  ),
  whole('data longer than the length', `${ok('Content-Length: 2')}hi${EVIL}`, SEEN_HI),

  // Framing that two readers may take differently.
  bad('a length and a coding', `${ok('Content-Length: 2', 'Transfer-Encoding: chunked')}${LAST}`),
  bad('a coding and a length', `${ok('Transfer-Encoding: chunked', 'Content-Length: 2')}${LAST}`),
  bad('two lengths, the same', `${ok('Content-Length: 2', 'Content-Length: 2')}hi`),
  bad('two lengths that differ', `${ok('Content-Length: 2', 'Content-Length: 40')}hi`),
  bad('a list of lengths', `${ok('Content-Length: 2, 2')}hi`),
  bad('a plus before the length', `${ok('Content-Length: +2')}hi`),
  bad('a minus before the length', `${ok('Content-Length: -2')}hi`),
  bad('a hexadecimal length', `${ok('Content-Length: 0x2')}hi`),
  bad('an empty length', ok('Content-Length:')),
  bad('a length that wraps 64 bits', `${ok('Content-Length: 18446744073709551618')}hi`),
  bad('an unknown coding', `${ok('Transfer-Encoding: x')}hi`),
  bad('gzip and chunked', `${ok('Transfer-Encoding: gzip, chunked')}${LAST}`),
  bad('identity', `${ok('Transfer-Encoding: identity')}hi`),
  bad('two codings', `${ok('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')}${LAST}`),
  bad('chunks in HTTP/1.0', `${raw('HTTP/1.0 200 OK', 'Transfer-Encoding: chunked')}${LAST}`),
  bad('a lookalike of the length', `${ok('Content_Length: 2')}hi`),
  bad('a lookalike of the coding', `${ok('Transfer_Encoding: chunked')}${LAST}`),
  bad('a conflict in the answer to HEAD', ok('Content-Length: 2', 'Transfer-Encoding: chunked'), {
    method: 'HEAD',
  }),

  // Heads.
  bad('a line feed behind the status', 'HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nhi'),
  bad('line feeds only', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nhi'),
  bad('a carriage return in a value', `${ok('X: a\rSet-Cookie: evil', 'Content-Length: 2')}hi`),
  bad('a line feed in a value', `${ok('X: a\nSet-Cookie: evil', 'Content-Length: 2')}hi`),
  bad('NUL in a value', `${ok('X: a\0', 'Content-Length: 2')}hi`),
  bad('NUL in the reason', `${raw('HTTP/1.1 200 O\0K', 'Content-Length: 2')}hi`),
  bad('a folded field', `${ok('X: a', ' evil', 'Content-Length: 2')}hi`),
  bad('a folded length', `${ok('Content-Length:', ' 2')}hi`),
  bad('a blank before a colon', `${ok('Content-Length : 2')}hi`),
  bad('a field without a name', `${ok(': a', 'Content-Length: 2')}hi`),
  bad('a field without a colon', `${ok('evil', 'Content-Length: 2')}hi`),
  bad('a blank in a name', `${ok('X Y: a', 'Content-Length: 2')}hi`),
  bad('a byte beyond ASCII in a value', `${ok('X: \xe9', 'Content-Length: 2')}hi`),
  bad('a Connection that is none', `${ok('Connection: a b', 'Content-Length: 2')}hi`),
  bad('too many fields', ok(...Array.from({ length: 101 }, () => 'X: evil'))),
  bad('a head without end', `HTTP/1.1 200 OK\r\nX: ${'v'.repeat(40_000)}`),
  bad('HTTP/0.9', '<html>evil</html>\r\n\r\n'),
  bad('HTTP/2.0', `${raw('HTTP/2.0 200 OK', 'Content-Length: 2')}hi`),
  bad('HTTP/1.2', `${raw('HTTP/1.2 200 OK', 'Content-Length: 2')}hi`),
  bad('ICY', `${raw('ICY 200 OK', 'Content-Length: 2')}hi`),
  bad('http in small letters', `${raw('http/1.1 200 OK', 'Content-Length: 2')}hi`),
  bad('a status of two digits', `${raw('HTTP/1.1 20 OK', 'Content-Length: 2')}hi`),
  bad('a status of four digits', `${raw('HTTP/1.1 2000 OK', 'Content-Length: 2')}hi`),
  bad('a status of 600', `${raw('HTTP/1.1 600 OK', 'Content-Length: 2')}hi`),
  bad('a status of 0', `${raw('HTTP/1.1 000 OK', 'Content-Length: 2')}hi`),
  bad('a status with a sign', `${raw('HTTP/1.1 +20 OK', 'Content-Length: 2')}hi`),
  bad('a word for a status', `${raw('HTTP/1.1 OK', 'Content-Length: 2')}hi`),
  bad('two blanks before the status', `${raw('HTTP/1.1  200 OK', 'Content-Length: 2')}hi`),
  bad('an empty line before', `\r\n${HI}`),
  bad('a blank before', ` ${HI}`),
  bad('seventeen interim answers', `${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(17)}${EVIL}`),
  bad('a request for an answer', raw('GET /evil HTTP/1.1', 'Host: evil')),

  // Upgrades.
  bad('101 that nobody asked for', `${raw(...SWITCHED)}evil`),
  bad(
    '101 to another protocol',
    `${raw('HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: h2c')}evil`,
    WEBSOCKET,
  ),
  bad(
    '101 that names no protocol',
    `${raw('HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade')}evil`,
    WEBSOCKET,
  ),
  bad(
    '101 whose Connection does not name it',
    `${raw('HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket')}evil`,
    WEBSOCKET,
  ),
  bad(
    '101 with two framings',
    `${raw(...SWITCHED, 'Content-Length: 2', 'Transfer-Encoding: chunked')}evil`,
    WEBSOCKET,
  ),
  whole('200 in place of 101', HI, SEEN_HI, WEBSOCKET),
  whole(
    '403 in place of 101',
    `${raw('HTTP/1.1 403 Forbidden', 'Content-Length: 2')}no`,
    `${raw('HTTP/1.1 403 Forbidden', 'content-length: 2')}no`,
    WEBSOCKET,
  ),
  whole('200 in place of 101, and bytes behind it', HI + EVIL, SEEN_HI, WEBSOCKET),

  // Cut before or within.
  bad('nothing at all', '', FIN),
  bad('half a status line', 'HTTP/1.1 20', FIN),
  bad('half a head', 'HTTP/1.1 200 OK\r\nContent-Le', FIN),
  bad('an interim answer only', 'HTTP/1.1 103 Early Hints\r\n\r\n', FIN),
  cut('half a body', `${ok('Content-Length: 9')}half`, FIN),
  cut('half a chunk', `${CHUNKED}9\r\nhalf`, FIN),
  cut('no last chunk', `${CHUNKED}4\r\nhalf\r\n`, FIN),
  cut('no end of the last chunk', `${CHUNKED}4\r\nhalf\r\n0\r\n`, FIN),
  cut('a chunk size that is none', `${CHUNKED}4\r\nhalf\r\nx\r\n`),
  cut('a chunk longer than its size', `${CHUNKED}4\r\nhalfevil\r\n${LAST}`),
  cut('a chunk that ends with a line feed', `${CHUNKED}4\r\nhalf\n${LAST}`),
  cut('a chunk size that wraps', `${CHUNKED}100000004\r\nhalf\r\n${LAST}`),
  cut('a trailer that frames', `${CHUNKED}0\r\nContent-Length: 5\r\n\r\n`),
  cut('a trailer that sets a cookie', `${CHUNKED}0\r\nSet-Cookie: evil\r\n\r\n`),
  cut('an answer in place of a chunk', `${CHUNKED}${EVIL}`),
  cut('an answer in place of the trailers', `${CHUNKED}0\r\n${EVIL}`),
];

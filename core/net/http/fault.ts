/**
 * Every reason for which the codec refuses bytes: a fixed set of values, never thrown, so a fault can name a
 * counter. `status` is the answer to a request; a fault in a server's response is 502 to the client whatever it is.
 */
export class HttpFault {
  readonly name: string;
  readonly status: number;
  readonly text: string;

  constructor(name: string, status: number, text: string) {
    this.name = name;
    this.status = status;
    this.text = text;
  }
}

export const FAULTS = faultsOf({
  // Lines
  bareLineFeed: [400, 'a line ends without a carriage return'],
  bareCarriageReturn: [400, 'a carriage return does not end its line'],
  nulByte: [400, 'a NUL byte'],
  controlCharacter: [400, 'a control character'],
  eightBitByte: [400, 'a byte beyond ASCII'],
  emptyLine: [400, 'empty lines where a message should begin'],

  // First line
  methodInvalid: [400, 'the method is not a token'],
  methodRefused: [501, 'the method is not supported'],
  targetInvalid: [400, 'the request target is malformed'],
  targetTooLong: [414, 'the request target is too long'],
  fragment: [400, 'the request target has a fragment'],
  versionMissing: [400, 'the request line has no protocol version'],
  versionInvalid: [400, 'the protocol version is malformed'],
  versionRefused: [505, 'the protocol version is not supported'],
  statusLineInvalid: [400, 'the status line is malformed'],
  statusLineTooLong: [400, 'the status line is too long'],

  // Path
  pathDoubleSlash: [400, 'the path begins with two slashes'],
  pathBackslash: [400, 'the path has a backslash'],
  pathEscapeInvalid: [400, 'the path has a malformed escape'],
  pathEscapeRefused: [400, 'the path has an escaped slash, backslash or NUL, or overlong UTF-8'],
  pathDotsDisguised: [400, 'the path has dot segments in disguise'],
  pathAboveRoot: [400, 'the path leads above the root'],

  // Header fields
  headTooLarge: [431, 'the head is too large'],
  headersTooMany: [431, 'the head has too many fields'],
  headerFolded: [400, 'a header is folded over lines'],
  headerNameInvalid: [400, 'a header name is not a token'],
  headerNameEmpty: [400, 'a header has no name'],
  headerNameSpaced: [400, 'a space stands before the colon of a header'],
  headerColonMissing: [400, 'a header line has no colon'],
  headerLookalike: [400, 'a header imitates one that frames the message'],

  // What header fields say
  hostMissing: [400, 'the Host header is missing'],
  hostRepeated: [400, 'the Host header is repeated'],
  hostInvalid: [400, 'the host is malformed'],
  hostMismatch: [400, 'the target names another host than the Host header'],
  lengthInvalid: [400, 'the Content-Length is malformed'],
  lengthRepeated: [400, 'the Content-Length is repeated'],
  lengthWithCoding: [400, 'both Content-Length and Transfer-Encoding'],
  codingRefused: [400, 'a Transfer-Encoding other than chunked'],
  codingRepeated: [400, 'the Transfer-Encoding is repeated'],
  codingTooOld: [400, 'a Transfer-Encoding in HTTP/1.0'],
  connectionInvalid: [400, 'the Connection header is malformed'],
  expectationRefused: [417, 'an expectation other than 100-continue'],

  // Body
  bodyTooLarge: [413, 'the body is too large'],
  chunkSizeInvalid: [400, 'a chunk size is malformed'],
  chunkExtensionInvalid: [400, 'a chunk extension is malformed or not allowed'],
  chunkExtensionsTooLarge: [400, 'the chunk extensions are too large'],
  chunkEndInvalid: [400, 'a chunk does not end where its size says'],
  trailerRefused: [400, 'a trailer that may only stand in the head'],
  trailersTooLarge: [431, 'the trailers are too large'],

  // Course of a connection
  truncated: [400, 'the message ended too early'],
  unsolicited: [502, 'bytes that answer no request'],
  interimTooMany: [502, 'too many interim responses'],
});

function faultsOf<Name extends string>(
  table: Readonly<Record<Name, readonly [status: number, text: string]>>,
): Readonly<Record<Name, HttpFault>> {
  const entries = Object.entries<readonly [number, string]>(table);
  return Object.fromEntries(
    entries.map(([name, [status, text]]) => [name, new HttpFault(name, status, text)]),
  ) as Record<Name, HttpFault>;
}

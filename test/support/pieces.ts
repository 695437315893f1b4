/** Longer ones are cut in this many pieces, not byte by byte. */
const PIECES_MAX = 400;

/** The ways in which bytes are delivered: whole, in two at three places, in many. */
export function piecesOf(bytes: Uint8Array): Readonly<Record<string, readonly Uint8Array[]>> {
  const { length } = bytes;
  const inTwo = (at: number): Uint8Array[] => [bytes.subarray(0, at), bytes.subarray(at)];
  const step = Math.ceil(length / PIECES_MAX);
  const lineEnd = Buffer.from(bytes).indexOf('\r\n') + 1;
  return {
    whole: [bytes],
    'in two, in its middle': inTwo(length >> 1),
    'in two, within its first line end': inTwo(Math.max(1, lineEnd)),
    'in two, before its last byte': inTwo(length - 1),
    'in many': Array.from({ length: Math.ceil(length / step) }, (_, at) =>
      bytes.subarray(at * step, (at + 1) * step),
    ),
  };
}

/** The same bytes, cut there. */
export function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const places = [...new Set(at.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, nth) => bytes.subarray(from, places[nth] ?? bytes.length));
}

/** What cuts a stream of bytes into messages. */
interface MessageReader<Message> {
  readsInto(): Uint8Array | undefined;
  read(bytes: Uint8Array, found: (message: Message) => void): boolean;
}

/**
 * A piece of a stream as a connection delivers it: where the reader wants it, or else lent, and spoilt after the call. False: the
 * reader says that this is no such stream.
 */
export function isReadLent<Message>(
  reader: MessageReader<Message>,
  piece: Uint8Array,
  found: (message: Message) => void,
): boolean {
  for (let from = 0; from < piece.length;) {
    const into = reader.readsInto();
    const lent = Buffer.from(piece.subarray(from, from + (into?.length ?? Infinity)));
    from += lent.length;
    into?.set(lent);
    if (!reader.read(into?.subarray(0, lent.length) ?? lent, found)) return false;
    lent.fill(0xdb);
  }
  return true;
}

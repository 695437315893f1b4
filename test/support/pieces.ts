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

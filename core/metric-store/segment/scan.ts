import { FRAME_BYTES, Frames } from '../../disk/frames.js';
import type { Disk } from '../../disk/port.js';
import { fail } from '../../errors.js';
import type { Chunk } from './chunks.js';
import { PIECE_BYTES, addChunk, emptyChunk, noteMs } from './chunks.js';
import type { Contents } from './contents.js';
import { RECORD_BYTES_MAX } from './format.js';

export interface Scanned {
  readonly chunks: Chunk[];
  /** Where what can be read ends. */
  readonly end: number;
}

/**
 * Takes a segment's file into its contents, from end to end. Undefined: there is no file.
 * @throws ERR_DISK_FAILED; ERR_DATA_CORRUPT – it is whole, but nothing that we wrote
 */
export async function scanSegment(
  disk: Disk,
  path: string,
  contents: Contents,
): Promise<Scanned | undefined> {
  const chunks: Chunk[] = [];
  let end = 0;
  let pieceBytes = PIECE_BYTES;
  for (;;) {
    const bytes = await disk.read(path, { from: end, to: end + pieceBytes });
    if (bytes === undefined) return undefined;
    const taken = take(new Frames(bytes, end), { at: end, contents, chunks });
    if (taken === undefined) return fail('ERR_DATA_CORRUPT', { path });
    end += taken;
    const isShort = bytes.byteLength < pieceBytes;
    if (taken === 0 && (isShort || pieceBytes > RECORD_BYTES_MAX)) return { chunks, end };
    // A record may be longer than a piece.
    pieceBytes = taken === 0 ? RECORD_BYTES_MAX + FRAME_BYTES : PIECE_BYTES;
  }
}

/**
 * Takes in the whole frames at the beginning of a piece; returns where they end. Undefined: one of them cannot
 * follow those before it. It is whole, so no power cut left it like this, and nothing behind it makes sense.
 */
function take(
  frames: Frames,
  {
    at,
    contents,
    chunks,
  }: { readonly at: number; readonly contents: Contents; readonly chunks: Chunk[] },
): number | undefined {
  let from = 0;
  for (;;) {
    const to = frames.endOf(from, RECORD_BYTES_MAX);
    if (to === undefined) return from;
    const chunk = emptyChunk(at + from, at + to);
    const isTaken = contents.take(frames, { from, to }, (_layout, ms) => {
      noteMs(chunk, ms);
    });
    if (!isTaken) return undefined;
    addChunk(chunks, chunk);
    from = to;
  }
}

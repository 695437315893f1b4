/* Where in a segment which times are: so that a reader of a few minutes reads pieces, not the day. */

/** A stretch of the file, and from when to when the rows in it are, in milliseconds of the day. */
export interface Chunk {
  from: number;
  to: number;
  minMs: number;
  maxMs: number;
}

/** So much is read at once; between two pieces other work goes on. */
export const PIECE_BYTES = 1 << 20;
const CHUNK_BYTES = 128 << 10;

/** Bytes without rows, so far. */
export function emptyChunk(from: number, to = from): Chunk {
  return { from, to, minMs: Infinity, maxMs: -Infinity };
}

export function noteMs(chunk: Chunk, ms: number): void {
  if (ms < chunk.minMs) chunk.minMs = ms;
  if (ms > chunk.maxMs) chunk.maxMs = ms;
}

/** Some row of it may be in [fromMs, toMs). */
export function meets({ minMs, maxMs }: Chunk, fromMs: number, toMs: number): boolean {
  return minMs < toMs && maxMs >= fromMs;
}

/** Chunks follow one another without a hole; short ones are joined. */
export function addChunk(chunks: Chunk[], next: Chunk): void {
  const last = chunks.at(-1);
  if (last === undefined || last.to - last.from >= CHUNK_BYTES) {
    chunks.push(next);
    return;
  }
  last.to = next.to;
  last.minMs = Math.min(last.minMs, next.minMs);
  last.maxMs = Math.max(last.maxMs, next.maxMs);
}

/** Neighbours as one piece, up to about the size of a piece. */
export function piecesOf(
  chunks: readonly Chunk[],
): { readonly from: number; readonly to: number }[] {
  const pieces: { from: number; to: number }[] = [];
  for (const { from, to } of chunks) {
    const last = pieces.at(-1);
    if (last?.to === from && to - last.from <= PIECE_BYTES) last.to = to;
    else pieces.push({ from, to });
  }
  return pieces;
}

/** Takes a body as it comes out of a reader. */
export interface BodySink {
  /** A part of it: a slice of the bytes that were read, not a copy. */
  body(bytes: Uint8Array): void;
}

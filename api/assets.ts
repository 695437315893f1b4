/** A file of the page, read at the start and served from memory. */
export interface Asset {
  readonly type: string;
  readonly content: string | Buffer;
  /** The same compressed, for those who take it so (`accept-encoding: gzip`). */
  readonly gzipped?: Buffer;
}

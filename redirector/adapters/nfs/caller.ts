/** Who made the call. */
export interface Caller {
  readonly host: string;
  reply(pieces: readonly Uint8Array[]): void;
  /** Nothing can be said that is true: it may ask again on another connection. */
  unanswered(): void;
}

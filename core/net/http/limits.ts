/** How much of everything the codec reads before it refuses, with the defaults. */
export interface HeadLimits {
  /** The whole head with its line ends; more is 431, never cut. */
  readonly headBytesMax: number;
  readonly headersMax: number;
  /** More is 414. At least 64 bytes less than `headBytesMax`. */
  readonly targetBytesMax: number;
  /** Bytes from 0x80 on in header values: refused unless servers are known to need them. */
  readonly allowsEightBit: boolean;
  /** A head up to this size is kept by each connection, to know it again; 0 for none. */
  readonly rememberedBytesMax: number;
}

export const HEAD_LIMITS: HeadLimits = {
  headBytesMax: 32 << 10,
  headersMax: 100,
  targetBytesMax: 8 << 10,
  allowsEightBit: false,
  rememberedBytesMax: 2 << 10,
};

export interface BodyLimits {
  /** More is 413: known from the head where there is a length, else as soon as it is crossed. */
  readonly bodyBytesMax: number;
  /** `ignore` – checked, counted and not passed on. */
  readonly chunkExtensions: 'refuse' | 'ignore';
  /** Of one body, together. */
  readonly chunkExtensionBytesMax: number;
  readonly trailerBytesMax: number;
  readonly trailersMax: number;
}

export const BODY_LIMITS: BodyLimits = {
  bodyBytesMax: Infinity,
  chunkExtensions: 'ignore',
  chunkExtensionBytesMax: 4 << 10,
  trailerBytesMax: 8 << 10,
  trailersMax: 32,
};

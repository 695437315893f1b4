import type { FrontLimits } from '../fronts.js';

/** Every limit of the NFS adapter, with its default. */
export interface NfsOptions extends FrontLimits {
  /** Not answered yet; a client that has more is not read. */
  readonly callsPerConnectionMax: number;
  /** The same in bytes of what it wants to write. */
  readonly callBytesPerConnectionMax: number;
  /** Of all clients. */
  readonly callBytesMax: number;
  /** A client whose last call was answered so long ago is let go. */
  readonly idleTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** Without a byte from a server that owes a reply. */
  readonly answerTimeoutMs: number;
  /** For a call whose server does not answer: then the client is told to try again. */
  readonly retryForMs: number;
  readonly retryPauseMs: number;
  /** A call older than this is an obstacle to a move. */
  readonly obstacleAgeMs: number;
  /** What a client may read or write at once; servers that can do less are no target of a move. */
  readonly transferBytesMax: number;
  /** Files that clients have handles of. */
  readonly handlesMax: number;
  /** Of one resource, written and not known to be on the disk: with more, clients write anew after a move. */
  readonly uncommittedMax: number;
  /** Calls that must not be done twice, and their answers, kept for clients that ask again. */
  readonly recentCallsMax: number;
  /** Mounts that are told of when somebody asks. */
  readonly mountsMax: number;
}

export const NFS_DEFAULTS: NfsOptions = {
  connectionsMax: 10_000,
  connectionsPerClientMax: 10_000,
  callsPerConnectionMax: 256,
  callBytesPerConnectionMax: 8 << 20,
  callBytesMax: 256 << 20,
  idleTimeoutMs: 3_600_000,
  connectTimeoutMs: 2000,
  answerTimeoutMs: 60_000,
  retryForMs: 10_000,
  retryPauseMs: 20,
  obstacleAgeMs: 5000,
  transferBytesMax: 1 << 20,
  handlesMax: 150_000,
  uncommittedMax: 10_000,
  recentCallsMax: 4096,
  mountsMax: 10_000,
};

import type { FrontLimits } from '../fronts.js';

/** Every limit of the iSCSI adapter, with its default. */
export interface IscsiOptions extends FrontLimits {
  /** The command window of a session: commands that have no status yet. */
  readonly commandsMax: number;
  /** What a client may send in the data of one PDU. */
  readonly dataSegmentBytesMax: number;
  /** Data that a session has written and that are kept until their status; with more, they cannot be sent again. */
  readonly keptBytesPerSessionMax: number;
  /** The same of all sessions. */
  readonly keptBytesMax: number;
  /** Data of commands for composites, that are under way: with more, commands wait for their turn. */
  readonly compositeBytesPerSessionMax: number;
  /** The same of all sessions. */
  readonly compositeBytesMax: number;
  /** From the connection to the end of the login. */
  readonly loginTimeoutMs: number;
  /** A client that says nothing for so long is asked whether it is there, and let go after as long again. */
  readonly idleTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** A server that owes an answer and says nothing for so long is asked whether it is there, and given up after as long again. */
  readonly answerTimeoutMs: number;
  /** For a command whose server does not answer: then the client is told that the target is busy. */
  readonly retryForMs: number;
  readonly retryPauseMs: number;
  /** A command older than this is an obstacle to a move. */
  readonly obstacleAgeMs: number;
  /** Wrong answers of one client's IP to a challenge of CHAP, before it has to wait. */
  readonly chapFailuresMax: number;
  readonly chapPauseMs: number;
}

export const ISCSI_DEFAULTS: IscsiOptions = {
  connectionsMax: 10_000,
  connectionsPerClientMax: 10_000,
  commandsMax: 128,
  dataSegmentBytesMax: 64 << 10,
  keptBytesPerSessionMax: 32 << 20,
  keptBytesMax: 256 << 20,
  compositeBytesPerSessionMax: 32 << 20,
  compositeBytesMax: 256 << 20,
  loginTimeoutMs: 10_000,
  idleTimeoutMs: 600_000,
  connectTimeoutMs: 2000,
  answerTimeoutMs: 15_000,
  retryForMs: 20_000,
  retryPauseMs: 50,
  obstacleAgeMs: 5000,
  chapFailuresMax: 5,
  chapPauseMs: 30_000,
};

/** What both legs of every session keep to, so that what one side sends is never more than the other may be sent. */
export const MAX_BURST_BYTES = 256 << 10;
export const FIRST_BURST_BYTES = 64 << 10;
/** Of one LUN's or resource's immediate commands, which are outside the window: so many at once. */
export const IMMEDIATE_MAX = 16;
/** What one command for a composite reads or writes. */
export const COMPOSITE_REQUEST_BYTES_MAX = 4 << 20;

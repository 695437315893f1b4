import type { FrontLimits } from '../fronts.js';

/** Every limit of the TCP adapter, with its default. */
export interface TcpOptions extends FrontLimits {
  /** Connections to one server. */
  readonly serverConnectionsMax: number;
  readonly connectTimeoutMs: number;
  /** For a connection whose server does not answer, from the client's on: then the client is reset. */
  readonly retryForMs: number;
  /** Before the next try, where another server may serve the resource as well. */
  readonly retryPauseMs: number;
  /** Without a byte in either direction. */
  readonly idleTimeoutMs: number;
  /** The same once one side has finished. */
  readonly halfClosedTimeoutMs: number;
  /** Of a whole connection, however busy; Infinity: none. */
  readonly lifeMs: number;
  /** For a client's TLS hello, where it names the resource. */
  readonly helloTimeoutMs: number;
  /** A connection older than this is an obstacle to a move. */
  readonly obstacleAgeMs: number;
}

export const TCP_DEFAULTS: TcpOptions = {
  connectionsMax: 10_000,
  connectionsPerClientMax: 10_000,
  serverConnectionsMax: 1000,
  connectTimeoutMs: 2000,
  retryForMs: 10_000,
  retryPauseMs: 20,
  idleTimeoutMs: 3_600_000,
  halfClosedTimeoutMs: 60_000,
  lifeMs: Infinity,
  helloTimeoutMs: 5000,
  obstacleAgeMs: 5000,
};

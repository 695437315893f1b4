import { isIP } from 'node:net';
import type { RedisOptions as AllClientOptions } from 'ioredis';
import type { Address } from '../domain.js';
import { formatAddress } from '../domain.js';

/** Where a Redis is and how to enter it. */
export interface RedisOptions {
  /** One server, or those who know which server is the master of this name now. */
  readonly at: Address | { readonly sentinels: readonly Address[]; readonly master: string };
  readonly database?: number;
  readonly username?: string;
  readonly password?: string;
  readonly sentinelPassword?: string;
  /** Encrypted, and the other side must prove who it is; so must the Sentinels. */
  readonly tls?: TlsOptions;
  /** A call without an answer after this long is ambiguous; after twice as long its connection is given up. */
  readonly commandTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
  /** Calls under way; more are refused. */
  readonly callsMax?: number;
}

export interface TlsOptions {
  /** PEM; default those of the system. */
  readonly ca?: string;
  /** Of the one server, where it is not called by that name; default: its host. */
  readonly serverName?: string;
}

export const REDIS_DEFAULTS = {
  commandTimeoutMs: 2000,
  connectTimeoutMs: 2000,
  callsMax: 1000,
} as const;

/** Between two tries to connect: doubled from the first to the last. */
const RECONNECT_MIN_MS = 20;
const RECONNECT_MAX_MS = 1000;
/** For the last words of a connection that is closed. */
const DISCONNECT_MS = 200;
const PATIENT_TIMEOUT_MS = 15_000;

export type ClientOptions = Omit<AllClientOptions, 'replyMapping'>;

/** For messages: never with what stands in a login. */
export function nameOf({ at }: RedisOptions): string {
  return 'master' in at ? `Redis master ${at.master}` : `Redis ${formatAddress(at)}`;
}

/**
 * The client's options where a call is sent once or not at all: nothing waits for a connection, nothing is sent
 * again on the next one, and nothing waits without end for an answer. With `maxRetriesPerRequest: 0` what was under
 * way fails as soon as its connection is lost, instead of never.
 */
export function clientOptions(options: RedisOptions): ClientOptions {
  const { database, username, password, sentinelPassword } = options;
  const { commandTimeoutMs, connectTimeoutMs } = { ...REDIS_DEFAULTS, ...options };
  return {
    ...whereOf(options),
    ...(database !== undefined && { db: database }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(sentinelPassword !== undefined && { sentinelPassword }),
    ...tlsOf(options),
    commandTimeout: commandTimeoutMs,
    socketTimeout: 2 * commandTimeoutMs,
    connectTimeout: connectTimeoutMs,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    disconnectTimeout: DISCONNECT_MS,
    maxLoadingRetryTime: RECONNECT_MAX_MS,
    retryStrategy: (times: number) =>
      Math.min(RECONNECT_MIN_MS * 2 ** (times - 1), RECONNECT_MAX_MS),
    // A master that was made a replica: the next connection finds the new one. Not sent again: 2 would.
    reconnectOnError: ({ message }) => (message.startsWith('READONLY') ? 1 : false),
    protocol: 2,
    disableClientInfo: true,
    lazyConnect: true,
  };
}

/**
 * Of a connection on which a library waits for jobs, up to 10 s at a time, and expects every call to wait for the
 * connection. Still nothing is sent twice: what was under way when a connection was lost fails late, as ambiguous.
 */
export function patientOptions(options: RedisOptions): ClientOptions {
  return {
    ...clientOptions({ ...options, commandTimeoutMs: PATIENT_TIMEOUT_MS }),
    enableOfflineQueue: true,
    maxRetriesPerRequest: null,
    // Its copies are the library's, and would end for good (see `lasting`): a master that is none any more says READONLY.
    ...('master' in options.at && { failoverDetector: false }),
  };
}

function whereOf({ at, ...options }: RedisOptions): ClientOptions {
  if (!('master' in at)) return { host: at.host, port: at.port };
  const { commandTimeoutMs, connectTimeoutMs } = { ...REDIS_DEFAULTS, ...options };
  return {
    sentinels: at.sentinels.map(({ host, port }) => ({ host, port })),
    name: at.master,
    role: 'master',
    failoverDetector: true,
    sentinelCommandTimeout: commandTimeoutMs,
    sentinelReconnectStrategy: () => RECONNECT_MAX_MS,
    sentinelRetryStrategy: (times) => Math.min(RECONNECT_MIN_MS * 2 ** times, RECONNECT_MAX_MS),
    connectTimeout: connectTimeoutMs,
  };
}

/**
 * Where it is encrypted. A name that is asked for (SNI) is that of one server: the Sentinels, and whom they call the
 * master, prove themselves by the hosts at which they are.
 */
function tlsOf({ at, tls }: RedisOptions): ClientOptions {
  if (tls === undefined) return {};
  const { ca, serverName } = tls;
  const trust = { ...(ca !== undefined && { ca }) };
  // The first is of the way to the master only.
  if ('master' in at) return { tls: trust, enableTLSForSentinelMode: true, sentinelTLS: trust };
  const name = serverName ?? at.host;
  return { tls: { ...trust, ...(isIP(name) === 0 && { servername: name }) } };
}

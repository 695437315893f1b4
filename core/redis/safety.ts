import type { ErrorCode } from '../errors.js';
import { codeOf, fail } from '../errors.js';
import type { RedisParts } from './connection.js';
import { RedisConnection } from './connection.js';
import type { RedisOptions } from './options.js';

const STORE = 'Redis';

/** What a Redis must not be, and what to do about it. */
interface Objection {
  readonly code: Extract<ErrorCode, 'ERR_REDIS_UNSAFE' | 'ERR_REDIS_OPEN'>;
  readonly why: string;
  readonly fix: string;
}

/**
 * Refuses a Redis that would lose what it is given, or that lets anybody in.
 * @throws ERR_REDIS_UNSAFE, ERR_REDIS_OPEN, ERR_REDIS_CLUSTER, and what opening a connection throws
 */
export async function checkSafety(
  parts: RedisParts,
  options: RedisOptions,
  { allowUnsafe }: { readonly allowUnsafe: boolean },
): Promise<void> {
  const connection = await RedisConnection.open(parts, STORE, options);
  const { redis } = connection;
  try {
    const info = fieldsOf(await connection.read('INFO'));
    if (info.get('cluster_enabled') === '1') {
      fail('ERR_REDIS_CLUSTER', { redis, why: 'cluster_enabled is 1' });
    }
    const config = await configOf(connection);
    const at = connection.remoteAddress;
    const isOpen =
      !isLoopback(at.host) && (await letsAnybodyIn(parts, { at, ...tlsOf(options, connection) }));
    for (const { code, why, fix } of [
      ...lossesOf(info, config),
      ...(isOpen ? [open(`it asks no password at ${at.host}`)] : []),
      ...(isLoopback(at.host) && options.password === undefined ? exposuresOf(config) : []),
    ]) {
      if (!allowUnsafe) fail(code, { redis, why, fix });
      parts.log.warn({ redis, why }, 'unsafe redis allowed by config');
    }
  } finally {
    await connection.close();
  }
}

function lossesOf(
  info: ReadonlyMap<string, string>,
  config: ReadonlyMap<string, string>,
): Objection[] {
  const version = info.get('redis_version') ?? 'unknown';
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  return [
    ...(Number.parseInt(version, 10) >= 7
      ? []
      : [unsafe(`its version is ${version}`, 'Run Redis 7 or later, or a Valkey')]),
    ...(policy === 'noeviction'
      ? []
      : [
          unsafe(
            `when it is full it throws keys away (maxmemory-policy ${policy})`,
            'Set `maxmemory-policy noeviction`',
          ),
        ]),
    ...(info.get('aof_enabled') === '1'
      ? []
      : [unsafe('it keeps no append-only file', 'Set `appendonly yes`')]),
    ...(config.get('appendfsync') === 'no'
      ? [
          unsafe(
            'it never syncs its append-only file',
            'Set `appendfsync always`, or `everysec` where a power cut may cost the last second',
          ),
        ]
      : []),
  ];
}

/** Of a Redis of this machine without a password: whether others reach it too. */
function exposuresOf(config: ReadonlyMap<string, string>): Objection[] {
  const bound = (config.get('bind') ?? '').split(' ').map((host) => host.replace(/^-/, ''));
  const isExposed =
    config.get('protected-mode') === 'no' && bound.some((host) => host !== '' && !isLoopback(host));
  return isExposed ? [open(`it listens at ${bound.join(' ')} and asks no password`)] : [];
}

/** @param anonymous options without a login */
async function letsAnybodyIn(parts: RedisParts, anonymous: RedisOptions): Promise<boolean> {
  try {
    const connection = await RedisConnection.open(parts, STORE, anonymous);
    await connection.close();
    return true;
  } catch (error) {
    if (codeOf(error) === 'ERR_REDIS_LOGIN') return false;
    throw error;
  }
}

/** At that address it is to prove itself by the name by which it was found. */
function tlsOf({ tls }: RedisOptions, { provenName }: RedisConnection): Pick<RedisOptions, 'tls'> {
  if (tls === undefined) return {};
  return { tls: { ...tls, ...(provenName !== undefined && { serverName: provenName }) } };
}

/** What it may be asked for; nothing where this user must not ask. */
async function configOf(connection: RedisConnection): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const name of ['appendfsync', 'bind', 'protected-mode']) {
    try {
      const answer = await connection.read('CONFIG', 'GET', name);
      if (Array.isArray(answer) && typeof answer[1] === 'string') found.set(name, answer[1]);
    } catch (error) {
      const cause = error instanceof Error ? codeOf(error.cause) : undefined;
      // Forbidden, or renamed.
      if (cause !== 'ERR_REDIS_FORBIDDEN' && cause !== 'ERR_REDIS_REFUSED') throw error;
    }
  }
  return found;
}

function fieldsOf(info: unknown): ReadonlyMap<string, string> {
  const lines = String(info).split('\r\n');
  return new Map(
    lines.map((line) => [line.split(':', 1)[0] ?? '', line.slice(line.indexOf(':') + 1)]),
  );
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^(::ffff:)?127\./.test(host);
}

function unsafe(why: string, fix: string): Objection {
  return { code: 'ERR_REDIS_UNSAFE', why, fix };
}

function open(why: string): Objection {
  return {
    code: 'ERR_REDIS_OPEN',
    why,
    fix: 'Set `requirepass` or an ACL user, or bind it to loopback',
  };
}

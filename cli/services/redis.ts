import { join } from 'node:path';
import type { RedisOptions } from '../../core/redis/options.js';
import type { FoundConfig } from '../context.js';
import { readText } from '../read-text.js';

const PORT = 6379;

/** The Redis that the config names. @throws ERR_FILE_UNREADABLE */
export async function redisOf({
  config,
  redisPassword,
  redisSentinelPassword,
  folder,
}: FoundConfig): Promise<RedisOptions> {
  const { url, sentinels, username, caFile, commandTimeoutMs, connectTimeoutMs } = config.redis;
  const { protocol, hostname, port, pathname } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    at: sentinels
      ? { sentinels: sentinels.addresses, master: sentinels.master }
      : { host, port: port === '' ? PORT : Number(port) },
    database: Number(pathname.slice(1)),
    ...(username !== undefined && { username }),
    ...(redisPassword !== undefined && { password: redisPassword }),
    ...(redisSentinelPassword !== undefined && { sentinelPassword: redisSentinelPassword }),
    ...(protocol === 'rediss:' && {
      tls: caFile ? { ca: await readText(join(folder, caFile)) } : {},
    }),
    commandTimeoutMs,
    connectTimeoutMs,
  };
}

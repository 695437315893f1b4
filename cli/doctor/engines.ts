import type { Clock } from '../../core/clock/port.js';
import { isLoopback } from '../../core/config/load.js';
import { codeOf } from '../../core/errors.js';
import type { Log } from '../../core/log.js';
import type { Net } from '../../core/net/port.js';
import { checkSafety } from '../../core/redis/safety.js';
import type { Rng } from '../../core/rng.js';
import type { FoundConfig } from '../context.js';
import { redisOf } from '../services/redis.js';
import type { Finding } from './finding.js';
import { failed, failedWith, ok, warn } from './finding.js';

const TIMEOUT_MS = 2000;
const ANSWER_BYTES_MAX = 64 << 10;

export interface EngineFindingParts {
  readonly net: Net;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
}

/** The stores that the config names, by what the product asks of them at its start; nothing is written. */
export async function engineFindings(
  found: FoundConfig,
  parts: EngineFindingParts,
): Promise<Finding[]> {
  const { config } = found;
  const inRedis = (['tableStore', 'sessionStore', 'bus'] as const).filter(
    (name) => config[name].engine === 'redis',
  );
  return [
    ...(inRedis.length > 0
      ? [await redisFinding(found, parts), ...secretFindings(found), ...togetherFindings(inRedis)]
      : [ok('engines', 'embedded, in the data directory: one process has all parts')]),
    ...(config.metricStore.engine === 'influx'
      ? [await influxFinding(found, parts.net), ...clearPasswordFindings(found)]
      : []),
  ];
}

async function redisFinding(found: FoundConfig, parts: EngineFindingParts): Promise<Finding> {
  const { url, sentinels } = found.config.redis;
  const at = sentinels ? `the master of ${sentinels.master}` : new URL(url).host;
  try {
    await checkSafety(parts, await redisOf(found), { allowUnsafe: false });
    return ok('redis', `${at} keeps what it is given, and lets nobody in without a password`);
  } catch (error) {
    const finding = failedWith('redis', error);
    const isAllowed = codeOf(error) === 'ERR_REDIS_UNSAFE' && found.config.redis.allowUnsafe;
    return isAllowed ? { ...finding, level: 'warn' } : finding;
  }
}

/** Processes prove to each other by it that they belong together: parts do not start without, one with all parts makes its own. */
function secretFindings({ secret }: FoundConfig): Finding[] {
  if (secret !== undefined) return [ok('secret', 'FORESHIFT_SECRET is set')];
  const fix = 'Set the same FORESHIFT_SECRET for every process of the cluster, at least 16 bytes';
  return [
    warn('secret', 'FORESHIFT_SECRET is not set: no other process can share this Redis', fix),
  ];
}

function togetherFindings(inRedis: readonly string[]): Finding[] {
  if (inRedis.length === 3) return [];
  const says = `only ${inRedis.join(' and ')} in Redis: processes do not share the rest`;
  return [warn('engines', says, 'Set tableStore, sessionStore and bus to redis, or none of them')];
}

function clearPasswordFindings({ config }: FoundConfig): Finding[] {
  const { url, username } = config.metricStore.influx;
  const { protocol, hostname } = new URL(url);
  const isHere = isLoopback(hostname.replaceAll(/[[\]]/g, ''));
  if (username === undefined || protocol === 'https:' || isHere) return [];
  const says = `the password of ${username} goes to ${url} in the clear`;
  return [warn('influxdb password', says, 'Let metricStore.influx.url begin with https://')];
}

async function influxFinding({ config }: FoundConfig, net: Net): Promise<Finding> {
  const { url } = config.metricStore.influx;
  try {
    const { status, headers } = await net.call({
      ...{ method: 'GET', url: `${url.replace(/\/$/, '')}/ping` },
      ...{ timeoutMs: TIMEOUT_MS, answerBytesMax: ANSWER_BYTES_MAX },
    });
    const version = headers.get('x-influxdb-version');
    if (status === 204 && version !== undefined) return ok('influxdb', `${version} at ${url}`);
    const fix = 'Let metricStore.influx.url name an InfluxDB 1.x';
    return failed('influxdb', `${url} answers a ping with ${status}, as none does`, fix);
  } catch (error) {
    return failedWith('influxdb', error);
  }
}

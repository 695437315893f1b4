import { describe, expect, it } from '@jest/globals';
import { redisOf } from '../../../cli/services/redis.js';
import { loadConfig } from '../../../core/config/load.js';

function redis(text: string, environment: Record<string, string> = {}) {
  const loaded = loadConfig({ file: 'foreshift.yaml', text, environment });
  return redisOf({ ...loaded, file: undefined, folder: '/nowhere' });
}

describe('the Redis of a config', () => {
  it('is that of this machine by default', async () => {
    expect(await redis('')).toEqual({
      at: { host: '127.0.0.1', port: 6379 },
      database: 0,
      commandTimeoutMs: 2000,
      connectTimeoutMs: 2000,
    });
  });

  it.each([
    ['redis://cache', { host: 'cache', port: 6379 }, 0],
    ['redis://10.0.0.5:7000/3', { host: '10.0.0.5', port: 7000 }, 3],
    ['redis://[::1]:7000', { host: '::1', port: 7000 }, 0],
  ])('is at %s', async (url, at, database) => {
    expect(await redis(`redis: { url: "${url}" }`)).toMatchObject({ at, database });
  });

  it('is encrypted where the url says so', async () => {
    expect(await redis('redis: { url: "rediss://cache" }')).toMatchObject({ tls: {} });
    expect(await redis('redis: { url: "redis://cache" }')).not.toHaveProperty('tls');
  });

  it('is known to sentinels, and entered with the passwords of the environment', async () => {
    const text = 'redis: { username: fs, sentinels: { master: m, addresses: ["a:1", "b:2"] } }';
    const environment = { FORESHIFT_REDIS_PASSWORD: 'x', FORESHIFT_REDIS_SENTINEL_PASSWORD: 'y' };
    expect(await redis(text, environment)).toMatchObject({
      at: {
        master: 'm',
        sentinels: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
        ],
      },
      username: 'fs',
      password: 'x',
      sentinelPassword: 'y',
    });
  });

  it('with a certificate that cannot be read is refused', async () => {
    const text = 'redis: { url: "rediss://cache", caFile: ca.pem }';
    await expect(redis(text)).rejects.toMatchObject({
      code: 'ERR_FILE_UNREADABLE',
      facts: { file: '/nowhere/ca.pem' },
    });
  });

  it.each([
    'redis://ann:secret@cache',
    'http://cache',
    'redis://cache/x',
    'redis://cache:99999999',
    '',
  ])('is not %j', (url) => {
    expect(() => redis(`redis: { url: "${url}" }`)).toThrow('redis.url');
  });
});

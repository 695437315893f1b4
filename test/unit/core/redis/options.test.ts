import { describe, expect, it } from '@jest/globals';
import { clientOptions, nameOf } from '../../../../core/redis/options.js';

const AT = { host: '10.0.0.5', port: 6379 };
const SENTINELS = { sentinels: [AT, { host: '10.0.0.6', port: 26_379 }], master: 'main' };

describe('the options of the client', () => {
  it.each([
    ['of one server', { at: AT }],
    ['of sentinels', { at: SENTINELS }],
  ])('%s let no call wait for a connection, be sent twice, or wait without end', (_, options) => {
    expect(clientOptions(options)).toMatchObject({
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      commandTimeout: 2000,
      connectTimeout: 2000,
    });
  });

  it('connect again at once to find the master, and do not send again what a replica refused', () => {
    const { reconnectOnError } = clientOptions({ at: AT });
    expect(reconnectOnError?.(new Error("READONLY You can't write"))).toBe(1);
    expect(reconnectOnError?.(new Error('OOM'))).toBe(false);
  });

  it('try again sooner at first, and never give up', () => {
    const { retryStrategy } = clientOptions({ at: AT });
    const pauses = [1, 2, 3, 10, 1_000_000].map((times) => retryStrategy?.(times));
    expect(pauses).toEqual([20, 40, 80, 1000, 1000]);
  });

  it('ask the sentinels for the master', () => {
    expect(clientOptions({ at: SENTINELS, sentinelPassword: 'x' })).toMatchObject({
      sentinels: SENTINELS.sentinels,
      name: 'main',
      role: 'master',
      sentinelPassword: 'x',
    });
  });

  it('encrypt the way to the sentinels too', () => {
    expect(clientOptions({ at: SENTINELS, tls: { ca: 'PEM' } })).toMatchObject({
      tls: { ca: 'PEM' },
      enableTLSForSentinelMode: true,
    });
  });
});

it('the name of a Redis in messages shows no login', () => {
  const login = { username: 'ann', password: 'secret' };
  expect(nameOf({ at: AT, ...login })).toBe('Redis 10.0.0.5:6379');
  expect(nameOf({ at: SENTINELS, ...login })).toBe('Redis master main');
});

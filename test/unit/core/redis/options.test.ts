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

  it('encrypt the way to the sentinels too, of whom each proves itself by its own host', () => {
    const { tls, sentinelTLS, enableTLSForSentinelMode } = clientOptions({
      at: SENTINELS,
      tls: { ca: 'PEM' },
    });
    expect({ tls, sentinelTLS }).toEqual({ tls: { ca: 'PEM' }, sentinelTLS: { ca: 'PEM' } });
    // The way to the master.
    expect(enableTLSForSentinelMode).toBe(true);
  });

  it('speak in the clear unless they are told otherwise', () => {
    for (const at of [AT, SENTINELS]) {
      const { tls, sentinelTLS } = clientOptions({ at });
      expect({ tls, sentinelTLS }).toEqual({ tls: undefined, sentinelTLS: undefined });
    }
  });

  it.each([
    ['the name of the host', 'redis.example', {}, { servername: 'redis.example' }],
    ['no name of an address', '10.0.0.5', {}, {}],
    ['no name of an address of IPv6', 'fd00::5', {}, {}],
    ['the name that is given', '10.0.0.5', { serverName: 'redis' }, { servername: 'redis' }],
    ['no name where an address is given', '10.0.0.5', { serverName: '10.0.0.5' }, {}],
  ])('ask for %s', (_, host, tls, expected) => {
    expect(clientOptions({ at: { host, port: 6379 }, tls }).tls).toEqual(expected);
  });
});

it('the name of a Redis in messages shows no login', () => {
  const login = { username: 'ann', password: 'secret' };
  expect(nameOf({ at: AT, ...login })).toBe('Redis 10.0.0.5:6379');
  expect(nameOf({ at: SENTINELS, ...login })).toBe('Redis master main');
});

import { z } from 'zod';
import { addressTextSchema, msSchema } from './units.js';

/* Where everything rests. */

const influxSchema = z.strictObject({
  url: z
    .string()
    .regex(
      /^https?:\/\/(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?(?:\/[A-Za-z0-9._/-]*)?$/,
      {
        error: 'http://host:port or, encrypted, https://host:port',
      },
    )
    .default('http://127.0.0.1:8086')
    .describe(
      'Of an InfluxDB 1.x, within `limits.outboundNetworks`; with https its certificate must be signed by whom Node or NODE_EXTRA_CA_CERTS trusts.',
    ),
  database: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'letters, digits, . _ -')
    .default('foreshift')
    .describe('Made, with its retention policies, if it is not there.'),
  username: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe(
      'An administrator of it; the password is FORESHIFT_INFLUX_PASSWORD in the environment.',
    ),
});

export const metricStoreSchema = z.strictObject({
  engine: z
    .enum(['embedded', 'influx'])
    .default('embedded')
    .describe('Where samples and forecasts rest: in the data directory, or in an InfluxDB.'),
  influx: influxSchema.prefault({}),
  rawRetentionMs: msSchema
    .default(2 * 86_400_000)
    .describe('Samples are kept as they came for so long, by whole days.'),
  rollupMs: msSchema
    .min(10_000)
    .refine((ms) => 86_400_000 % ms === 0, 'milliseconds that divide a day, such as 300000')
    .default(300_000)
    .describe('Step of the means that are kept after that.'),
  rollupRetentionMs: msSchema
    .default(400 * 86_400_000)
    .describe('Means and events are kept for so long.'),
  forecastRetentionMs: msSchema
    .default(30 * 86_400_000)
    .describe('What was forecast, and how it turned out, is kept for so long.'),
});

export const engineSchema = z
  .enum(['embedded', 'redis'])
  .default('embedded')
  .describe('embedded: in the data directory, for one process; redis: shared by many.');

export const redisSchema = z.strictObject({
  url: z
    .string()
    .regex(
      /^rediss?:\/\/(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?(?:\/[0-9]{1,3})?$/,
      'redis://host:port or, encrypted, rediss://host:port; the password is in the environment',
    )
    .default('redis://127.0.0.1:6379')
    .describe(
      'A Redis 7 or later with `appendonly yes` and `maxmemory-policy noeviction`; /N: its database N.',
    ),
  sentinels: z
    .strictObject({
      master: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'letters, digits, . _ -'),
      addresses: z.array(addressTextSchema).min(1).max(16),
    })
    .optional()
    .describe('Who knows where the master is; then the host of `url` does not count.'),
  username: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe(
      'The passwords are FORESHIFT_REDIS_PASSWORD and FORESHIFT_REDIS_SENTINEL_PASSWORD in the environment.',
    ),
  caFile: z
    .string()
    .min(1)
    .optional()
    .describe('PEM, relative to this file: who must have signed its certificate.'),
  commandTimeoutMs: msSchema.default(2000).describe('A call without an answer for so long failed.'),
  connectTimeoutMs: msSchema.default(2000),
  allowUnsafe: z
    .boolean()
    .default(false)
    .describe('Accept a Redis that may lose what it is given, or that lets anybody in.'),
});

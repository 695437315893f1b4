import { InfluxDB } from 'influx';
import { z } from 'zod';
import type { Clock } from '../../clock/port.js';
import { messageOf } from '../../text.js';
import type { Access } from './access.js';
import { hostOf } from './access.js';
import { storeFault } from './faults.js';
import type { Policy, PolicyName } from './schema.js';

/** A part of one retention policy: what lies between two times. */
export interface Shard {
  readonly id: number;
  readonly policy: string;
  readonly startMs: number;
  readonly endMs: number;
}

const policySchema = z.object({
  name: z.string(),
  duration: z.string(),
  shardGroupDuration: z.string(),
});
const timeSchema = z.iso.datetime().transform((text) => Date.parse(text));
const shardSchema = z.object({
  id: z.number(),
  retention_policy: z.string(),
  start_time: timeSchema,
  end_time: timeSchema,
});

/**
 * What an administrator does, by the client of InfluxDB: the database, its retention policies, shards. Each time a new client,
 * since one that met a failure calls nobody for seconds; and within our own bound of time, since it waits for ever for an
 * answer that breaks off.
 */
export class Administration {
  readonly #clock: Clock;
  readonly #access: Access;
  readonly #timeoutMs: number;

  constructor(clock: Clock, access: Access, { timeoutMs }: { readonly timeoutMs: number }) {
    this.#clock = clock;
    this.#access = access;
    this.#timeoutMs = timeoutMs;
  }

  /** What is there as it should be stays as it is. @throws ERR_STORE_UNAVAILABLE */
  prepare(policies: readonly Policy[]): Promise<void> {
    return this.#within(async (client, database) => {
      await client.createDatabase(database);
      const rows: unknown = await client.showRetentionPolicies(database);
      const known = new Map(
        z
          .array(policySchema)
          .parse(rows)
          .map((row) => [row.name, row]),
      );
      for (const policy of policies) {
        const is = known.get(policy.name);
        const isRight =
          is !== undefined &&
          durationMs(is.duration) === policy.keptMs &&
          durationMs(is.shardGroupDuration) === policy.shardMs;
        if (!isRight)
          await client.query(statementOf(policy, { database, isNew: is === undefined }));
      }
    });
  }

  /** @throws ERR_STORE_UNAVAILABLE */
  shards(policy: PolicyName): Promise<Shard[]> {
    return this.#within(async (client, database) => {
      const rows: unknown = await client.showShards(database);
      return z
        .array(shardSchema)
        .parse(rows)
        .map((row) => ({
          id: row.id,
          policy: row.retention_policy,
          startMs: row.start_time,
          endMs: row.end_time,
        }))
        .filter((shard) => shard.policy === policy);
    });
  }

  /** @throws ERR_STORE_UNAVAILABLE */
  dropShard({ id }: Shard): Promise<void> {
    return this.#within((client) => client.dropShard(id));
  }

  async #within<Result>(
    work: (client: InfluxDB, database: string) => Promise<Result>,
  ): Promise<Result> {
    const { database, username, password } = this.#access;
    const client = new InfluxDB({
      ...hostOf(this.#access),
      database,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      pool: { requestTimeout: this.#timeoutMs },
    });
    try {
      return await this.#before(this.#timeoutMs, work(client, database));
    } catch (error) {
      throw storeFault('ERR_STORE_UNAVAILABLE', this.#access.name, messageOf(error));
    }
  }

  #before<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(timeoutMs, () => {
        reject(new Error(`no answer in ${timeoutMs} ms`));
      });
      work.finally(cancel).then(resolve, reject);
    });
  }
}

function statementOf(
  { name, keptMs, shardMs }: Policy,
  { database, isNew }: { readonly database: string; readonly isNew: boolean },
): string {
  const kept = keptMs === 0 ? 'INF' : `${keptMs / 1000}s`;
  return [
    `${isNew ? 'CREATE' : 'ALTER'} RETENTION POLICY "${name}" ON "${database}"`,
    `DURATION ${kept} REPLICATION 1 SHARD DURATION ${shardMs / 1000}s`,
    ...(name === 'raw' ? ['DEFAULT'] : []),
  ].join(' ');
}

/** `168h0m0s`, as Go writes it; NaN: not so. */
function durationMs(text: string): number {
  const [, hours = 0, minutes = 0, seconds = NaN] =
    /^(?:([0-9]+)h)?(?:([0-9]+)m)?([0-9.]+)s$/.exec(text) ?? [];
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}

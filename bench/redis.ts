import { parseArgs } from 'node:util';
import { SystemClock } from '../core/clock/system.js';
import { SILENT_LOG } from '../core/log.js';
import { RedisSessionStore } from '../core/session-store/redis.js';
import type { Revision, TableStore } from '../core/table-store/port.js';
import { RedisTableStore } from '../core/table-store/redis.js';
import { RedisServer } from '../test/support/redis-server.js';

/*
 * The stores on a real Redis of this machine: how long a commit takes, and until another process has read it; how
 * long everything takes to read; how many session records a second. `npm run bench -- redis [--fsync everysec]`
 */

const { values: options } = parseArgs({
  options: {
    fsync: { type: 'string', default: 'always' },
    records: { type: 'string', default: '100000' },
  },
});
const RECORDS = Number(options.records);
const GROUP = 1000;

const clock = new SystemClock();
const parts = { clock, log: SILENT_LOG };
const server = await RedisServer.start({ appendfsync: options.fsync });
const settings = { redis: { at: server.at }, prefix: '{bench}' };

function placement(number: number) {
  const value = {
    server: `s${number % 60}`,
    since: `1.${number}`,
    standby: 's2',
    movedAtMs: number,
  };
  return { key: `placement/v${number}`, value };
}

function report(what: string, sortedMs: readonly number[]): void {
  const at = (share: number) => (sortedMs[Math.floor(sortedMs.length * share)] ?? NaN).toFixed(2);
  process.stdout.write(`${what}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms (${sortedMs.length})\n`);
}

async function timed(count: number, work: (number: number) => Promise<unknown>): Promise<number[]> {
  const took: number[] = [];
  for (let number = 0; number < count; number++) {
    const startMs = clock.monotonicMs();
    await work(number);
    took.push(clock.monotonicMs() - startMs);
  }
  return took.sort((a, b) => a - b);
}

/** Resolves when the store shows what is newer. */
function newsOf(store: TableStore, than: Revision): Promise<void> {
  return new Promise((resolve) => {
    const unwatch = store.watch(() => {
      void store.read(than).then(({ revision }) => {
        if (revision <= than) return;
        unwatch();
        resolve();
      });
    });
  });
}

const writer = await RedisTableStore.open(parts, settings);
const reader = await RedisTableStore.open(parts, settings);
const write = (from: number, count: number) =>
  writer.transact({
    checks: [],
    writes: Array.from({ length: count }, (_, at) => placement(from + at)),
  });

report('commit of 1 record', await timed(2000, (number) => write(number, 1)));
let { revision } = await reader.read(0);
report(
  'commit of 100 records until another connection has read it',
  await timed(500, async () => {
    const news = newsOf(reader, revision);
    const result = await write(0, 100);
    await news;
    if (result.committed) ({ revision } = result);
  }),
);
for (let from = 0; from < RECORDS; from += GROUP) await write(from, GROUP);
report(`read of all ${RECORDS} records`, await timed(10, () => reader.read(0)));
({ revision } = await reader.read(0));
report('read of nothing new', await timed(1000, () => reader.read(revision)));

const sessions = await RedisSessionStore.open(parts, settings);
const ROUNDS = 20;
const took = await timed(ROUNDS, (round) =>
  Promise.all(
    Array.from({ length: GROUP }, (_, at) =>
      sessions.put('session', `${round}-${at}`, { client: '10.0.0.1', opened: ['vol-1', 'vol-2'] }),
    ),
  ),
);
const seconds = took.reduce((sum, ms) => sum + ms, 0) / 1000;
process.stdout.write(`session records: ${Math.round((ROUNDS * GROUP) / seconds)} a second\n`);

await Promise.all([writer.close(), reader.close(), sessions.close()]);
await server.dispose();

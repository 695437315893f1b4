import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { EmbeddedBus } from '../../core/bus/embedded.js';
import { SystemClock } from '../../core/clock/system.js';
import { SILENT_LOG } from '../../core/log.js';
import { EmbeddedMetricStore } from '../../core/metric-store/embedded.js';
import { EmbeddedSessionStore } from '../../core/session-store/embedded.js';
import { EmbeddedTableStore } from '../../core/table-store/embedded.js';
import { KILL_METRICS, KILL_SERIES } from '../support/kill-metrics.js';
import { readRow } from '../support/series.js';
import { temporaryDisk } from '../support/temporary.js';

const WRITER = fileURLToPath(new URL('../support/kill-writer.js', import.meta.url));
/** A busy machine's disk may take so much longer than it should. */
const SLACK_MS = 2000;
/** What was acknowledged so long ago is there. */
const OLD_MS = KILL_METRICS.durableWithinMs + SLACK_MS;

interface Acknowledged {
  readonly atMs: number;
  readonly number?: number;
  readonly revision?: number;
  readonly sample?: number;
  readonly session?: number;
  readonly job?: number;
}

/** Kills the writer once it has said enough, and returns all that it said. */
async function killedOnce(
  isEnough: (said: readonly Acknowledged[], last: Acknowledged) => boolean,
  folder: string,
): Promise<Acknowledged[]> {
  const child = spawn(process.execPath, [WRITER, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<NodeJS.Signals | null>((resolve) => {
    child.once('exit', (_code, signal) => {
      resolve(signal);
    });
  });
  const said: Acknowledged[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    // The last line may be torn too.
    if (!line.endsWith('}')) continue;
    const last = JSON.parse(line) as Acknowledged;
    said.push(last);
    if (isEnough(said, last)) child.kill('SIGKILL');
  }
  expect(await exited).toBe('SIGKILL');
  return said;
}

describe('a process that is killed (SIGKILL) while it writes', () => {
  let temporary: Awaited<ReturnType<typeof temporaryDisk>>;

  beforeEach(async () => {
    temporary = await temporaryDisk();
  });

  afterEach(async () => {
    await temporary.dispose();
  });

  it('leaves every acknowledged transaction, session and job, and all but the latest samples', async () => {
    const { folder, disk } = temporary;
    const parts = { disk, clock: new SystemClock(), log: SILENT_LOG };
    const said: Acknowledged[] = [];
    for (const isEnough of [hasSaid(60), hasSaid(300), hasOldWords]) {
      const latest = await killedOnce(isEnough, folder);
      said.push(...latest);
      const lastMs = latest.at(-1)?.atMs ?? NaN;

      const table = await EmbeddedTableStore.open(parts);
      const { revision, entries } = await table.read(0);
      await table.close();
      const rows = new Map(entries.map((entry) => [entry.key, entry]));
      const promised = said.flatMap(({ number, revision: at }) =>
        number === undefined ? [] : [{ key: `row/${number}`, value: number, revision: at }],
      );
      expect(promised.filter(({ key, ...rest }) => !isSame(rows.get(key), rest))).toEqual([]);
      expect(promised.length).toBeGreaterThan(10);
      expect(entries).toHaveLength(revision);

      const sessions = await EmbeddedSessionStore.open(parts);
      const values = new Map(await sessions.list('session'));
      await sessions.close();
      for (const { session } of said) {
        if (session !== undefined) {
          expect(Number(values.get(String(session % 10)))).toBeGreaterThanOrEqual(session);
        }
      }

      const bus = await EmbeddedBus.open(parts);
      const jobs = (await bus.jobs()).map(({ id }) => id);
      await bus.close();
      const taken = said.flatMap(({ job }) => (job === undefined ? [] : [String(job)]));
      expect(jobs).toEqual(expect.arrayContaining(taken));

      const metrics = await EmbeddedMetricStore.open(parts, KILL_METRICS);
      const { startMs } = KILL_METRICS;
      const row = await readRow(metrics, KILL_SERIES, { startMs, stepMs: 1, steps: 100_000 });
      await metrics.close();
      const old = latest.flatMap(({ sample, atMs }) => {
        const isOld = atMs < lastMs - OLD_MS;
        return sample === undefined || !isOld ? [] : [sample];
      });
      expect(old.filter((sample) => row[sample] !== sample)).toEqual([]);
      if (isEnough === hasOldWords) expect(old.length).toBeGreaterThan(10);
      expect(row.every((value, at) => value === null || value === at)).toBe(true);
    }
  });
});

function hasSaid(count: number) {
  return (said: readonly Acknowledged[]): boolean => said.length >= count;
}

/** Hundreds of them, so that many samples are among them. */
function hasOldWords(said: readonly Acknowledged[], last: Acknowledged): boolean {
  return (said[200]?.atMs ?? Infinity) < last.atMs - OLD_MS;
}

function isSame(
  found: { readonly value: unknown; readonly revision: number } | undefined,
  promised: { readonly value: unknown; readonly revision: number | undefined },
): boolean {
  return (
    found !== undefined && found.value === promised.value && found.revision === promised.revision
  );
}

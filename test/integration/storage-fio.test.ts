import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { FioJob, FioOperation } from '../../demo/fio.js';
import { FIO, FioLateError, iscsiJob, nfsJob, traceFio } from '../../demo/fio.js';
import { percentile } from '../../replay/rules/percentile.js';
import type { TestCluster } from '../support/cluster.js';
import { describeWith } from '../support/installed.js';
import { PAIR_TARGET, TgtPair } from '../support/iscsi/pair.js';
import { GaneshaPair } from '../support/nfs/pair.js';
import { rounds } from '../support/rounds.js';
import type { Span } from '../support/server-pair.js';
import { movingWhile } from '../support/server-pair.js';
import { PATIENCE } from '../support/until.js';

/*
 * fio writes and verifies what it reads, by a checksum in each block, while its volume goes to and fro between two real servers, and
 * while they are killed. `ROUNDS=100`: so many moves at least, and a kill for six of them; what each did to the client is told then.
 */

const MOVES = rounds(12);
const KILLS = Math.ceil(MOVES / 6);
const SIZE_MIB = 24;
const BLOCK_KIB = 64;
const BLOCKS = (SIZE_MIB << 10) / BLOCK_KIB;
/** Bursts, in which as much as is allowed is under way, and pauses, before which all is waited for, so that a run outlasts many moves. */
const BURST_BLOCKS = 16;
const WORK = {
  bs: `${BLOCK_KIB}k`,
  ...{ thinktime: '20ms', thinktime_blocks: BURST_BLOCKS },
};
/** One pass after the other: to fio a block that an earlier one left is sound, if it is by the same checksum. */
const CHECKSUMS = ['crc32c', 'crc32', 'xxhash'];
const PASS_TIMEOUT_MS = PATIENCE * 60_000;
const TRIES = 3;

/** Two servers behind a redirector, and fio before it. */
interface Volume {
  readonly cluster: TestCluster;
  readonly job: FioJob;
  /** The engine's way to read so that all of it is verified: depths, one after the other. */
  readonly readDepths: readonly number[];
  /** At the end of a run the engine may go before it has the answers to so many: whether they were written nobody knows. */
  readonly forgottenMax: number;
  /** Connections of clients ever taken. */
  connections(): number;
  /** Reads, writes and what else is answered. */
  answers(): number;
  /** What clients have asked for and not been answered. */
  owed(): number;
  refusals(): readonly unknown[];
  failOver(): Promise<Span>;
  stop(): Promise<void>;
}

async function iscsi(): Promise<Volume> {
  const pair = await TgtPair.start(SIZE_MIB << 20);
  const { cluster, port } = pair;
  const { counters } = cluster.iscsiOf();
  return {
    ...{
      cluster,
      readDepths: [4],
      forgottenMax: 0,
      job: iscsiJob({ host: '127.0.0.1', port }, PAIR_TARGET),
    },
    connections: () => counters.accepted,
    answers: () => counters.answered,
    owed: () => counters.commands,
    refusals: () => [...counters.refused],
    failOver: () => pair.failOver(),
    stop: () => pair.stop(),
  };
}

async function nfs(): Promise<Volume> {
  const pair = await GaneshaPair.start();
  const { cluster } = pair;
  const { counters, addresses } = cluster.nfsOf();
  const [at = { host: '127.0.0.1', port: 0 }] = addresses;
  return {
    ...{ cluster, job: nfsJob(at, '/vol', 'fio') },
    // The engine forgets to verify the last that are under way together: then once more, one by one.
    readDepths: [4, 1],
    forgottenMax: BURST_BLOCKS,
    connections: () => counters.accepted,
    answers: () => (counters.answered.get('READ') ?? 0) + (counters.answered.get('WRITE') ?? 0),
    owed: () => counters.calls,
    refusals: () => [...counters.refused],
    failOver: () => pair.failOver(),
    stop: () => pair.stop(),
  };
}

describeWith(FIO)('fio', () => {
  describeWith('tgtd')('over iSCSI', () => {
    workedThrough(iscsi);
  });
  describeWith('ganesha.nfsd')('over NFS', () => {
    workedThrough(nfs);
  });
});

function workedThrough(start: () => Promise<Volume>): void {
  let volume: Volume;
  let operations: FioOperation[];
  let passNumber = 0;

  beforeEach(async () => {
    volume = await start();
    operations = [];
  });

  afterEach(() => volume.stop());

  it(
    'writes and verifies what it reads while its volume moves, on as many connections as without',
    async () => {
      const connections = await writtenAndRead();
      operations = [];
      const moves: Span[] = [];
      let passes = 0;
      while (moves.length < MOVES) {
        const work = writtenAndRead().then((made) => {
          expect(made).toBe(connections);
        });
        moves.push(...(await movingWhile(volume.cluster, work, 1)));
        passes += 1;
      }
      // Not one move for each run, between which nothing is open.
      expect(moves.length).toBeGreaterThan(2 * passes * runsOfPass());
      expect(volume.refusals()).toEqual([]);
      const pausesMs = pausesIn(moves, operations);
      expect(pausesMs.length).toBeGreaterThan(moves.length / 2);
      tell(
        `${moves.length} moves in ${passes} times ${runsOfPass()} runs, ${connections} connections each time`,
        pausesMs,
      );
    },
    timeoutFor(MOVES / 4),
  );

  it(
    'writes and verifies what it reads while servers are killed, on as many connections as without',
    async () => {
      const connections = await writtenAndRead();
      operations = [];
      const kills: Span[] = [];
      const progress = { isOver: false };
      const over = (): void => {
        progress.isOver = true;
      };
      const working = async (): Promise<void> => {
        while (!progress.isOver) expect(await writtenAndRead()).toBe(connections);
      };
      const killing = async (): Promise<void> => {
        while (kills.length < KILLS && !progress.isOver) {
          const answers = volume.answers();
          await volume.cluster.until('fio works', () => volume.answers() > answers, 30_000);
          kills.push(await volume.failOver());
        }
      };
      await Promise.all([working().finally(over), killing().finally(over)]);
      expect(volume.refusals()).toEqual([]);
      const pausesMs = pausesIn(kills, operations);
      // One may fall between two runs of fio.
      expect(pausesMs.length).toBeGreaterThanOrEqual(kills.length / 2);
      tell(`${KILLS} kills`, pausesMs);
    },
    timeoutFor(KILLS),
  );

  /** How many connections all of it made. */
  async function writtenAndRead(): Promise<number> {
    const { job, readDepths, forgottenMax } = volume;
    const before = volume.connections();
    passNumber += 1;
    const checked = {
      ...job,
      ...WORK,
      verify: CHECKSUMS[passNumber % CHECKSUMS.length] ?? 'crc32c',
    };
    await ran({ ...checked, rw: 'write', iodepth: 4, do_verify: 0 }, BLOCKS);
    const known = BLOCKS - forgottenMax;
    for (const iodepth of readDepths) await ran({ ...checked, rw: 'read', iodepth }, known);
    return volume.connections() - before;
  }

  /** One that hangs though nothing is owed to it begins anew (`FioLateError`). */
  async function ran(
    job: FioJob & { readonly rw: 'read' | 'write' },
    blocks: number,
  ): Promise<void> {
    const sized = { ...job, size: `${blocks * BLOCK_KIB}k` };
    for (let tries = 1; ; tries++) {
      let owed = NaN;
      try {
        const trace = await traceFio(sized, PASS_TIMEOUT_MS, () => {
          owed = volume.owed();
        });
        const { error, complaint } = trace;
        const { operations: done } = trace[job.rw];
        expect({ error, done, complaint }).toMatchObject({ error: 0, done: blocks });
        operations.push(...trace.operations);
        return;
      } catch (error) {
        const isOwn = error instanceof FioLateError && owed === 0;
        if (!isOwn || tries === TRIES) throw error;
      }
    }
  }

  function runsOfPass(): number {
    return 1 + volume.readDepths.length;
  }
}

/** Of each of the spans in which fio had something under way: how long the longest of it took, ms. */
function pausesIn(spans: readonly Span[], operations: readonly FioOperation[]): number[] {
  return spans.flatMap(({ fromMs, untilMs }) => {
    const underWay = operations.filter(
      ({ startedAtMs, endedAtMs }) => startedAtMs <= untilMs && endedAtMs >= fromMs,
    );
    const tookMs = underWay.map(({ startedAtMs, endedAtMs }) => endedAtMs - startedAtMs);
    return tookMs.length === 0 ? [] : [Math.max(...tookMs)];
  });
}

/** In the long form: figures are for whoever asked for them. */
function tell(what: string, pausesMs: readonly number[]): void {
  if (process.env.ROUNDS === undefined) return;
  const [p50, p99, most] = [0.5, 0.99, 1].map((p) => percentile(pausesMs, p).toFixed(1));
  process.stdout.write(
    `${what}: longest operation of each, ms: p50 ${p50}, p99 ${p99}, most ${most}\n`,
  );
}

function timeoutFor(eachTakesSeconds: number): number {
  return PATIENCE * (120_000 + 10_000 * eachTakesSeconds);
}

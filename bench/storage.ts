import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { FioJob, FioOutcome } from '../demo/fio.js';
import { FIO, FioLateError, runFio } from '../demo/fio.js';
import { median, round } from './dataplane-goals.js';
import { loadsSince, machineName } from './machine.js';
import { markdownTable, numberColumns } from './markdown-table.js';
import type { ProxyProcess } from './proxy-process.js';
import { cpuUs, startProxyProcess } from './proxy-process.js';
import type { StorageProxyArguments, StorageServer } from './storage-messages.js';
import { MOVED, PHASE_NAMES, pausesOfMoves } from './storage-moves.js';
import type { StorageFile, StorageProtocol } from './storage-protocols.js';
import { STORAGE_PROTOCOLS } from './storage-protocols.js';

/*
 * What ours costs between fio and a real storage server, beside a plain relay of Node's and no proxy at all: in rounds that alternate,
 * with the ratio to the relay in the same round and the CPU of the proxy by the scheduler's own count. And how long clients wait for a
 * move.
 *
 *   npm run bench -- storage [--protocols nfs,iscsi] [--rows read,write,small,deep,moves] [--rounds 5] [--seconds 3] [--moves 200]
 *     [--out FILE.json]
 *
 * Needs root, the servers, and fio as `.ci/fio` builds it. Client, proxy and server share the machine.
 */

const { values: given } = parseArgs({
  options: {
    protocols: { type: 'string', default: 'nfs,iscsi' },
    rows: { type: 'string', default: 'read,write,small,deep,moves' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    moves: { type: 'string', default: '200' },
    out: { type: 'string' },
  },
});
const ROUNDS = Number(given.rounds);
const FILE_BYTES = 256 << 20;
const GIB = 2 ** 30;
/** Over a relay more than half of the reads of NFS do not end on some machines. */
const TRIES = 20;
/** Beyond its time: to start, and to go. */
const LATE_MS = 5000;

const NAMES = ['direct', 'relay', 'ours'] as const;
type Name = (typeof NAMES)[number];

interface Row {
  readonly what: string;
  readonly file: StorageFile;
  readonly job: FioJob & { readonly rw: string; readonly bs: number };
  readonly direction: 'read' | 'write';
  /** What is said of a run. */
  readonly columns: readonly (readonly [title: string, of: (run: Run) => number])[];
  /** Of the medians of ours: which column, beside the relay's or the direct one's, and what it may be. */
  readonly goals: readonly Goal[];
}

interface Goal {
  readonly column: string;
  readonly beside: 'ratio to relay' | 'above direct' | undefined;
  readonly bound: 'at least' | 'at most';
  readonly limit: number;
}

interface Run {
  readonly operations: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly p50Us: number;
  /** Of the proxy. */
  readonly cpuUs: number;
}

const SPEED = ['MiB/s', ({ bytes, seconds }: Run) => bytes / (1 << 20) / seconds] as const;
const CPU_GIB = ['CPU s/GiB', (run: Run) => run.cpuUs / 1e6 / (run.bytes / GIB)] as const;
const CPU_EACH = ['CPU µs/op', (run: Run) => run.cpuUs / run.operations] as const;
const P50 = ['p50 µs', ({ p50Us }: Run) => p50Us] as const;
const EACH_SECOND = ['op/s', ({ operations, seconds }: Run) => operations / seconds] as const;

const BULK_GOALS: readonly Goal[] = [
  { column: 'MiB/s', beside: 'ratio to relay', bound: 'at least', limit: 0.8 },
  { column: 'CPU s/GiB', beside: undefined, bound: 'at most', limit: 1.1 },
];
const ROWS: Readonly<Record<string, Row>> = {
  read: {
    what: 'read, 256 KiB, depth 4',
    file: 'file',
    job: { rw: 'read', bs: 256 << 10, iodepth: 4 },
    ...{ direction: 'read', columns: [SPEED, CPU_GIB, CPU_EACH], goals: BULK_GOALS },
  },
  write: {
    what: 'write, 256 KiB, depth 4',
    file: 'written',
    job: { rw: 'write', bs: 256 << 10, iodepth: 4 },
    ...{ direction: 'write', columns: [SPEED, CPU_GIB, CPU_EACH], goals: BULK_GOALS },
  },
  small: {
    what: 'random read, 4 KiB, depth 1',
    file: 'file',
    job: { rw: 'randread', bs: 4096, iodepth: 1 },
    ...{ direction: 'read', columns: [P50, EACH_SECOND, CPU_EACH] },
    goals: [{ column: 'p50 µs', beside: 'above direct', bound: 'at most', limit: 100 }],
  },
  deep: {
    what: 'random read, 4 KiB, depth 16',
    file: 'file',
    job: { rw: 'randread', bs: 4096, iodepth: 16 },
    ...{ direction: 'read', columns: [EACH_SECOND, P50, CPU_EACH] },
    goals: [{ column: 'CPU µs/op', beside: undefined, bound: 'at most', limit: 25 }],
  },
};

const protocols = given.protocols.split(',').map((name) => {
  const protocol = STORAGE_PROTOCOLS[name];
  if (protocol === undefined) throw new Error(`no protocol ${name}`);
  return { name, protocol };
});
const absent = [FIO, ...protocols.map(({ protocol }) => protocol.program)].filter(
  (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).error !== undefined,
);
if (absent.length > 0) {
  console.error(
    `the bench needs what is not on this machine: ${absent.join(', ')} (.ci/engines and .ci/fio)`,
  );
  process.exit(2);
}

const details: Record<string, unknown> = {};
const loadBefore = loadavg();
for (const { name, protocol } of protocols) await measure(name, protocol);
const machine = machineName();
const loads = loadsSince(loadBefore);
console.log(`\n${machine}, load average before and after: ${loads}; node ${process.version}`);
if (given.out !== undefined) {
  await writeFile(
    given.out,
    `${JSON.stringify({ machine, loads, given, details }, undefined, 1)}\n`,
  );
}

async function measure(name: string, protocol: StorageProtocol): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'foreshift-storage-'));
  const server = await protocol.start(folder, FILE_BYTES);
  const proxies: ProxyProcess[] = [];
  try {
    const { port, mountPort, path } = server;
    const at: StorageServer = { port, path, ...(mountPort !== undefined && { mountPort }) };
    for (const kind of ['relay', 'ours'] as const) {
      proxies.push(await startProxy({ kind, protocol: name, server: at }));
    }
    const [relay, ours] = proxies;
    const fronts = { direct: undefined, relay, ours };
    const jobOf = (of: Name, file: StorageFile): FioJob => ({
      ...protocol.job({ port: fronts[of]?.port ?? port, isOurs: of === 'ours' }, at, file),
      size: FILE_BYTES,
    });
    // Files with holes are read without a disk, and what is written for the first time takes longer.
    for (const file of ['file', 'written'] as const) {
      await sound('direct', { ...jobOf('direct', file), rw: 'write', bs: '256k', iodepth: 4 });
    }
    for (const id of given.rows.split(',')) {
      const row = ROWS[id];
      if (row !== undefined) await rowOf(`${name}-${id}`, row, { jobOf, fronts });
    }
  } finally {
    for (const proxy of proxies) await proxy.dispose();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
  if (given.rows.split(',').includes('moves')) await moves(name);
}

function startProxy(what: StorageProxyArguments): Promise<ProxyProcess> {
  const file = fileURLToPath(new URL('./storage-process.js', import.meta.url));
  return startProxyProcess([process.execPath, file, JSON.stringify(what)]);
}

async function rowOf(
  id: string,
  row: Row,
  of: {
    readonly jobOf: (name: Name, file: StorageFile) => FioJob;
    readonly fronts: Readonly<Record<Name, ProxyProcess | undefined>>;
  },
): Promise<void> {
  const rounds: Readonly<Record<Name, Run>>[] = [];
  // The first one warms up.
  for (let at = -1; at < ROUNDS; at++) {
    const runs: Partial<Record<Name, Run>> = {};
    for (const name of NAMES) {
      const job = {
        ...of.jobOf(name, row.file),
        ...row.job,
        ...{ runtime: given.seconds, time_based: 1 },
      };
      const { cpuUs: usedUs, ...whole } = await sound(name, job, of.fronts[name]?.pid);
      const outcome = whole[row.direction];
      const bytes = outcome.operations * row.job.bs;
      runs[name] = { ...outcome, bytes, cpuUs: usedUs };
    }
    if (at >= 0) rounds.push(runs as Record<Name, Run>);
  }
  details[id] = rounds;
  const [[, first]] = row.columns as readonly [Row['columns'][number]];
  console.log(`\n${id}: ${row.what}`);
  console.log(
    markdownTable(
      numberColumns('', ...row.columns.map(([title]) => title), 'of relay'),
      NAMES.map((name) => [
        name,
        ...row.columns.map(([, figure]) => round(median(rounds.map((runs) => figure(runs[name]))))),
        round(median(rounds.map((runs) => first(runs[name]) / first(runs.relay)))),
      ]),
    ),
  );
  for (const goal of row.goals) console.log(verdict(goal, row, rounds));
}

function verdict(
  { column, beside, bound, limit }: Goal,
  { columns }: Row,
  rounds: readonly Readonly<Record<Name, Run>>[],
): string {
  const figure = columns.find(([title]) => title === column)?.[1] ?? (() => NaN);
  const value = median(
    rounds.map(({ ours, relay, direct }) => {
      if (beside === 'ratio to relay') return figure(ours) / figure(relay);
      return beside === 'above direct' ? figure(ours) - figure(direct) : figure(ours);
    }),
  );
  const isReached = bound === 'at least' ? value >= limit : value <= limit;
  const what = beside === undefined ? column : `${column}, ${beside}`;
  return `${what}: ${round(value)} (${bound} ${limit}): ${isReached ? 'reached' : 'missed'}`;
}

async function moves(name: string): Promise<void> {
  const moved = MOVED[name];
  if (moved === undefined) throw new Error(`no volume of ${name} that moves`);
  const rows: string[][] = [];
  for (const isFenced of [false, true]) {
    const fence = isFenced ? 'attachment' : 'none';
    const volume = await moved(isFenced);
    try {
      const pauses = await pausesOfMoves(volume, Number(given.moves));
      details[`${name}-moves-${fence}`] = pauses;
      const { p50Ms, p99Ms, maxMs, phasesMs } = pauses;
      const phases = PHASE_NAMES.map((phase) => phasesMs[phase]);
      rows.push([fence, ...[p50Ms, p99Ms, maxMs, ...phases].map(round)]);
    } finally {
      await volume.stop();
    }
  }
  console.log(
    `\n${name}-moves: ${given.moves} moves under 4 KiB reads at depth 1, longest read of each, and p50 of what it waited for, ms`,
  );
  console.log(markdownTable(numberColumns('fence', 'p50', 'p99', 'most', ...PHASE_NAMES), rows));
}

/**
 * Of a run that ends: one of NFS hangs at times when all is done (`FioLateError`).
 * With the CPU that a proxy took for it.
 * @throws if an operation failed
 */
async function sound(
  name: Name,
  job: FioJob,
  proxy?: number,
): Promise<FioOutcome & { readonly cpuUs: number }> {
  for (let tries = 1; ; tries++) {
    const beforeUs = proxy === undefined ? 0 : await cpuUs(proxy);
    try {
      const outcome = await runFio(job, 1000 * Number(given.seconds) + LATE_MS);
      if (outcome.error !== 0)
        throw new Error(`fio: errno ${outcome.error} at ${JSON.stringify(job)}`);
      return { ...outcome, cpuUs: proxy === undefined ? 0 : (await cpuUs(proxy)) - beforeUs };
    } catch (error) {
      if (!(error instanceof FioLateError) || tries === TRIES) throw error;
      // Whichever side it is: what hangs is fio, which has the answers (docs/PERFORMANCE.md).
      console.log(
        `${name}: once more, since fio did not end: ${String(job.rw)} of ${String(job.bs)}`,
      );
    }
  }
}

import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from '../core/domain.js';
import { childrenOf } from './proc.js';

/** fio with its engines for NFS and iSCSI, as `.ci/fio` builds it: Debian's own has none. */
export const FIO = join(
  process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
  'foreshift',
  'fio',
);

/** One section of a job file: `{ ioengine: 'nfs', rw: 'write', size: '32m' }`. */
export type FioJob = Readonly<Record<string, string | number>>;

/** What a job did in one direction. */
export interface FioDirection {
  /** (Of bytes, its engine for NFS forgets some that are under way at the end.) */
  readonly operations: number;
  readonly seconds: number;
  /** Of the latencies of its operations, microseconds. */
  readonly p50Us: number;
  readonly p99Us: number;
}

export interface FioOutcome {
  /** An errno, or 84 for a wrong checksum; 0: every operation succeeded, and what was read and verified was what had been written. */
  readonly error: number;
  /** What it said of an error, and of the block that it met it at. */
  readonly complaint: string;
  readonly read: FioDirection;
  readonly write: FioDirection;
}

/** What fio says of a direction, as far as it is of interest. */
interface Said {
  readonly total_ios: number;
  readonly runtime: number;
  readonly clat_ns: { readonly percentile?: Readonly<Record<string, number>> };
}

/**
 * It did not end. Its engine for NFS does so at times, without a proxy too, when all has been read: it goes with the last replies under
 * way, and if one of them is half read, libnfs 4.0 takes the answer to its UMNT, on the next connection, for the rest of that.
 */
export class FioLateError extends Error {}

/** One operation of a job as fio itself logged it, by the clock of the day. */
export interface FioOperation {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

export interface FioTrace extends FioOutcome {
  readonly operations: readonly FioOperation[];
}

/** Of its engine for iSCSI: where the unit is. In names of files colons are to be escaped. */
export function iscsiJob({ host, port }: Address, target: string, lun = 1): FioJob {
  const url = `iscsi://${host}:${port}/${target}/${lun}`;
  return { ioengine: 'libiscsi', filename: url.replaceAll(':', '\\:') };
}

/** Of its engine for NFS: a file of an export. */
export function nfsJob(
  { host, port }: Address,
  path: string,
  filename: string,
  mountPort = port,
): FioJob {
  const url = `nfs://${host}${path}?version=3&nfsport=${port}&mountport=${mountPort}`;
  return { ioengine: 'nfs', nfs_url: url, filename };
}

const JSON_OUT = ['--output-format=json', '--eta=never'];
/** Latencies, from submission to completion, go to `lat_lat.1.log`. */
const LOGGED: FioJob = { write_lat_log: 'lat', log_unix_epoch: 1 };

/** Where such a fio is: ours, or one of the system that has these engines; undefined: nowhere. */
export function findFio(): string | undefined {
  return [FIO, 'fio'].find((program) => {
    const { stdout, error } = spawnSync(program, ['--enghelp'], { encoding: 'utf8' });
    if (error !== undefined) return false;
    const engines = new Set(stdout.split('\n').map((line) => line.trim()));
    return engines.has('nfs') && engines.has('libiscsi');
  });
}

export interface FioOptions {
  readonly program?: string;
  /** It ends early then, and says what it has done so far. */
  readonly signal?: AbortSignal | undefined;
  /** It does not end, and is about to be killed. */
  readonly late?: () => void;
}

/**
 * Runs a job to its end. It does not outlive this process.
 * @throws with what it said, if it says nothing of how it went; FioLateError – it was killed
 */
export function runFio(
  job: FioJob,
  timeoutMs = 60_000,
  options: FioOptions = {},
): Promise<FioOutcome> {
  return inFolder((folder) => outcomeOf(job, folder, timeoutMs, options));
}

/** The same, with when each of its operations was under way. `late`: it does not end, and is about to be killed. */
export function traceFio(job: FioJob, timeoutMs: number, late: () => void): Promise<FioTrace> {
  return inFolder(async (folder) => {
    const outcome = await outcomeOf({ ...job, ...LOGGED }, folder, timeoutMs, { late });
    const log = await readFile(join(folder, 'lat_lat.1.log'), 'utf8');
    return { ...outcome, operations: log.trim().split('\n').map(operationOf) };
  });
}

async function inFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'foreshift-fio-'));
  try {
    return await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function outcomeOf(
  job: FioJob,
  folder: string,
  timeoutMs: number,
  { program = FIO, signal, late }: FioOptions = {},
): Promise<FioOutcome> {
  const file = join(folder, 'job');
  const lines = Object.entries(job).map(([name, value]) => `${name}=${value}`);
  await writeFile(file, `[job]\n${lines.join('\n')}\n`);
  const command = [program, file, ...JSON_OUT];
  const { said, complaint } = await saidBy({ command, cwd: folder, timeoutMs, signal, late });
  // Warnings come first.
  const { jobs } = JSON.parse(said.slice(said.indexOf('{\n'))) as {
    readonly jobs: readonly {
      readonly error: number;
      readonly read: Said;
      readonly write: Said;
    }[];
  };
  const [first] = jobs;
  if (first === undefined) throw new Error(`fio did nothing: ${said.slice(-1000)}`);
  return {
    error: first.error,
    complaint,
    read: directionOf(first.read),
    write: directionOf(first.write),
  };
}

/** `1764210000123, 84211, 0, 65536, 0, 0`: when it ended, ms; how long it took, ns; and more. */
function operationOf(line: string): FioOperation {
  const [endedAtMs = NaN, tookNs = NaN] = line.split(',').map(Number);
  return { startedAtMs: endedAtMs - tookNs / 1e6, endedAtMs };
}

function directionOf({ total_ios, runtime, clat_ns }: Said): FioDirection {
  const at = (percentile: string): number => (clat_ns.percentile?.[percentile] ?? 0) / 1000;
  return {
    ...{ operations: total_ios, seconds: runtime / 1000 },
    ...{ p50Us: at('50.000000'), p99Us: at('99.000000') },
  };
}

/** It fails where its job does, which its report says as well. */
function saidBy({
  command: [program = FIO, ...args],
  cwd,
  timeoutMs,
  signal,
  late: isLate,
}: {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly late: (() => void) | undefined;
}): Promise<{ readonly said: string; readonly complaint: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let said = '';
    let complained = '';
    const kill = (): void => {
      if (isRunning(child)) killWhole(child.pid);
    };
    const late = setTimeout(() => {
      isLate?.();
      reject(new FioLateError(`fio did not end within ${timeoutMs} ms`));
      kill();
    }, timeoutMs);
    const early = (): void => void child.kill('SIGINT');
    signal?.addEventListener('abort', early);
    process.once('exit', kill);
    child.once('close', () => {
      signal?.removeEventListener('abort', early);
      process.removeListener('exit', kill);
    });
    child.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()));
    child.stderr.on('data', (bytes: Buffer) => (complained += bytes.toString()));
    child.once('error', (error) => {
      clearTimeout(late);
      reject(error);
    });
    child.once('close', (code) => {
      clearTimeout(late);
      const complaint = complained.slice(-1000);
      if (said.includes('{\n')) resolve({ said, complaint });
      else reject(new Error(`fio ended with ${String(code)}: ${complaint}`));
    });
  });
}

function isRunning(child: ChildProcess): child is ChildProcess & { readonly pid: number } {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** With the process of its job, which has a session of its own and would go on alone. */
function killWhole(pid: number): void {
  const jobs = childrenOf(pid);
  for (const each of [pid, ...jobs]) {
    try {
      process.kill(each, 'SIGKILL');
    } catch {
      // It has just ended.
    }
  }
}

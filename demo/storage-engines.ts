import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ForeshiftError } from '../core/errors.js';
import type { StartedProgram } from './programs.js';
import { startProgram } from './programs.js';

/* Storage servers as programs of this machine. Both need root. */

const run = promisify(execFile);

/** Where a program runs. */
export interface Place {
  readonly host: string;
  /** What runs a command there. */
  readonly within: readonly string[];
}

export const HERE: Place = { host: '127.0.0.1', within: [] };

/** Leads tgtadm to one tgtd of several. */
export interface TgtEnvironment {
  readonly TGT_IPC_SOCKET: string;
}

/**
 * A tgtd without targets, on that port. Undefined: somebody else has the port. (It says nothing of that, and listens at all addresses
 * instead; so it is ended.)
 * @throws ERR_PROGRAM_ABSENT, ERR_PROGRAM_FAILED
 */
export async function startTgtd(
  port: number,
  environment: TgtEnvironment,
  { host, within }: Place = HERE,
): Promise<StartedProgram | undefined> {
  const env = { ...process.env, ...environment };
  const [program, ...before] = [...within, 'tgtd'] as const;
  const started = await startProgram(program, {
    args: [...before, '--foreground', '--iscsi', `portal=${host}:${port}`],
    serves: /bs_init/,
    // Of a group of its own: Ctrl-C is for whoever started it.
    spawn: { env, detached: true },
  });
  const asked = ['--lld', 'iscsi', '--mode', 'portal', '--op', 'show'];
  const { stdout } = await run('tgtadm', asked, { env });
  if (stdout.trim() === `Portal: ${host}:${port},1`) return started;
  started.child.kill('SIGKILL');
  await started.ended;
  return undefined;
}

export interface GaneshaProgram {
  /** Left out: here. */
  readonly place?: Place;
  readonly folder: string;
  readonly port: number;
  readonly mountPort: number;
  /** EXPORT blocks, or `%include FILE`. */
  readonly exports: string;
  readonly log: string;
  readonly pidFile: string;
}

export interface StartedGanesha {
  /** Leads a group of processes, which is all of it. */
  readonly child: ChildProcess;
  /** Resolves once it serves. @throws ERR_PROGRAM_FAILED, and it is still to be ended */
  readonly serves: Promise<void>;
}

const STARTED = 'NFS SERVER INITIALIZED';
const START_TIMEOUT_MS = 30_000;

/**
 * An nfs-ganesha (NFS v3) with an rpcbind of its own, which it does not start without. /run is theirs alone, so that several run side
 * by side.
 */
export async function startGanesha(program: GaneshaProgram): Promise<StartedGanesha> {
  const { folder, port, mountPort, exports, log, pidFile } = program;
  const { host, within } = program.place ?? HERE;
  const config = join(folder, 'ganesha.conf');
  await writeFile(
    config,
    `NFS_CORE_PARAM { Bind_addr = ${host}; Protocols = 3; NFS_Port = ${port}; MNT_Port = ${mountPort};
       Enable_NLM = false; Enable_RQUOTA = false; Enable_UDP = false; }
     MDCACHE { Dir_Chunk = 0; }
     NFSV4 { Graceless = true; RecoveryBackend = fs; RecoveryRoot = ${folder}; }
     ${exports}\n`,
  );
  const script = `mount -t tmpfs tmpfs /run && mkdir -p /run/ganesha /run/lock
    rpcbind -f -h 127.0.0.2 & sleep 0.3
    exec ganesha.nfsd -F -f ${config} -L ${log} -p ${pidFile} -N NIV_EVENT`;
  const [command, ...before] = [...within, 'unshare'] as const;
  const child = spawn(command, [...before, '-m', 'sh', '-c', script], {
    detached: true,
    stdio: 'ignore',
  });
  return { child, serves: serving(child, log) };
}

/** What it exports where, over the file system of this machine. */
export function exportBlock(of: {
  /** Part of its file handles: with another one, those of other servers say nothing to it. */
  readonly id: number;
  readonly path: string;
  readonly pseudo: string;
}): string {
  const { id, path, pseudo } = of;
  return `EXPORT { Export_Id = ${id}; Path = ${path}; Pseudo = ${pseudo}; Squash = no_root_squash; Access_Type = RW;
    SecType = sys; Protocols = 3; Transports = TCP; PrivilegedPort = false; Attr_Expiration_Time = 0; FSAL { Name = VFS; } }`;
}

async function serving(child: ChildProcess, log: string): Promise<void> {
  let missing: Error | undefined;
  child.once('error', (error) => (missing = error));
  for (let waitedMs = 0; waitedMs < START_TIMEOUT_MS; waitedMs += 50) {
    const text = await readFile(log, 'utf8').catch(() => '');
    if (text.includes(STARTED)) return;
    if (missing !== undefined || child.exitCode !== null) break;
    await sleep(50);
  }
  const said = await readFile(log, 'utf8').catch(() => missing?.message ?? 'nothing');
  const how = child.exitCode ?? 'nothing served';
  throw new ForeshiftError('ERR_PROGRAM_FAILED', {
    ...{ program: 'ganesha.nfsd', how, said: said.slice(-2000) },
  });
}

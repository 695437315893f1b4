import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttachedServer } from '../cli/services/attachments.js';
import type { Address, ResourceId } from '../core/domain.js';
import { fail } from '../core/errors.js';
import { freePort } from './free-port.js';
import { exportBlock, startGanesha, startTgtd } from './storage-engines.js';
import type { StorageProtocol } from './storage-scene.js';
import { VOLUMES, VOLUME_BYTES, targetName } from './storage-scene.js';

/** A real storage server of the demo. */
export interface StorageServer {
  readonly id: string;
  readonly protocol: StorageProtocol;
  readonly pid: number;
  readonly at: Address;
  /** Of its MOUNT program; 0: it has none. */
  readonly mountPort: number;
  /** How the agent beside it drives it. */
  readonly attached: AttachedServer;
  /** What it may serve. */
  readonly resources: readonly ResourceId[];
  /** At once. */
  kill(): void;
  readonly ended: Promise<unknown>;
}

const HOST = '127.0.0.1';
const TRIES = 5;

/** By resource: an image, or a directory with the file that fio writes. */
export type Stores = Readonly<Record<string, string>>;

/** The disk that all servers share: volumes of zeros. */
export async function makeStores(folder: string): Promise<Stores> {
  const stores: Record<string, string> = {};
  for (const { resource, protocol } of VOLUMES) {
    const path = join(folder, resource);
    stores[resource] = path;
    if (protocol === 'nfs') await mkdir(path);
    const file = await open(protocol === 'nfs' ? join(path, FIO_FILE) : path, 'w');
    await file.truncate(VOLUME_BYTES);
    await file.close();
  }
  return stores;
}

/** In each export. */
export const FIO_FILE = 'fio';

/** @throws ERR_PROGRAM_FAILED */
export async function startTarget(
  id: string,
  folder: string,
  stores: Stores,
): Promise<StorageServer> {
  const targets = join(folder, 'targets');
  await mkdir(targets, { recursive: true });
  const resources = resourcesOf('iscsi');
  for (const resource of resources) {
    const image = stores[resource] ?? '';
    const text = `<target ${targetName(resource)}>\n  backing-store ${image}\n</target>\n`;
    await writeFile(join(targets, `${resource}.target`), text);
  }
  const socket = join(folder, 'socket');
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    const started = await startTgtd(port, { TGT_IPC_SOCKET: socket });
    if (started === undefined) {
      if (tries < TRIES) continue;
      return fail('ERR_PROGRAM_FAILED', { program: 'tgtd', how: 'no port', said: 'nothing' });
    }
    const { child, ended } = started;
    return {
      ...{ id, protocol: 'iscsi', resources, ended, mountPort: 0 },
      pid: child.pid ?? 0,
      at: { host: HOST, port },
      attached: { kind: 'tgt', targets, controlPort: 0, socket },
      // It takes no other signal as long as it has targets.
      kill: () => void child.kill('SIGKILL'),
    };
  }
}

/** @param number of the server: file handles of two say nothing to each other @throws ERR_PROGRAM_FAILED */
export async function startExports(
  id: string,
  number: number,
  folder: string,
  stores: Stores,
): Promise<StorageServer> {
  const exports = join(folder, 'exports');
  await mkdir(exports, { recursive: true });
  const resources = resourcesOf('nfs');
  for (const [nth, resource] of resources.entries()) {
    const of = { path: stores[resource] ?? '', pseudo: `/${resource}`, id: 100 * number + nth };
    await writeFile(join(exports, `${resource}.export`), exportBlock(of));
  }
  await writeFile(join(exports, 'owned.conf'), '');
  const [port, mountPort] = [await freePort(), await freePort()];
  const pidFile = join(folder, 'pid');
  const { child, serves } = await startGanesha({
    ...{ folder, port, mountPort, pidFile, log: join(folder, 'log') },
    exports: `%include ${join(exports, 'owned.conf')}`,
  });
  const kill = (): void => {
    const isOver = child.exitCode !== null || child.signalCode !== null;
    if (child.pid !== undefined && !isOver) process.kill(-child.pid, 'SIGKILL');
  };
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await serves.catch((error: unknown) => {
    kill();
    throw error;
  });
  return {
    ...{ id, protocol: 'nfs', resources, ended, mountPort, kill },
    pid: child.pid ?? 0,
    at: { host: HOST, port },
    attached: { kind: 'ganesha', exports, pidFile, mountPort },
  };
}

function resourcesOf(wanted: StorageProtocol): ResourceId[] {
  return VOLUMES.filter(({ protocol }) => protocol === wanted).map(({ resource }) => resource);
}

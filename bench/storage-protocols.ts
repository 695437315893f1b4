import { randomBytes } from 'node:crypto';
import type { Address, ResourceId } from '../core/domain.js';
import { MemorySessionStore } from '../core/session-store/memory.js';
import { NfsAdapter } from '../redirector/adapters/nfs/nfs-adapter.js';
import type { AdapterParts } from '../redirector/traffic.js';
import type { FioJob } from '../test/support/fio.js';
import { Ganesha } from '../test/support/nfs/ganesha.js';
import type { StorageServer } from './storage-messages.js';

/** What the bench needs to know of a protocol. */
export interface StorageProtocol {
  readonly program: string;
  /** A real server of it over a folder. */
  start(folder: string): Promise<StorageServer & { stop(): Promise<void> }>;
  /** fio's engine, and where it finds the volume: at the server's own address or a relay's, or at ours. */
  job(port: number, server: StorageServer, isOurs: boolean): FioJob;
  /** Ours, in front of the resource `vol-1` on one server. */
  adapterOf(parts: BenchParts, server: StorageServer): OwnAdapter;
}

/** Of a redirector's parts, what there is without a control plane. */
export type BenchParts = Omit<AdapterParts, 'sessions' | 'othersOf'>;

/** Of an adapter, what the bench uses. */
export interface OwnAdapter {
  start(): Promise<void>;
  readonly addresses: readonly Address[];
}

const nfs: StorageProtocol = {
  program: 'ganesha.nfsd',
  start: async (folder) => {
    const server = await Ganesha.start({ data: folder, exportId: 77 });
    const { port, mountPort } = server;
    return { port, mountPort, path: folder, stop: () => server.stop() };
  },
  job: (port, server, isOurs) => {
    const path = isOurs ? '/vol' : server.path;
    const mountPort = isOurs ? port : server.mountPort;
    const url = `nfs://127.0.0.1${path}?version=3&nfsport=${port}&mountport=${mountPort}`;
    return { ioengine: 'nfs', nfs_url: url };
  },
  adapterOf: (parts, { path }) =>
    new NfsAdapter(
      { ...parts, handles: new MemorySessionStore(), randomBytes },
      {
        listeners: [{ listen: { host: '127.0.0.1', port: 0 }, route: undefined }],
        exports: [
          {
            ...{ path: '/vol', resource: 'vol-1' as ResourceId, serverPath: path },
            ...{ clients: undefined, clientNames: [], isReadOnly: false, squash: 'none' },
            anonymous: { uid: 65_534, gid: 65_534 },
          },
        ],
      },
    ),
};

export const STORAGE_PROTOCOLS: Readonly<Record<string, StorageProtocol>> = { nfs };

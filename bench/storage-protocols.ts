import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Address, ResourceId } from '../core/domain.js';
import { MemorySessionStore } from '../core/session-store/memory.js';
import type { FioJob } from '../demo/fio.js';
import { iscsiJob, nfsJob } from '../demo/fio.js';
import { IscsiAdapter } from '../redirector/adapters/iscsi/iscsi-adapter.js';
import { NfsAdapter } from '../redirector/adapters/nfs/nfs-adapter.js';
import type { AdapterParts } from '../redirector/traffic.js';
import { Ganesha } from '../test/support/nfs/ganesha.js';
import { Tgt, madeImage } from '../test/support/tgt.js';
import type { StorageServer } from './storage-messages.js';

/** What rows read; what they write. */
export type StorageFile = 'file' | 'written';

/** What the bench needs to know of a protocol. */
export interface StorageProtocol {
  readonly program: string;
  /** A real server of it over a folder, with room for files of that size. */
  start(folder: string, fileBytes: number): Promise<StorageServer & { stop(): Promise<void> }>;
  /** fio's engine, and where it finds a file: at the server's own address or a relay's, or at ours. */
  job(at: { port: number; isOurs: boolean }, server: StorageServer, file: StorageFile): FioJob;
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

const HOST = '127.0.0.1';

const nfs: StorageProtocol = {
  program: 'ganesha.nfsd',
  start: async (folder) => {
    const server = await Ganesha.start({ data: folder, exportId: 77 });
    const { port, mountPort } = server;
    return { port, mountPort, path: folder, stop: () => server.stop() };
  },
  job: ({ port, isOurs }, server, filename) => {
    const path = isOurs ? '/vol' : server.path;
    const mountPort = isOurs ? port : (server.mountPort ?? port);
    return nfsJob({ host: HOST, port }, path, filename, mountPort);
  },
  adapterOf: (parts, { path }) =>
    new NfsAdapter(
      { ...parts, handles: new MemorySessionStore(), randomBytes },
      {
        listeners: [{ listen: { host: HOST, port: 0 }, route: undefined }],
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

const TARGET = 'iqn.2026-01.test:vol';
/** Of the one target. */
const UNIT_OF: Readonly<Record<StorageFile, number>> = { file: 1, written: 2 };

const iscsi: StorageProtocol = {
  program: Tgt.program,
  start: async (folder, fileBytes) => {
    const units = [];
    for (const [file, lun] of Object.entries(UNIT_OF)) {
      units.push({ lun, image: await madeImage(join(folder, file), fileBytes) });
    }
    const server = await Tgt.start([{ name: TARGET, units }]);
    return { port: server.at.port, path: TARGET, stop: () => server.dispose() };
  },
  job: ({ port }, { path }, file) => iscsiJob({ host: HOST, port }, path, UNIT_OF[file]),
  adapterOf: (parts, { path }) =>
    new IscsiAdapter(
      { ...parts, randomBytes, storedSecretOf: () => undefined },
      {
        listeners: [{ listen: { host: HOST, port: 0 }, route: undefined }],
        targets: [
          {
            ...{ name: path, resource: 'vol-1' as ResourceId, serverName: path },
            ...{ clients: undefined, initiators: undefined },
            ...{ chap: undefined, mutualChap: undefined },
          },
        ],
      },
    ),
};

export const STORAGE_PROTOCOLS: Readonly<Record<string, StorageProtocol>> = { nfs, iscsi };

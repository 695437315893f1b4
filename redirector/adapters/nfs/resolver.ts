import type { Exports } from './exports.js';
import type { FileEntry } from './file-entry.js';
import { FILE_ID_AT, fileIdAfter } from './grammar.js';
import type { HandleTable } from './handle-table.js';
import { HANDLE } from './marks.js';
import {
  GETPORT,
  MNT,
  MOUNT_PROGRAM,
  MOUNT_VERSION,
  PORTMAP_PORT,
  PORTMAP_PROGRAM,
  PORTMAP_VERSION,
  getPortArguments,
  mountArguments,
  readMounted,
} from '../../../core/onc-rpc/mount.js';
import { GETATTR, LOOKUP, NOENT, OK, SERVERFAULT, STALE } from './procedures.js';
import { XdrWriter, longAt } from '../../../core/onc-rpc/xdr.js';
import type { ServersCalled, ServersCalledParts } from './servers-called.js';

export interface ResolverParts {
  readonly servers: ServersCalled;
  readonly table: HandleTable;
  readonly exports: () => Exports;
  readonly linkOf: ServersCalledParts['linkOf'];
}

/** `lost`: the server cannot be reached now; else a status of NFS. */
export type Resolved = number | 'lost';

/** What a server says of a name in a directory. */
export type Looked =
  { readonly handle: Uint8Array; readonly fileId: bigint | undefined } | Resolved;

/** File systems have no paths so deep. */
const DEPTH_MAX = 256;

/**
 * Finds a file on a server that has not been asked for it yet, by the names under which it is known, from the directory on that
 * is exported. It asks as root, since the call that waits for it is made by somebody who has the file already.
 */
export class Resolver {
  readonly #parts: ResolverParts;
  readonly #underWay = new Map<string, Promise<Resolved>>();

  constructor(parts: ResolverParts) {
    this.#parts = parts;
  }

  /** OK: the server's handle of it is known from now on. */
  async resolve(entry: FileEntry, server: number, depth = 0): Promise<Resolved> {
    if (entry.handleAt(server) !== undefined) return OK;
    if (depth > DEPTH_MAX) return STALE;
    const key = `${server} ${entry.text}`;
    let finding = this.#underWay.get(key);
    if (finding === undefined) {
      finding = this.#find(entry, server, depth).finally(() => this.#underWay.delete(key));
      this.#underWay.set(key, finding);
    }
    return finding;
  }

  /** The directory's handle on that server must be known. */
  async look(dir: FileEntry, name: string, server: number): Promise<Looked> {
    const handle = dir.handleAt(server);
    if (handle === undefined) return STALE;
    const args = new XdrWriter().opaque(handle).opaque(Buffer.from(name, 'latin1')).done();
    const said = await this.#parts.servers.ask(server, LOOKUP, args);
    if (said === 'lost') return 'lost';
    if (said === 'refused') return SERVERFAULT;
    const { status, bytes, marks } = said;
    if (status !== OK) return status;
    const at = marks.find(HANDLE);
    const found = marks.bytes(at, bytes);
    const fileId = fileIdAfter(bytes, marks, at);
    return { handle: found, fileId: fileId ?? (await this.#fileIdOf(found, server)) };
  }

  async #find(entry: FileEntry, server: number, depth: number): Promise<Resolved> {
    const { table } = this.#parts;
    if (table.isRoot(entry)) return this.#mount(entry, server);
    let status: Resolved = STALE;
    for (const { dir, name } of [...entry.links].reverse()) {
      const looked = await this.#lookIn(dir, name, server, depth);
      if (looked === 'lost') return 'lost';
      if (typeof looked !== 'object') {
        status = looked === NOENT ? STALE : looked;
        continue;
      }
      // Another file by that name is not the one whose handle the client has.
      if (looked.fileId !== entry.fileId) continue;
      table.resolved(entry, server, looked.handle);
      return OK;
    }
    return status;
  }

  async #lookIn(dir: FileEntry, name: string, server: number, depth: number): Promise<Looked> {
    const status = await this.resolve(dir, server, depth + 1);
    if (status !== OK) return status;
    const looked = await this.look(dir, name, server);
    if (looked !== STALE) return looked;
    // The server was set up anew: what it called the directory before says nothing to it any more.
    dir.setHandle(server, undefined);
    const again = await this.resolve(dir, server, depth + 1);
    return again === OK ? this.look(dir, name, server) : again;
  }

  /** The first directory, by the MOUNT program of the server. */
  async #mount(root: FileEntry, server: number): Promise<Resolved> {
    const { servers, exports, linkOf, table } = this.#parts;
    const served = exports().of(root.resource);
    if (served === undefined) return STALE;
    const port = linkOf(server).mountPort ?? (await this.#mountPort(server));
    if (port === undefined) return 'lost';
    const results = await servers.askAt(port, server, {
      ...{ program: MOUNT_PROGRAM, version: MOUNT_VERSION, procedure: MNT },
      arguments: mountArguments(served.serverPath),
    });
    if (results === 'lost') return 'lost';
    if (results === 'refused') return SERVERFAULT;
    const mounted = readMounted(results);
    if (typeof mounted === 'number') return mounted === OK ? SERVERFAULT : mounted;
    const fileId = await this.#fileIdOf(Uint8Array.from(mounted), server);
    if (fileId === undefined) return 'lost';
    // Nobody had it before, or all servers have the same file system.
    if (root.fileId !== 0n && root.fileId !== fileId) return STALE;
    root.fileId = fileId;
    table.resolved(root, server, mounted);
    return OK;
  }

  async #mountPort(server: number): Promise<number | undefined> {
    const results = await this.#parts.servers.askAt(PORTMAP_PORT, server, {
      ...{ program: PORTMAP_PROGRAM, version: PORTMAP_VERSION, procedure: GETPORT },
      arguments: getPortArguments(MOUNT_PROGRAM, MOUNT_VERSION),
    });
    if (typeof results === 'string') return undefined;
    const port = results.number();
    return port > 0 && port <= 65_535 ? port : undefined;
  }

  async #fileIdOf(handle: Uint8Array, server: number): Promise<bigint | undefined> {
    const said = await this.#parts.servers.ask(
      server,
      GETATTR,
      new XdrWriter().opaque(handle).done(),
    );
    if (typeof said === 'string' || said.status !== OK) return undefined;
    return longAt(said.bytes, said.marks.at(0) + FILE_ID_AT);
  }
}

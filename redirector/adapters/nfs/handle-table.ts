import type { ResourceId, ServerId } from '../../../core/domain.js';
import { codeOf } from '../../../core/errors.js';
import type { Json } from '../../../core/json.js';
import type { Log } from '../../../core/log.js';
import type { SessionStore } from '../../../core/session-store/port.js';
import type { Link } from './file-entry.js';
import { FileEntry } from './file-entry.js';
import { ID_BYTES, bytesText, idOf, ownHandle, rootIdOf } from './handle-bytes.js';
import type { HandleRecord } from './handle-record.js';
import { handleRecordOf, parseHandleRecord, recordId } from './handle-record.js';

export interface HandleTableParts {
  /** Undefined: handles are good as long as this process lives. */
  readonly store: SessionStore | undefined;
  readonly log: Log;
  /** Bytes that nobody can guess. */
  readonly randomBytes: (length: number) => Uint8Array;
  readonly serverId: (server: number) => ServerId;
  readonly serverIndexOf: (server: ServerId) => number;
}

/** What a server says of a file that a client asked for by name. */
export interface SeenFile {
  readonly server: number;
  readonly handle: Uint8Array;
  /** Undefined: the server did not say. */
  readonly fileId: bigint | undefined;
}

/** So many are looked at for one that can go. */
const EVICTION_LOOKS_MAX = 4096;
/** Of files that lost their last name. */
const NAMELESS_MAX = 1024;
const FILE_ID_UNKNOWN = 0n;

/**
 * The handles that clients have, and what each stands for: a file of a resource, the servers' handles of it, and the names by
 * which it is found on a server that does not know it yet. A handle is in the store before a client gets it: so it is good after
 * a restart, and at whichever redirector goes on. When there are too many, files that nobody used for long go first.
 */
export class HandleTable {
  readonly #parts: HandleTableParts;
  readonly #entriesMax: () => number;
  readonly #byId = new Map<string, FileEntry>();
  /** By resource and server, then by the server's handle. */
  readonly #known = new Map<string, Map<string, FileEntry>>();
  readonly #nameless = new Set<FileEntry>();
  #hand: Iterator<FileEntry, undefined> | undefined;
  /** Forgotten since there were too many. */
  evicted = 0;
  /** Not issued, since there were too many, or the store would not have it. */
  refused = 0;

  constructor(parts: HandleTableParts, entriesMax: () => number) {
    this.#parts = parts;
    this.#entriesMax = entriesMax;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** What was issued in a former life, or by others. @throws ERR_STORE_UNAVAILABLE, ERR_STORE_AMBIGUOUS */
  async load(): Promise<void> {
    const { store, log } = this.#parts;
    const records = (await store?.list('handle')) ?? [];
    const parsed = records.flatMap(([id, value]) => {
      const record = parseHandleRecord(value);
      if (record === undefined) log.warn({ handle: id }, 'file handle not understood');
      return record === undefined ? [] : [[id, record] as const];
    });
    for (const [id, record] of parsed) this.#restore(Buffer.from(id, 'hex'), record);
    for (const [id, record] of parsed) this.#relink(id, record);
  }

  /** Undefined: not known here; another redirector may have issued it: `fetch` asks the store. */
  find(handle: Uint8Array): FileEntry | undefined {
    const id = idOf(handle);
    const entry = id && this.#byId.get(bytesText(id));
    if (entry !== undefined) entry.isUsed = true;
    return entry;
  }

  /** Some redirector may have issued it. */
  isOwn(handle: Uint8Array): boolean {
    return idOf(handle) !== undefined;
  }

  /** Undefined: nobody has issued it, or it was forgotten. @throws ERR_STORE_UNAVAILABLE, ERR_STORE_AMBIGUOUS */
  async fetch(handle: Uint8Array): Promise<FileEntry | undefined> {
    const id = idOf(handle);
    const { store } = this.#parts;
    if (id === undefined || store === undefined) return undefined;
    await this.#fetch(recordId(id), store);
    return this.find(handle);
  }

  /** The first directory of a resource. */
  rootOf(resource: ResourceId): FileEntry {
    const id = rootIdOf(resource);
    return this.#byId.get(bytesText(id)) ?? this.#add(id, resource, FILE_ID_UNKNOWN);
  }

  isRoot(entry: FileEntry): boolean {
    return Buffer.from(rootIdOf(entry.resource)).equals(entry.id);
  }

  /**
   * A server told a client's call that this file lies in that directory under that name. Undefined: nobody may have it, since
   * it lies outside of what is exported, or there are too many.
   */
  seen(dir: FileEntry, name: string, file: SeenFile): FileEntry | undefined {
    const known = this.#knownAt(dir.resource, file.server).get(bytesText(file.handle));
    const isRelative = name === '.' || name === '..';
    if (known !== undefined) {
      known.isUsed = true;
      if (!isRelative && known !== dir) known.link(dir, name);
      return known;
    }
    const expected = relative(dir, name) ?? dir.child(name);
    if (expected !== undefined && isSame(expected, file)) {
      this.resolved(expected, file.server, file.handle);
      return expected;
    }
    if (isRelative) return undefined;
    if (this.size >= this.#entriesMax() && !this.#evict()) {
      this.refused += 1;
      return undefined;
    }
    const id = this.#parts.randomBytes(ID_BYTES);
    const entry = this.#add(id, dir.resource, file.fileId ?? FILE_ID_UNKNOWN);
    this.resolved(entry, file.server, file.handle);
    entry.link(dir, name);
    return entry;
  }

  /** What a server calls a file that is known already. */
  resolved(entry: FileEntry, server: number, handle: Uint8Array): void {
    const known = this.#knownAt(entry.resource, server);
    const former = entry.handleAt(server);
    if (former !== undefined) known.delete(bytesText(former));
    // Out of the message that it came in, which need not be kept for it.
    const own = Uint8Array.from(handle);
    entry.setHandle(server, own);
    known.set(bytesText(own), entry);
  }

  /** It has that name no more. A file without any may still be open, or have names that nobody asked for: it stays a while. */
  removed(dir: FileEntry, name: string): void {
    const entry = dir.child(name);
    if (entry === undefined) return;
    entry.unlink(dir, name);
    if (entry.links.length > 0) return;
    this.#nameless.add(entry);
    for (const oldest of this.#nameless) {
      if (this.#nameless.size <= NAMELESS_MAX) return;
      this.#nameless.delete(oldest);
      if (oldest.links.length === 0) this.forget(oldest);
    }
  }

  /** It has that name from now on, and not the former; undefined: nobody has a handle of it. */
  renamed(from: Link, to: Link): FileEntry | undefined {
    const entry = from.dir.child(from.name);
    if (entry === undefined) {
      this.removed(to.dir, to.name);
      return undefined;
    }
    if (to.dir.child(to.name) !== entry) this.removed(to.dir, to.name);
    entry.link(to.dir, to.name);
    entry.unlink(from.dir, from.name);
    return entry;
  }

  /** The file is no more. */
  forget(entry: FileEntry): void {
    if (entry.hasChildren || this.isRoot(entry)) return;
    for (const { dir, name } of entry.links) entry.unlink(dir, name);
    for (const [server, handle] of entry.handles) {
      this.#knownAt(entry.resource, server).delete(bytesText(handle));
    }
    this.#byId.delete(entry.text);
    this.#nameless.delete(entry);
    const { store, log } = this.#parts;
    store?.remove('handle', recordId(entry.id)).catch((err: unknown) => {
      log.debug({ err }, 'file handle not removed');
    });
  }

  /** They are as durable as the store is. False: the store would not have all of them now. */
  async save(entries: readonly FileEntry[]): Promise<boolean> {
    const { store, serverId, log } = this.#parts;
    const unsaved = entries.filter(({ isSaved }) => !isSaved);
    if (store === undefined) return true;
    const puts = unsaved.map(async (entry) => {
      const record = handleRecordOf(entry, serverId);
      entry.isSaved = true;
      try {
        await store.put('handle', recordId(entry.id), record);
        entry.isKept = true;
        return true;
      } catch (err) {
        if (codeOf(err) === undefined) throw err;
        entry.isSaved = false;
        this.refused += 1;
        log.debug({ err }, 'file handle not kept');
        return false;
      }
    });
    return (await Promise.all(puts)).every((isKept) => isKept);
  }

  /** A client may have it. */
  isKept({ isKept }: FileEntry): boolean {
    return isKept || this.#parts.store === undefined;
  }

  #add(id: Uint8Array, resource: ResourceId, fileId: bigint): FileEntry {
    const entry = new FileEntry({ id, handle: ownHandle(id), resource, fileId });
    this.#byId.set(entry.text, entry);
    return entry;
  }

  #knownAt(resource: ResourceId, server: number): Map<string, FileEntry> {
    const key = `${server} ${resource}`;
    let known = this.#known.get(key);
    if (known === undefined) this.#known.set(key, (known = new Map<string, FileEntry>()));
    return known;
  }

  async #fetch(id: string, store: SessionStore): Promise<void> {
    if (this.#byId.has(bytesText(Buffer.from(id, 'hex')))) return;
    const value: Json | undefined = await store.get('handle', id);
    const record = value === undefined ? undefined : parseHandleRecord(value);
    if (record === undefined) return;
    this.#restore(Buffer.from(id, 'hex'), record);
    for (const [dir] of record.links) await this.#fetch(dir, store);
    this.#relink(id, record);
  }

  #restore(id: Uint8Array, { resource, fileId, handles }: HandleRecord): void {
    if (this.#byId.has(bytesText(id))) return;
    const entry = this.#add(id, resource, BigInt(`0x${fileId}`));
    for (const [server, handle] of Object.entries(handles)) {
      const at = this.#parts.serverIndexOf(server as ServerId);
      this.resolved(entry, at, Buffer.from(handle, 'base64'));
    }
    entry.isSaved = true;
    entry.isKept = true;
  }

  #relink(id: string, { links }: HandleRecord): void {
    const entry = this.#byId.get(bytesText(Buffer.from(id, 'hex')));
    if (entry === undefined) return;
    for (const [dirId, name] of links) {
      const dir = this.#byId.get(bytesText(Buffer.from(dirId, 'hex')));
      if (dir !== undefined && dir !== entry) entry.link(dir, name);
    }
    entry.isSaved = true;
  }

  /** Second chance: around the table, past those that were used since the last time. */
  #evict(): boolean {
    for (let looked = 0; looked < EVICTION_LOOKS_MAX; looked++) {
      this.#hand ??= this.#byId.values();
      const next = this.#hand.next();
      if (next.done === true) {
        this.#hand = undefined;
        continue;
      }
      const entry = next.value;
      if (entry.isUsed || entry.hasChildren || this.isRoot(entry)) {
        entry.isUsed = false;
        continue;
      }
      this.forget(entry);
      this.evicted += 1;
      return true;
    }
    return false;
  }
}

/** The directory itself, or the one above, as far as it is exported: above the first one is that one. */
function relative(dir: FileEntry, name: string): FileEntry | undefined {
  if (name === '.') return dir;
  return name === '..' ? dir.links[0]?.dir : undefined;
}

/** Not known on that server yet, and the same file of the file system that servers share. */
function isSame(entry: FileEntry, { server, fileId }: SeenFile): boolean {
  return entry.handleAt(server) === undefined && fileId !== undefined && entry.fileId === fileId;
}

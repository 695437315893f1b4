import type { ResourceId } from '../../../core/domain.js';
import { bytesText } from './handle-bytes.js';

/** A name in a directory by which a file was seen. */
export interface Link {
  readonly dir: FileEntry;
  /** Its bytes, each a character. */
  readonly name: string;
}

/** Of a file with several names; enough to find it again when one goes. */
const LINKS_MAX = 4;

/** A file or directory that a client has a handle of: what clients call it, what servers call it, and how it is found anew. */
export class FileEntry {
  readonly id: Uint8Array;
  /** For clients. */
  readonly handle: Uint8Array;
  readonly resource: ResourceId;
  /** Of the file system; what is found by name on another server is the same file only if this is the same. */
  fileId: bigint;
  /** Newest last. */
  links: Link[] = [];
  /** The store has it, so a client may: under the names that it had then. */
  isKept = false;
  /** The store has its names as they are. */
  isSaved = false;
  /** Since the table last looked for one that it could do without. */
  isUsed = true;
  readonly #handles = new Map<number, Uint8Array>();
  #children: Map<string, FileEntry> | undefined;

  constructor(of: {
    readonly id: Uint8Array;
    readonly handle: Uint8Array;
    readonly resource: ResourceId;
    readonly fileId: bigint;
  }) {
    this.id = of.id;
    this.handle = of.handle;
    this.resource = of.resource;
    this.fileId = of.fileId;
  }

  /** Of a server, by the gate's index; undefined: not known there yet. */
  handleAt(server: number): Uint8Array | undefined {
    return this.#handles.get(server);
  }

  setHandle(server: number, handle: Uint8Array | undefined): void {
    if (handle === undefined) this.#handles.delete(server);
    else this.#handles.set(server, handle);
  }

  get handles(): IterableIterator<[number, Uint8Array]> {
    return this.#handles.entries();
  }

  get hasChildren(): boolean {
    return this.#children !== undefined && this.#children.size > 0;
  }

  child(name: string): FileEntry | undefined {
    return this.#children?.get(name);
  }

  hasLink(dir: FileEntry, name: string): boolean {
    return dir.child(name) === this;
  }

  /** From now on the file is found there, and whatever was known by that name is not. */
  link(dir: FileEntry, name: string): void {
    if (this.hasLink(dir, name)) return;
    dir.child(name)?.unlink(dir, name);
    this.links.push({ dir, name });
    (dir.#children ??= new Map()).set(name, this);
    this.isSaved = false;
    const [oldest] = this.links;
    if (this.links.length > LINKS_MAX && oldest !== undefined) {
      this.unlink(oldest.dir, oldest.name);
    }
  }

  unlink(dir: FileEntry, name: string): void {
    if (!this.hasLink(dir, name)) return;
    dir.#children?.delete(name);
    this.links = this.links.filter((link) => link.dir !== dir || link.name !== name);
    this.isSaved = false;
  }

  get text(): string {
    return bytesText(this.id);
  }
}

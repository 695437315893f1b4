import type { ResourceId } from '../../../core/domain.js';
import type { FileEntry } from './file-entry.js';
import { bytesText } from './handle-bytes.js';

/** RFC 1813 `stable_how`. */
export const UNSTABLE = 0;
export const FILE_SYNC = 2;

interface State {
  /** What clients see: while it stays the same, what they wrote is where they wrote it. */
  verifier: Uint8Array;
  /** The last that a server said, and which. */
  server: number;
  serverVerifier: string;
  /** Written, and not known to be on a disk; and when that was said last. */
  readonly files: Map<FileEntry, number>;
  /** There were more than can be remembered. */
  isBeyond: boolean;
}

/**
 * What clients have written that may be lost with a server (RFC 1813 §3.3.7): they keep it until it is committed, and send it
 * again when the verifier of a reply is another. Servers' verifiers differ, so clients see one of our own, which changes when
 * something may have been lost, and only then: a planned move commits what is not.
 */
export class Stability {
  readonly #randomBytes: (length: number) => Uint8Array;
  readonly #filesMax: () => number;
  readonly #states = new Map<ResourceId, State>();
  #now = 0;
  /** Verifiers that changed: clients wrote again. */
  changes = 0;

  constructor(randomBytes: (length: number) => Uint8Array, filesMax: () => number) {
    this.#randomBytes = randomBytes;
    this.#filesMax = filesMax;
  }

  verifier(resource: ResourceId): Uint8Array {
    return this.#of(resource).verifier;
  }

  wrote(file: FileEntry, by: { server: number; verifier: Uint8Array; isStable: boolean }): void {
    const state = this.#heard(file.resource, by.server, by.verifier);
    if (by.isStable || state.isBeyond) return;
    state.files.set(file, ++this.#now);
    if (state.files.size <= this.#filesMax()) return;
    state.files.clear();
    state.isBeyond = true;
  }

  /** For whoever is about to commit: what was said to be written by then is what it commits. */
  now(): number {
    return this.#now;
  }

  /** All of the file that was written until then (`now`) is on the disk, unless the server says that it is another. */
  committed(file: FileEntry, by: { server: number; verifier: Uint8Array; until: number }): void {
    const { files } = this.#heard(file.resource, by.server, by.verifier);
    if ((files.get(file) ?? Infinity) <= by.until) files.delete(file);
  }

  /** What a planned move must commit; undefined: that is not known. */
  uncommitted(resource: ResourceId): readonly FileEntry[] | undefined {
    const state = this.#states.get(resource);
    if (state === undefined) return [];
    return state.isBeyond ? undefined : [...state.files.keys()];
  }

  /** Something may be lost: clients send again what they have not committed. */
  lost(resource: ResourceId): void {
    this.#change(this.#of(resource));
  }

  #heard(resource: ResourceId, server: number, verifier: Uint8Array): State {
    const state = this.#of(resource);
    const text = bytesText(verifier);
    if (state.server === server && state.serverVerifier === text) return state;
    // The same server in another life: what it had not written to its disk is gone.
    if (state.server === server) this.#change(state);
    state.server = server;
    state.serverVerifier = text;
    return state;
  }

  #change(state: State): void {
    this.changes += 1;
    state.verifier = this.#randomBytes(8);
    state.files.clear();
    state.isBeyond = false;
  }

  #of(resource: ResourceId): State {
    let state = this.#states.get(resource);
    if (state === undefined) {
      state = {
        verifier: this.#randomBytes(8),
        server: -1,
        serverVerifier: '',
        files: new Map(),
        isBeyond: false,
      };
      this.#states.set(resource, state);
    }
    return state;
  }
}

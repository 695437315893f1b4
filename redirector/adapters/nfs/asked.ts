import type { ServedExport } from './exports.js';
import type { FileEntry } from './file-entry.js';
import type { Procedure } from './procedures.js';

/** The call that a server has replied to. */
export interface Asked {
  /** The client's. */
  readonly xid: number;
  readonly procedure: Procedure;
  readonly number: number;
  readonly server: number;
  readonly export: ServedExport;
  /** The first that its arguments named. */
  readonly entry: FileEntry;
  /** Of what it asked for in there; '' if it named nothing. */
  readonly name: string;
  /** What of the file was known to be written when it was sent. */
  readonly writtenUntil: number;
}

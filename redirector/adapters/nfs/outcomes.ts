import type { FileEntry } from './file-entry.js';
import type { HandleTable } from './handle-table.js';
import { LINK, LOOKUP, NOENT, OK, REMOVE, RENAME, RMDIR, STALE } from './procedures.js';
import type { Asked } from './asked.js';

/**
 * What a call that changes names does to what is known of them. It remembers how that was before a server heard of the call.
 */
export class Outcomes {
  /** The directories, or for a link the file, then the directory. */
  readonly entries: readonly FileEntry[];
  readonly names: readonly string[];
  /** What the first name stood for; undefined: nobody has asked for it. */
  readonly before: FileEntry | undefined;

  constructor({ entries, names }: Pick<Outcomes, 'entries' | 'names'>) {
    this.entries = entries;
    this.names = names;
    const [name = ''] = names;
    this.before = this.entries[0]?.child(name);
  }

  /** What must be in the store before the client hears of it. */
  apply(table: HandleTable, { number }: Asked, status: number | undefined): readonly FileEntry[] {
    const [first, second] = this.entries;
    const [name = '', other = ''] = this.names;
    if (first === undefined) return [];
    if (number === REMOVE || number === RMDIR) {
      if (status === OK || status === NOENT) table.removed(first, name);
      return [];
    }
    if (status !== OK || second === undefined) return [];
    if (number === RENAME) {
      const moved = table.renamed({ dir: first, name }, { dir: second, name: other });
      return moved === undefined ? [] : [moved];
    }
    if (number !== LINK) return [];
    first.link(second, name);
    return [first];
  }
}

/** A name that is not there is not known any more, nor a file that has none and is not there. */
export function lookedFor(
  table: HandleTable,
  { number, entry, name }: Asked,
  status: number | undefined,
): void {
  if (number === LOOKUP && status === NOENT) table.removed(entry, name);
  else if (status === STALE && entry.links.length === 0) table.forget(entry);
}

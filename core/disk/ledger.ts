import { strict as assert } from 'node:assert';
import { codeOf, fail } from '../errors.js';
import type { Json } from '../json.js';
import type { Log } from '../log.js';
import { RECORD_BYTES_MAX, recordsOf } from './frames.js';
import type { Done } from './journal.js';
import { Journal } from './journal.js';
import type { Disk } from './port.js';

/** State that is the sum of its changes. */
export interface LedgerState<Change, Result> {
  /** What a record says. @throws anything, if it says nothing of ours: the data is corrupt then */
  parse(record: Json): Change;
  /** What it returns is handed to whoever committed the change. */
  apply(change: Change): Result;
  /** A short list of changes that makes this state from nothing. Later applies do not change its values. */
  changes(): readonly Change[];
}

export interface LedgerOptions {
  /** Where its files are; one ledger a folder. */
  readonly folder: string;
  /** For messages. */
  readonly name: string;
  /** The journal is folded into a snapshot once it is this long. */
  readonly compactAtBytes: number;
}

/** So much of a snapshot is written at once, so that other work goes on meanwhile. */
const SLICE_BYTES = 256 << 10;

/**
 * Durable state of one process: a snapshot and a journal of changes. A change is applied when it is
 * durable, in the order of the commits, so what anybody saw survives kill -9 and a power cut.
 *
 * Files: `journal-<n>` are the changes since `snapshot-<n>`, which sums up all before; the highest snapshot
 * that ends with its end mark counts, and every journal from its number on follows it. So a fold may stop
 * anywhere: old snapshot and both journals, or new snapshot and new journal, make the same state.
 */
export class Ledger<Change extends Json, Result = void> {
  readonly #disk: Disk;
  readonly #log: Log;
  readonly #state: LedgerState<Change, Result>;
  readonly #options: LedgerOptions;
  readonly #unlock: () => Promise<void>;
  #journal: Journal;
  #number: number;
  #compactAtBytes: number;
  /** Commits that wait while the journals are being switched; undefined: they are not. */
  #held: { readonly record: Uint8Array; readonly done: Done }[] | undefined;
  #folding: Promise<void> | undefined;
  #closed = false;

  private constructor(
    parts: { disk: Disk; log: Log; unlock: () => Promise<void> },
    opened: { journal: Journal; number: number; state: LedgerState<Change, Result> },
    options: LedgerOptions,
  ) {
    this.#disk = parts.disk;
    this.#log = parts.log;
    this.#unlock = parts.unlock;
    this.#journal = opened.journal;
    this.#number = opened.number;
    this.#state = opened.state;
    this.#options = options;
    this.#compactAtBytes = options.compactAtBytes;
  }

  /**
   * Applies to `state` what was committed by earlier owners of the folder.
   * @throws ERR_DATA_LOCKED, ERR_DISK_FAILED, ERR_DATA_CORRUPT
   */
  static async open<Change extends Json, Result>(
    { disk, log }: { readonly disk: Disk; readonly log: Log },
    state: LedgerState<Change, Result>,
    options: LedgerOptions,
  ): Promise<Ledger<Change, Result>> {
    const { folder } = options;
    const unlock = await disk.lock(`${folder}/lock`);
    try {
      const files = await filesIn(disk, folder);
      for (const record of files.snapshot) replay(state, record, folder);
      let journal: Journal | undefined;
      for (const number of files.journals) {
        await journal?.close();
        const path = journalPath(folder, number);
        const opened = await Journal.open(disk, path);
        journal = opened.journal;
        const { tornBytes, records } = opened;
        if (tornBytes > 0) log.warn({ path, tornBytes }, 'torn tail cut from journal');
        // Only the last one may have been written to when the power failed.
        if (tornBytes > 0 && number !== files.journals.at(-1)) fail('ERR_DATA_CORRUPT', { path });
        for (const record of records) replay(state, record, path);
      }
      assert.ok(journal !== undefined, 'a ledger has a journal');
      const number = files.journals.at(-1) ?? files.base;
      await removeBefore(disk, folder, files.base);
      return new Ledger({ disk, log, unlock }, { journal, number, state }, options);
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  /**
   * Resolves when the change is durable and applied.
   * @throws ERR_STORE_UNAVAILABLE – surely not; ERR_STORE_AMBIGUOUS – only a new opening can tell;
   * ERR_LIMIT_REACHED – it is too long for a record
   */
  async commit(change: Change): Promise<Result> {
    const { name } = this.#options;
    if (this.#closed) fail('ERR_STORE_UNAVAILABLE', { store: name });
    const record = encoded(change);
    if (record.byteLength > RECORD_BYTES_MAX) {
      fail('ERR_LIMIT_REACHED', { limit: RECORD_BYTES_MAX, what: `bytes a change of ${name}` });
    }
    const outcome = await new Promise<{ error: Error } | { result: Result }>((resolve) => {
      this.#push(record, (error) => {
        resolve(error === undefined ? { result: this.#state.apply(change) } : { error });
      });
    });
    if ('error' in outcome) {
      const isAmbiguous = codeOf(outcome.error) === 'ERR_DISK_UNSYNCED';
      const code = isAmbiguous ? 'ERR_STORE_AMBIGUOUS' : 'ERR_STORE_UNAVAILABLE';
      return fail(code, { store: name }, { cause: outcome.error });
    }
    this.#compactIfLong();
    return outcome.result;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#folding;
    await this.#journal.close();
    await this.#unlock();
  }

  #push(record: Uint8Array, done: Done): void {
    if (this.#held !== undefined) this.#held.push({ record, done });
    else this.#journal.push(record, done);
  }

  #compactIfLong(): void {
    if (this.#closed || this.#folding !== undefined) return;
    if (this.#journal.sizeBytes < this.#compactAtBytes) return;
    this.#folding = this.#fold()
      .catch((err: unknown) => {
        // Nothing is lost: the journals are still there. The next try comes after as many bytes again.
        this.#compactAtBytes = this.#journal.sizeBytes + this.#options.compactAtBytes;
        this.#log.error({ err, store: this.#options.name }, 'journal not folded');
      })
      .finally(() => {
        this.#folding = undefined;
      });
  }

  async #fold(): Promise<void> {
    const { folder, compactAtBytes } = this.#options;
    const changes = await this.#switchJournal();
    this.#compactAtBytes = compactAtBytes;
    await writeSnapshot(this.#disk, snapshotPath(folder, this.#number), changes);
    await removeBefore(this.#disk, folder, this.#number);
  }

  /** Begins the next journal; returns the state as it was before it. */
  async #switchJournal(): Promise<readonly Change[]> {
    this.#held = [];
    try {
      await this.#journal.settled();
      const path = journalPath(this.#options.folder, this.#number + 1);
      const { journal } = await Journal.open(this.#disk, path);
      const former = this.#journal;
      this.#journal = journal;
      this.#number += 1;
      await former.close();
      return this.#state.changes();
    } finally {
      const held = this.#held;
      this.#held = undefined;
      for (const { record, done } of held) this.#journal.push(record, done);
    }
  }
}

interface Files {
  /** The number where the state begins: that of the snapshot, or 1. */
  readonly base: number;
  readonly snapshot: readonly Uint8Array[];
  /** Those that follow the snapshot, ascending, at least one. */
  readonly journals: readonly number[];
}

async function filesIn(disk: Disk, folder: string): Promise<Files> {
  const names = await disk.list(folder);
  const journals = numbersOf(names, 'journal');
  const { base, snapshot } = await newestSnapshot(disk, folder, numbersOf(names, 'snapshot'));
  if (snapshot === undefined && journals.length === 0) return { base, snapshot: [], journals: [1] };
  const following = journals.filter((number) => number >= base);
  const isWhole = following.length > 0 && following.every((number, at) => number === base + at);
  if (!isWhole) fail('ERR_DATA_CORRUPT', { path: folder });
  return { base, snapshot: snapshot ?? [], journals: following };
}

async function newestSnapshot(disk: Disk, folder: string, numbers: readonly number[]) {
  for (const base of numbers.toReversed()) {
    const bytes = await disk.read(snapshotPath(folder, base));
    const { records } = recordsOf(bytes ?? new Uint8Array(0));
    const end = records.at(-1);
    if (end !== undefined && Buffer.from(end).equals(endMark(records.length - 1))) {
      return { base, snapshot: records.slice(0, -1) };
    }
  }
  return { base: 1, snapshot: undefined };
}

async function writeSnapshot(disk: Disk, path: string, changes: readonly Json[]): Promise<void> {
  const { journal } = await Journal.open(disk, path);
  try {
    let slice: Promise<void>[] = [];
    let bytes = 0;
    for (const change of changes) {
      const record = encoded(change);
      slice.push(journal.append(record));
      bytes += record.byteLength;
      if (bytes < SLICE_BYTES) continue;
      await Promise.all(slice);
      slice = [];
      bytes = 0;
    }
    await Promise.all(slice);
    await journal.append(endMark(changes.length));
  } finally {
    await journal.close();
  }
}

/** Removes what a complete snapshot has made needless; what cannot be removed now is tried at the next opening. */
async function removeBefore(disk: Disk, folder: string, base: number): Promise<void> {
  for (const name of await disk.list(folder)) {
    const number = Number(/^(?:journal|snapshot)-(\d+)(?:\.torn)?$/.exec(name)?.[1] ?? Infinity);
    if (number < base) await disk.remove(`${folder}/${name}`);
  }
}

function replay<Change>(
  state: LedgerState<Change, unknown>,
  record: Uint8Array,
  path: string,
): void {
  try {
    state.apply(state.parse(JSON.parse(Buffer.from(record).toString()) as Json));
  } catch (cause) {
    fail('ERR_DATA_CORRUPT', { path }, { cause });
  }
}

function numbersOf(names: readonly string[], kind: string): number[] {
  return names
    .map((name) => Number(name.startsWith(`${kind}-`) ? name.slice(kind.length + 1) : NaN))
    .filter((number) => Number.isSafeInteger(number) && number > 0)
    .sort((a, b) => a - b);
}

function encoded(change: Json): Uint8Array {
  return Buffer.from(JSON.stringify(change));
}

function endMark(records: number): Uint8Array {
  return encoded({ end: records });
}

function journalPath(folder: string, number: number): string {
  return `${folder}/journal-${number}`;
}

function snapshotPath(folder: string, number: number): string {
  return `${folder}/snapshot-${number}`;
}

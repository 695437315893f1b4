import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EmbeddedBus } from '../../../../core/bus/embedded.js';
import { SimulatedClock } from '../../../../core/clock/simulated.js';
import { framed, recordsOf } from '../../../../core/disk/frames.js';
import type { LedgerState } from '../../../../core/disk/ledger.js';
import { Ledger } from '../../../../core/disk/ledger.js';
import { MemoryDisk } from '../../../../core/disk/memory.js';
import { codeOf } from '../../../../core/errors.js';
import type { Json } from '../../../../core/json.js';
import { EmbeddedSessionStore } from '../../../../core/session-store/embedded.js';
import { EmbeddedTableStore } from '../../../../core/table-store/embedded.js';
import { damaged } from '../../../support/damage.js';
import { fuzzRuns } from '../../../support/fuzz.js';
import { RecordingLog } from '../../../support/recording-log.js';

/** A list of texts. */
class Lines implements LedgerState<string, number> {
  readonly lines: string[] = [];

  parse(record: Json): string {
    if (typeof record !== 'string') throw new Error('not a line');
    return record;
  }

  apply(line: string): number {
    return this.lines.push(line);
  }

  changes(): readonly string[] {
    return [...this.lines];
  }
}

const OPTIONS = { folder: 'lines', name: 'lines', compactAtBytes: 200 };

async function openOn(disk: MemoryDisk, log = new RecordingLog(), options = OPTIONS) {
  const state = new Lines();
  const ledger = await Ledger.open({ disk, log }, state, options);
  return { state, ledger };
}

describe('Ledger', () => {
  it('applies changes in the order of the commits, and has them when it is opened again', async () => {
    const disk = new MemoryDisk();
    const { state, ledger } = await openOn(disk);
    const lines = Array.from({ length: 100 }, (_, at) => `line ${at}`);
    const lengths = await Promise.all(lines.map((line) => ledger.commit(line)));
    expect(lengths).toEqual(lines.map((_line, at) => at + 1));
    expect(state.lines).toEqual(lines);
    await ledger.close();
    expect((await openOn(disk)).state.lines).toEqual(lines);
    const names = await disk.list('lines');
    expect(names.filter((name) => name.startsWith('journal'))).toHaveLength(1);
    expect(names.filter((name) => name.startsWith('snapshot'))).toHaveLength(1);
  });

  it('applies nothing that a full disk refused, and says that it was not', async () => {
    const disk = new MemoryDisk();
    const { state, ledger } = await openOn(disk);
    await ledger.commit('a');
    disk.full = true;
    await expect(ledger.commit('b')).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    disk.full = false;
    await ledger.commit('c');
    expect(state.lines).toEqual(['a', 'c']);
  });

  it('says that it cannot know what became of a change the disk did not confirm', async () => {
    const disk = new MemoryDisk();
    const { state, ledger } = await openOn(disk);
    disk.failsToSync = true;
    await expect(ledger.commit('a')).rejects.toMatchObject({ code: 'ERR_STORE_AMBIGUOUS' });
    disk.failsToSync = false;
    await expect(ledger.commit('b')).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    expect(state.lines).toEqual([]);
    await ledger.close();
    expect((await openOn(disk)).state.lines).toEqual(['a']);
  });

  it('goes on without a fold that the disk refuses', async () => {
    const disk = new MemoryDisk();
    const log = new RecordingLog();
    const { ledger } = await openOn(disk, log);
    const filling = Array.from({ length: 12 }, (_, at) => ledger.commit(`line number ${at}`));
    await Promise.all(filling);
    disk.full = true;
    await ledger.close();
    disk.full = false;
    const { state, ledger: again } = await openOn(disk);
    expect(state.lines).toHaveLength(12);
    await again.commit('more');
    await again.close();
  });

  it('does not begin anew because its first journal is gone', async () => {
    const disk = new MemoryDisk();
    const { ledger } = await openOn(disk, new RecordingLog(), { ...OPTIONS, compactAtBytes: 1e6 });
    await ledger.commit('a');
    await ledger.close();
    await disk.replace('lines/journal-3', new Uint8Array(0));
    await disk.remove('lines/journal-1');
    await expect(openOn(disk)).rejects.toMatchObject({ code: 'ERR_DATA_CORRUPT' });
  });

  it('refuses a record that says nothing it knows', async () => {
    const disk = new MemoryDisk();
    await disk.replace('lines/journal-1', framed([Buffer.from('{"not":"a line"}')]));
    await expect(openOn(disk)).rejects.toMatchObject({ code: 'ERR_DATA_CORRUPT' });
    const free = await disk.lock('lines/lock');
    await free();
  });
});

describe('fuzz: the files of a ledger', () => {
  let files: readonly (readonly [path: string, bytes: Uint8Array])[] = [];
  let written: readonly string[] = [];

  beforeAll(async () => {
    const disk = new MemoryDisk();
    const { state, ledger } = await openOn(disk);
    for (let at = 0; at < 16; at++) await ledger.commit(`line ${at}`);
    await ledger.close();
    written = state.lines;
    const paths = (await disk.list('lines')).map((name) => `lines/${name}`);
    files = await Promise.all(paths.map(async (path) => [path, (await disk.read(path))!] as const));
    expect(files.map(([path]) => path.replace(/-.*/, ''))).toEqual([
      'lines/journal',
      'lines/snapshot',
    ]);
  });

  it('give the first of the changes, or a coded error, and what is cut off is told of', async () => {
    for (const [path, bytes] of files) {
      await fc.assert(
        fc.asyncProperty(damaged(bytes), async (damage) => {
          const disk = new MemoryDisk();
          for (const [other, content] of files) {
            await disk.replace(other, other === path ? damage : content);
          }
          const log = new RecordingLog();
          try {
            const { state, ledger } = await openOn(disk, log);
            expect(state.lines).toEqual(written.slice(0, state.lines.length));
            const isCut = log.messages.includes('torn tail cut from journal');
            const isBeginning = Buffer.compare(damage, bytes.subarray(0, damage.byteLength)) === 0;
            expect(state.lines.length === written.length || isCut || isBeginning).toBe(true);
            await ledger.commit('more');
          } catch (error) {
            if (codeOf(error) !== 'ERR_DATA_CORRUPT') throw error;
          }
        }),
        fuzzRuns(5000),
      );
    }
  });

  const engines = [
    [
      'bus',
      (disk: MemoryDisk, log: RecordingLog) =>
        EmbeddedBus.open({ disk, log, clock: new SimulatedClock() }),
    ],
    ['sessions', (disk: MemoryDisk, log: RecordingLog) => EmbeddedSessionStore.open({ disk, log })],
    ['table', (disk: MemoryDisk, log: RecordingLog) => EmbeddedTableStore.open({ disk, log })],
  ] as const;

  it.each(engines)(
    'of the engine under %s: records that say anything give a coded error or what they say',
    async (folder, open) => {
      const known = await recordsOfEngine(folder);
      const record = fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(...known) },
        { weight: 2, arbitrary: fc.constantFrom(...known).chain(altered) },
        fc.json(),
        fc.string(),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(record, { maxLength: 6 }), async (records) => {
          const disk = new MemoryDisk();
          const bytes = records.filter((text) => text !== '').map((text) => Buffer.from(text));
          await disk.replace(`${folder}/journal-1`, framed(bytes));
          try {
            await (await open(disk, new RecordingLog())).close();
          } catch (error) {
            if (codeOf(error) === undefined) throw error;
          }
        }),
        fuzzRuns(10_000),
      );
    },
  );
});

/** What each engine writes to its journal, one of each kind. */
async function recordsOfEngine(folder: string): Promise<string[]> {
  const disk = new MemoryDisk();
  const parts = { disk, log: new RecordingLog(), clock: new SimulatedClock() };
  if (folder === 'bus') {
    const bus = await EmbeddedBus.open(parts);
    await bus.work('train', () => Promise.resolve(null));
    await bus.schedule('a', { everyMs: 1000 }, 'round', 1);
    await bus.schedule('b', { cron: '* * * * *', timeZone: 'UTC' }, 'round', null);
    await bus.unschedule('a');
    await bus.enqueue('train', { a: 1 }, { id: 'x' });
    await bus.enqueue('tune', 2, { delayMs: 1000 });
    await bus.close();
  } else if (folder === 'sessions') {
    const sessions = await EmbeddedSessionStore.open(parts);
    await sessions.put('session', '1', { a: 1 });
    await sessions.remove('session', '1');
    await sessions.close();
  } else {
    const table = await EmbeddedTableStore.open(parts);
    await table.transact({ checks: [], writes: [{ key: 'a', value: 1 }] });
    await table.transact({ checks: [], writes: [{ key: 'a', value: null }] });
    await table.close();
  }
  const { records } = recordsOf((await disk.read(`${folder}/journal-1`))!);
  return records.map((record) => Buffer.from(record).toString());
}

/** One number or text of it is another. */
function altered(text: string): fc.Arbitrary<string> {
  const parts = text.split(/("[^"]*"|-?\d+)/);
  const other = fc.oneof(
    fc.constantFrom('null', '-1', '1e400', '0.5', '""', '"done"', '[]', '{}', 'true'),
    fc.constantFrom(...parts.filter((part) => /^["\d-]/.test(part))),
  );
  return fc
    .tuple(fc.nat(parts.length - 1), other)
    .map(([at, value]) => parts.map((part, index) => (index === at ? value : part)).join(''));
}

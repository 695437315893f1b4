import { describe, expect, it } from '@jest/globals';
import type { Disk } from '../../../../core/disk/port.js';
import { SILENT_LOG } from '../../../../core/log.js';
import type { Rng } from '../../../../core/rng.js';
import { integerBelow, pick } from '../../../../core/rng.js';
import { EmbeddedTableStore } from '../../../../core/table-store/embedded.js';
import type { Entry, Revision, Write } from '../../../../core/table-store/port.js';
import type { CrashingDisk } from '../../../support/crash.js';
import { crashEverywhere } from '../../../support/crash.js';

interface Transact {
  readonly number: number;
  readonly writes: readonly Write[];
  /** Undefined: it was not answered. */
  revision: Revision | undefined;
}

/** So short a journal is folded every few transactions. */
const open = (disk: Disk) =>
  EmbeddedTableStore.open({ disk, log: SILENT_LOG }, { compactAtBytes: 400 });

/** Transactions of several writes, some at the same time; each leaves a mark of its own. */
async function live(disk: CrashingDisk, rng: Rng): Promise<Transact[]> {
  const sent: Transact[] = [];
  const store = await open(disk).catch(() => undefined);
  while (store !== undefined && sent.length < 25 && !disk.isOff) {
    const together = Array.from({ length: 1 + integerBelow(rng, 3) }, async () => {
      const number = sent.length + 1;
      const transact: Transact = { number, writes: writesOf(rng, number), revision: undefined };
      sent.push(transact);
      const result = await store.transact({ checks: [], writes: transact.writes });
      if (result.committed) transact.revision = result.revision;
    });
    await Promise.allSettled(together);
  }
  return sent;
}

function writesOf(rng: Rng, number: number): Write[] {
  const keys = new Set(Array.from({ length: 3 }, () => pick(rng, ['a', 'b', 'c', 'd', 'e'])));
  const writes = [...keys].map((key) => ({ key, value: rng.next() < 0.2 ? null : number }));
  return [...writes, { key: `mark/${number}`, value: number }];
}

async function check(disk: Disk, sent: readonly Transact[]): Promise<void> {
  const store = await open(disk);
  const { revision, entries } = await store.read(0);
  const found = new Map(entries.map((entry) => [entry.key, entry]));
  const applied = sent.flatMap(({ number, writes }) => {
    const mark = found.get(`mark/${number}`);
    return mark === undefined ? [] : [{ number, writes, revision: mark.revision }];
  });
  // What was answered is there, where it was said to be; and there is nothing missing before the last.
  for (const { number, revision: promised } of sent) {
    if (promised !== undefined) expect(found.get(`mark/${number}`)?.revision).toBe(promised);
  }
  applied.sort((a, b) => a.revision - b.revision);
  expect(applied.map((one) => one.revision)).toEqual(applied.map((_one, at) => at + 1));
  expect(revision).toBe(applied.length);
  // Whole transactions, in their order, and nothing else.
  const model = new Map<string, Entry>();
  for (const { writes, revision: written } of applied) {
    for (const { key, value } of writes) {
      if (value === null) model.delete(key);
      else model.set(key, { key, value, revision: written });
    }
  }
  expect(found).toEqual(model);
  await store.close();
}

describe('EmbeddedTableStore, its power cut at every call to the disk', () => {
  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'has every transaction it answered, whole and in order (seed %d)',
    async (seed) => {
      expect(await crashEverywhere({ seed, live, open, check })).toBeGreaterThan(50);
    },
  );
});

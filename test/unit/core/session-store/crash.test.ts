import { describe, expect, it } from '@jest/globals';
import type { Disk } from '../../../../core/disk/port.js';
import type { Json } from '../../../../core/json.js';
import { SILENT_LOG } from '../../../../core/log.js';
import type { Rng } from '../../../../core/rng.js';
import { integerBelow, pick } from '../../../../core/rng.js';
import { EmbeddedSessionStore } from '../../../../core/session-store/embedded.js';
import type { CrashingDisk } from '../../../support/crash.js';
import { crashEverywhere } from '../../../support/crash.js';

interface Call {
  readonly id: string;
  /** Undefined: removes. */
  readonly value: number | undefined;
  isAnswered: boolean;
}

const open = (disk: Disk) =>
  EmbeddedSessionStore.open({ disk, log: SILENT_LOG }, { compactAtBytes: 400 });

async function live(disk: CrashingDisk, rng: Rng): Promise<Call[]> {
  const calls: Call[] = [];
  const store = await open(disk).catch(() => undefined);
  while (store !== undefined && calls.length < 40 && !disk.isOff) {
    const together = Array.from({ length: 1 + integerBelow(rng, 4) }, async () => {
      const isRemoval = rng.next() < 0.2;
      const call: Call = {
        id: pick(rng, ['a', 'b', 'c', 'd']),
        value: isRemoval ? undefined : calls.length,
        isAnswered: false,
      };
      calls.push(call);
      await (call.value === undefined
        ? store.remove('session', call.id)
        : store.put('session', call.id, call.value));
      call.isAnswered = true;
    });
    await Promise.allSettled(together);
  }
  return calls;
}

/** What is there is what the first so many calls made, those that were answered among them. */
async function check(disk: Disk, calls: readonly Call[]): Promise<void> {
  const store = await open(disk);
  const found = new Map(await store.list('session'));
  const first = calls.findLastIndex(({ isAnswered }) => isAnswered) + 1;
  const possible: Map<string, Json>[] = [];
  const made = new Map<string, Json>();
  for (let count = 0; count <= calls.length; count++) {
    if (count >= first) possible.push(new Map(made));
    const call = calls[count];
    if (call?.value === undefined) made.delete(call?.id ?? '');
    else made.set(call.id, call.value);
  }
  expect(possible).toContainEqual(found);
  await store.close();
}

describe('EmbeddedSessionStore, its power cut at every call to the disk', () => {
  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'has every put and remove it answered, in order (seed %d)',
    async (seed) => {
      expect(await crashEverywhere({ seed, live, open, check })).toBeGreaterThan(30);
    },
  );
});

import { attachmentsOf } from '../cli/services/attachments.js';
import type { ServerId } from '../core/domain.js';
import { percentile } from '../replay/rules/percentile.js';
import { handleOf } from '../test/support/nfs/client.js';
import type { NfsTester } from '../test/support/nfs/client.js';
import type { GaneshaPairOptions } from '../test/support/nfs/pair.js';
import { GaneshaPair } from '../test/support/nfs/pair.js';

const BLOCK_BYTES = 4096;

export interface Pauses {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** With the agents' fence each server exports only what it owns. */
const FENCED: GaneshaPairOptions = {
  attachmentsOf: ({ port, mountPort, exports, pidFile }, cluster) =>
    attachmentsOf(
      { kind: 'ganesha', exports, pidFile, mountPort },
      { server: 's' as ServerId, forward: { host: '127.0.0.1', port } },
      cluster,
    ),
};

/**
 * A client reads, one block after the other, while its export goes to and fro between two real nfs-ganesha, by switches with all that
 * belongs to them. The pause of a move is the longest read that was under way while it was.
 * @throws if a read fails, or a move is not carried out
 */
export async function pausesOfMoves(count: number, fence: 'none' | 'attachment'): Promise<Pauses> {
  const pair = await GaneshaPair.start(fence === 'none' ? {} : FENCED);
  const tester = pair.client();
  try {
    const { clock } = pair.cluster;
    const file = handleOf(await tester.create(await tester.mounted('/vol'), 'file'));
    await tester.write(file, 0, Buffer.alloc(BLOCK_BYTES, 7));
    const state = { isOver: false, longestMs: 0 };
    const reading = (async () => {
      while (!state.isOver) {
        const startedMs = clock.monotonicMs();
        await readBlock(tester, file);
        state.longestMs = Math.max(state.longestMs, clock.monotonicMs() - startedMs);
        // A light load: client, redirector and coordinator are one process here.
        await clock.sleep(1);
      }
    })();
    const pausesMs: number[] = [];
    for (let move = 0; move < count; move++) {
      state.longestMs = 0;
      const target = move % 2 === 0 ? 's2' : 's1';
      const outcome = await pair.cluster.switchTo([['vol-1', target]]);
      if (outcome !== 'applied') throw new Error(`move ${move}: ${outcome}`);
      // What was held has been answered by then.
      await readBlock(tester, file);
      pausesMs.push(state.longestMs);
    }
    state.isOver = true;
    await reading;
    const { accepted } = pair.cluster.nfsOf().counters;
    if (accepted !== 1) throw new Error(`the client connected ${accepted} times`);
    return {
      p50Ms: percentile(pausesMs, 0.5),
      p99Ms: percentile(pausesMs, 0.99),
      maxMs: Math.max(...pausesMs),
    };
  } finally {
    tester.close();
    await pair.stop();
  }
}

async function readBlock(tester: NfsTester, file: Uint8Array): Promise<void> {
  const read = await tester.read(file, 0, BLOCK_BYTES);
  if (typeof read === 'number') throw new Error(`READ: ${read}`);
}

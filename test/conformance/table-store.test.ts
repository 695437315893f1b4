import { MemoryDisk } from '../../core/disk/memory.js';
import type { Disk } from '../../core/disk/port.js';
import { SILENT_LOG } from '../../core/log.js';
import { EmbeddedTableStore } from '../../core/table-store/embedded.js';
import { MemoryTableStore } from '../../core/table-store/memory.js';
import { temporaryDisk } from '../support/temporary.js';
import type { TableStoreWorld } from './table-store.js';
import { describeTableStore } from './table-store.js';

const settled = () => Promise.resolve();

/** A small journal, so that it is folded many times. */
async function embedded(disk: Disk): Promise<TableStoreWorld> {
  const open = () => EmbeddedTableStore.open({ disk, log: SILENT_LOG }, { compactAtBytes: 2000 });
  return { store: await open(), settled, reopen: open };
}

describeTableStore(
  'MemoryTableStore',
  () => Promise.resolve({ store: new MemoryTableStore(), settled }),
  [
    {
      test: 'has everything after it was closed and opened again, under the same name',
      reason: 'it lives as long as its process',
    },
  ],
);

describeTableStore('EmbeddedTableStore in memory', () => embedded(new MemoryDisk()));

describeTableStore('EmbeddedTableStore on files', async () => {
  const { disk, dispose } = await temporaryDisk();
  return { ...(await embedded(disk)), dispose };
});

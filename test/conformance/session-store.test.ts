import { MemoryDisk } from '../../core/disk/memory.js';
import type { Disk } from '../../core/disk/port.js';
import { SILENT_LOG } from '../../core/log.js';
import { EmbeddedSessionStore } from '../../core/session-store/embedded.js';
import { MemorySessionStore } from '../../core/session-store/memory.js';
import { temporaryDisk } from '../support/temporary.js';
import type { SessionStoreWorld } from './session-store.js';
import { describeSessionStore } from './session-store.js';

const recordsMax = 20;

async function embedded(disk: Disk): Promise<SessionStoreWorld> {
  const parts = { disk, log: SILENT_LOG };
  const open = () => EmbeddedSessionStore.open(parts, { limits: { recordsMax } });
  return { store: await open(), recordsMax, reopen: open };
}

describeSessionStore(
  'MemorySessionStore',
  () => Promise.resolve({ store: new MemorySessionStore({ recordsMax }), recordsMax }),
  [
    {
      test: 'has everything after it was closed and opened again',
      reason: 'it lives as long as its process',
    },
  ],
);

describeSessionStore('EmbeddedSessionStore in memory', () => embedded(new MemoryDisk()));

describeSessionStore('EmbeddedSessionStore on files', async () => {
  const { disk, dispose } = await temporaryDisk();
  return { ...(await embedded(disk)), dispose };
});

import { parentPort, workerData } from 'node:worker_threads';
import { SystemClock } from '../../core/clock/system.js';
import { OutboundGuard } from '../../core/net/guard.js';
import { NodeNet } from '../../core/net/node.js';
import type { SharedListener } from '../../core/net/shared-listeners.js';
import { SharedListeners } from '../../core/net/shared-listeners.js';

/* A thread that listens where another one does, and says `thread` to each client. */

const { listeners } = workerData as { readonly listeners: readonly SharedListener[] };
const clock = new SystemClock();
const shared = new SharedListeners(clock, listeners);
const guard = new OutboundGuard({ networks: [], ports: [], excluded: [] });
const net = new NodeNet(clock, guard, undefined, () => shared);
for (const { at } of listeners) {
  await net.listen(at, (connection) => {
    connection.handler = {
      opened: () => undefined,
      data: () => undefined,
      drained: () => undefined,
      ended: () => undefined,
      closed: () => undefined,
    };
    connection.write(Buffer.from('thread'));
    connection.end();
  });
}
shared.close();
parentPort?.postMessage('listens');

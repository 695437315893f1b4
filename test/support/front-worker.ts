import { parentPort, workerData } from 'node:worker_threads';
import { SystemClock } from '../../core/clock/system.js';
import type { Address } from '../../core/domain.js';
import { NodeNet } from '../../core/net/node.js';
import type { SharedListener } from '../../core/net/shared-listeners.js';
import { SharedListeners } from '../../core/net/shared-listeners.js';
import { HttpFront } from './http-front.js';
import { thisMachine } from '../../demo/this-machine.js';

/* The HTTP side of a redirector in a thread, on the socket of another one; says how many connections it has when it is asked. */

const { listener, server } = workerData as {
  readonly listener: SharedListener;
  readonly server: Address;
};
const clock = new SystemClock();
const shared = new SharedListeners(clock, [listener]);
const net = new NodeNet(clock, thisMachine(), undefined, () => shared);
const front = await HttpFront.startBefore(server, { net, listen: listener.at });
shared.close();
parentPort?.on('message', () => {
  parentPort?.postMessage(front.adapter.counters.connections);
});
parentPort?.postMessage('listens');

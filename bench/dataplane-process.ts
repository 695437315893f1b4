import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ProxyArguments, ProxyCommand, ProxyReply } from './dataplane-messages.js';
import type { OwnDataPlane } from './dataplane-ours.js';
import type { ProxyReady } from './proxy-process.js';

/*
 * A proxy of Node's in a process of its own: ours, node:http on both sides, or undici's `dispatch` towards the servers; each loads
 * its own modules only, as its memory is measured. `dataplane-process ARGUMENTS`, and then commands by IPC.
 */

const given = JSON.parse(process.argv[2] ?? '') as ProxyArguments;
const threaded =
  given.kind === 'ours-threads'
    ? new (await import('./dataplane-threads.js')).ThreadedDataPlane(given)
    : undefined;
const own = threaded ?? (given.kind.startsWith('ours') ? await ownDataPlane() : undefined);

function tell(message: ProxyReady | ProxyReply): void {
  process.send?.(message);
}

process.on('message', (command: ProxyCommand) => {
  if (command.do === 'collect') {
    (globalThis as { gc?: () => void }).gc?.();
    tell({ collected: true });
  } else if (command.do === 'split') {
    tell(threaded?.split() ?? { main: 0, others: 0 });
  } else {
    void own?.move(command.count).then(tell);
  }
});
process.once('SIGTERM', () => process.exit());
// Whoever started it is gone.
process.once('disconnect', () => process.exit());

tell({
  port: own === undefined ? await serve(await listenerOf(given.backends[0]!)) : await own.start(),
});

function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  server.keepAliveTimeout = 60_000;
  return new Promise((resolve) =>
    server.listen({ host: '127.0.0.1', port: 0, backlog: 511 }, () => {
      resolve((server.address() as AddressInfo).port);
    }),
  );
}

async function ownDataPlane(): Promise<OwnDataPlane> {
  const module = await import('./dataplane-ours.js');
  return new module.OwnDataPlane(given);
}

async function listenerOf(port: number): Promise<RequestListener> {
  return given.kind === 'undici'
    ? (await import('./dataplane-undici.js')).byUndici(port)
    : (await import('./dataplane-node.js')).byNode(port);
}

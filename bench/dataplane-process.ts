import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as callByNode } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import type { ProxyArguments, ProxyCommand, ProxyReply, ProxyReady } from './dataplane-messages.js';
import { OwnDataPlane } from './dataplane-ours.js';
import { ThreadedDataPlane } from './dataplane-threads.js';

/*
 * A proxy of Node's in a process of its own: ours, the one that everybody writes first (node:http on both sides), or one with
 * undici's `dispatch` towards the servers. `dataplane-process ARGUMENTS`, and then commands by IPC.
 */

const given = JSON.parse(process.argv[2] ?? '') as ProxyArguments;
const threaded = given.threads > 1 ? new ThreadedDataPlane(given) : undefined;
const own = threaded ?? (given.kind.startsWith('ours') ? new OwnDataPlane(given) : undefined);

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

tell({ port: own === undefined ? await serveByNode() : await own.start() });

function serveByNode(): Promise<number> {
  const server = createServer(given.kind === 'undici' ? byUndici() : byNode());
  server.keepAliveTimeout = 60_000;
  return new Promise((resolve) =>
    server.listen({ host: '127.0.0.1', port: 0, backlog: 511 }, () => {
      resolve((server.address() as AddressInfo).port);
    }),
  );
}

function byNode(): (incoming: IncomingMessage, response: ServerResponse) => void {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const [port] = given.backends;
  return (incoming, response) => {
    const { method, url: path, headers } = incoming;
    const outgoing = callByNode(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        headers: { ...headers, connection: 'keep-alive' },
        agent,
      },
      (answer) => {
        const passed = { ...answer.headers };
        delete passed.connection;
        response.writeHead(answer.statusCode ?? 502, passed);
        answer.pipe(response);
      },
    );
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  };
}

function byUndici(): (incoming: IncomingMessage, response: ServerResponse) => void {
  const pool = new Pool(`http://127.0.0.1:${given.backends[0]}`, { connections: 256 });
  return (incoming, response) => {
    const { method = 'GET', url: path = '/', headers } = incoming;
    const hasBody =
      headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
    const passed = { ...headers };
    delete passed.connection;
    delete passed['transfer-encoding'];
    pool.dispatch(
      { method, path, headers: passed, body: hasBody ? incoming : null },
      {
        onRequestStart: () => undefined,
        onResponseStart: (controller, status, fields) => {
          delete fields.connection;
          delete fields['keep-alive'];
          response.writeHead(status, fields);
          response.on('drain', () => {
            controller.resume();
          });
        },
        onResponseData: (controller, chunk) => {
          if (!response.write(chunk)) controller.pause();
        },
        onResponseEnd: () => response.end(),
        onResponseError: () => response.destroy(),
      },
    );
  };
}

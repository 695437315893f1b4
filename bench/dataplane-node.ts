import type { RequestListener } from 'node:http';
import { Agent, request as callByNode } from 'node:http';

/** The proxy that everybody writes first: node:http on both sides. */
export function byNode(port: number): RequestListener {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
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

import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { burn } from './burn.js';
import { cpuSeconds } from './proc.js';

const REQUESTS = 300;
const WARM_UP = 100;

/**
 * What a request of the demo costs its server on this machine, in CPU seconds: measured in this process, client
 * and server together, and the client's part taken as half of what is not burnt.
 */
export async function calibrate(burnMs: number, answerBytes: number): Promise<number> {
  const answer = Buffer.alloc(answerBytes, 'x');
  const server = createServer((_request, response) => {
    burn(burnMs);
    response.end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  for (let left = WARM_UP; left > 0; left--) await ask(port);
  const before = await cpuSeconds();
  for (let left = REQUESTS; left > 0; left--) await ask(port);
  const perRequest = ((await cpuSeconds()) - before) / REQUESTS;
  server.close();
  server.closeAllConnections();
  const around = Math.max(0, perRequest - burnMs / 1000);
  return burnMs / 1000 + around / 2;
}

function ask(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path: '/' }, (response) => {
      response.resume();
      response.once('end', resolve);
    });
    asked.once('error', reject);
    asked.end();
  });
}

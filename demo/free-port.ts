import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that the kernel gives to connections, one of which could have it before whoever asks listens. */
const LEAST = 20_000;
const MOST = 32_000;
const TRIES_MAX = 100;

/** A port of loopback that is free now: for what must be told before it can listen. */
export async function freePort(): Promise<number> {
  for (let tries = 1; ; tries++) {
    const port = randomInt(LEAST, MOST);
    const server = createServer();
    try {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    } catch (error) {
      if (tries === TRIES_MAX) throw error;
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}

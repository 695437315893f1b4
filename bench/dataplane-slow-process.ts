import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { idleConnections } from './dataplane-load.js';
import type { SlowArguments, SlowOpen } from './dataplane-messages.js';

/*
 * Clients that keep a proxy's connections and hardly use them, in a process of their own: nobody whose answers are timed waits
 * for them here. `dataplane-slow-process ARGUMENTS`; it says when all are there, and to each word how many drip. It ends, and
 * its connections with it, when its parent closes the channel.
 */

const PERIOD_MS = 2000;
/** That drip in turn. */
const GROUPS = 100;

/**
 * Clients that never come to the end of their head: a byte from each every two seconds, never from all at once, as of a crowd
 * that came one by one. One that is turned away comes again.
 */
class DrippingClients {
  readonly #port: number;
  readonly #groups = Array.from({ length: GROUPS }, () => new Set<Socket>());

  constructor(port: number) {
    this.#port = port;
  }

  get open(): number {
    return this.#groups.reduce((sum, { size }) => sum + size, 0);
  }

  /** @param count of which each group has as many as the others, or one less */
  async start(count: number): Promise<void> {
    const sizes = this.#groups.map((_group, at) => Math.floor((count + at) / GROUPS));
    const missing = (at: number): number => (sizes[at] ?? 0) - (this.#groups[at]?.size ?? 0);
    for (const [at, group] of this.#groups.entries()) {
      while (missing(at) > 0) {
        await Promise.all(Array.from({ length: missing(at) }, () => this.#begin(group)));
      }
    }
    let at = 0;
    setInterval(() => {
      at = (at + 1) % GROUPS;
      const group = this.#groups[at];
      if (group === undefined) return;
      for (const socket of group) socket.write('x');
      for (let left = missing(at); left > 0; left--) void this.#begin(group);
    }, PERIOD_MS / GROUPS);
  }

  #begin(group: Set<Socket>): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port: this.#port }, () => {
        socket.write('GET /vol-1/1k HTTP/1.1\r\nHost: bench\r\nX: ');
        resolve();
      });
      group.add(socket);
      socket
        .on('error', () => undefined)
        .on('data', () => undefined)
        .on('close', () => {
          group.delete(socket);
          resolve();
        });
    });
  }
}

const given = JSON.parse(process.argv[2] ?? '') as SlowArguments;
const dripping = new DrippingClients(given.port);
process.once('disconnect', () => process.exit());
await dripping.start(given.dripping);
await idleConnections(given.port, given.idle);

function tell(): void {
  const said: SlowOpen = { dripping: dripping.open };
  process.send?.(said);
}
process.on('message', tell);
tell();

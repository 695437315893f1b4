import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Client } from 'undici';
import { SystemClock } from '../../core/clock/system.js';
import { NodeNet } from '../../core/net/node.js';
import { HttpFront } from '../support/http-front.js';
import { describeWith } from '../support/installed.js';
import { thisMachine } from '../../demo/this-machine.js';
import { untilWithin } from '../support/until.js';

/* Slow clients that nobody here wrote (slowhttptest), more than the listener takes, beside one that means well. */

const ATTACKERS = 400;
const SECONDS = 6;
const TIMEOUTS = { headTimeoutMs: 2000, idleTimeoutMs: 2000, stallTimeoutMs: 2000 };

describeWith('slowhttptest')('slow clients', () => {
  const until = untilWithin(20_000);
  let server: Server;
  let front: HttpFront;
  let good: Client;

  beforeEach(async () => {
    server = createServer((request, response) => {
      request.resume().on('end', () => response.end(Buffer.alloc(64 << 10, 'x')));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const clock = new SystemClock();
    front = await HttpFront.start({
      net: new NodeNet(clock, thisMachine()),
      clock,
      listen: { host: '127.0.0.1', port: 0 },
      servers: { s1: { host: '127.0.0.1', port: (server.address() as AddressInfo).port } },
      table: { 'vol-1': 's1@1.1' },
      options: TIMEOUTS,
    });
    good = new Client(`http://127.0.0.1:${front.address.port}`);
  });

  afterEach(async () => {
    await good.close();
    await front.stop();
    server.closeAllConnections();
    server.close();
  });

  for (const [what, mode] of Object.entries({
    'whose heads do not end': ['-H', '-i', '1'],
    'whose bodies do not end': ['-B', '-i', '1', '-s', '8192'],
    'who ask for many overlapping ranges': ['-R'],
    'who do not read their answers': ['-X', '-k', '8', '-w', '1', '-y', '64', '-n', '1', '-z', '8'],
  })) {
    it(`keep nobody else waiting: those ${what}`, async () => {
      const attack = slowhttptest(mode, front.address.port);
      const over = new AbortController();
      void attack.finally(() => {
        over.abort();
      });
      const tookMs: number[] = [];
      const statuses = new Set<number>();
      let most = 0;
      while (!over.signal.aborted) {
        const startedMs = performance.now();
        const answer = await good.request({ method: 'GET', path: '/vol-1/x' });
        await answer.body.dump();
        tookMs.push(performance.now() - startedMs);
        statuses.add(answer.statusCode);
        most = Math.max(most, front.adapter.counters.connections);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const said = await attack;
      expect(said).toContain('service available');
      expect(said).not.toMatch(/service available:\s*NO/);
      expect([...statuses]).toEqual([200]);
      expect(tookMs.length).toBeGreaterThan(20);
      // They were there: all at once, or with a request each.
      const { requests } = front.adapter.counters;
      expect(Math.max(most, requests - tookMs.length)).toBeGreaterThan(ATTACKERS / 4);
      await until('only the good client is left', () =>
        Promise.resolve(front.adapter.counters.connections <= 1),
      );
      expect(front.gate.held().requests).toBe(0);
      expect(front.gate.counters().map(({ inFlight }) => inFlight)).toEqual([0]);
    });
  }
});

/** What it has to say at its end. */
function slowhttptest(mode: readonly string[], port: number): Promise<string> {
  const args = [
    ...mode,
    ...['-c', String(ATTACKERS), '-r', String(ATTACKERS), '-l', String(SECONDS), '-p', '3'],
    ...['-u', `http://127.0.0.1:${port}/vol-1/x`, '-v', '1'],
  ];
  return new Promise((resolve, reject) => {
    execFile('slowhttptest', args, (error, stdout) => {
      if (error !== null && stdout === '') reject(new Error('it did not run', { cause: error }));
      // Without the colours.
      else resolve(stdout.replaceAll(/\[[0-9;]*m/g, ''));
    });
  });
}

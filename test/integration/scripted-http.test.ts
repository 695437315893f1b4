import { afterEach, describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../core/clock/system.js';
import { NodeNet } from '../../core/net/node.js';
import type { HttpOptions } from '../../redirector/adapters/http/options.js';
import { HttpFront } from '../support/http-front.js';
import { tableOf } from '../support/names.js';
import type { Script } from '../support/scripted.js';
import {
  ScriptedServer,
  Signal,
  closes,
  does,
  hears,
  hearsEnd,
  hearsNothing,
  playClient,
  reads,
  resets,
  says,
} from '../support/scripted.js';
import { thisMachine } from '../../demo/this-machine.js';

/*
 * One script for each fault that was found in how HTTP goes through: client and server step by step over real sockets, the
 * redirector between them. What hangs on no order of events is a case of test/corpus instead.
 */

const GET_A = 'GET /vol-1/a HTTP/1.1\r\nHost: t\r\n\r\n';
const GET_B = 'GET /vol-1/b HTTP/1.1\r\nHost: t\r\n\r\n';
const GOT_A = /^GET \/vol-1\/a HTTP\/1\.1\r\n[^]*?\r\n\r\n/;
const GOT_B = /^GET \/vol-1\/b HTTP\/1\.1\r\n[^]*?\r\n\r\n/;

function ok(body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

function answer(status: number, body = ''): RegExp {
  return new RegExp(`^HTTP/1\\.1 ${status} [^]*?\\r\\n\\r\\n${body}`);
}

const servers: ScriptedServer[] = [];
let front: HttpFront | undefined;

afterEach(async () => {
  await front?.stop();
  front = undefined;
  for (const server of servers.splice(0)) server.stop();
});

/** A redirector before servers by script: `vol-1` is at the first of them. */
async function between(
  scripts: readonly (readonly Script[])[],
  options: Partial<HttpOptions> = {},
): Promise<HttpFront> {
  for (const script of scripts) servers.push(await ScriptedServer.start(...script));
  const clock = new SystemClock();
  front = await HttpFront.start({
    net: new NodeNet(clock, thisMachine()),
    clock,
    listen: { host: '127.0.0.1', port: 0 },
    servers: Object.fromEntries(servers.map(({ address }, at) => [`s${at + 1}`, address])),
    table: { 'vol-1': 's1@1.1' },
    options,
  });
  return front;
}

async function finished(): Promise<void> {
  for (const server of servers) await server.finished();
}

describe('what a server says', () => {
  it('behind its answer is not the answer to the request that waits', async () => {
    const { address } = await between([
      [
        [hears(GOT_A), says(ok('good') + ok('evil')), hearsEnd()],
        [hears(GOT_B), says(ok('fine'))],
      ],
    ]);
    await playClient(
      address,
      says(GET_A + GET_B),
      hears(answer(200, 'good')),
      hears(answer(200, 'fine')),
    );
    await finished();
  });

  it('while nobody asks is not the answer to who asks next', async () => {
    const asked = new Signal();
    const said = new Signal();
    const { address } = await between([
      [
        [hears(GOT_A), says(ok('good')), asked.wait, says(ok('evil')), said.tell, hearsEnd()],
        [hears(GOT_B), says(ok('fine'))],
      ],
    ]);
    await playClient(
      address,
      ...[says(GET_A), hears(answer(200, 'good')), asked.tell, said.wait, hearsNothing()],
      ...[says(GET_B), hears(answer(200, 'fine'))],
    );
    await finished();
  });

  it('of a length with 204 leaves no client waiting for a body', async () => {
    const { address } = await between([
      [
        [
          ...[hears(GOT_A), says('HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n')],
          ...[hears(GOT_B), says(ok('fine'))],
        ],
      ],
    ]);
    await playClient(
      address,
      ...[says(GET_A), hears(/^HTTP\/1\.1 204 (?:(?!content-length)[^])*?\r\n\r\n/i)],
      ...[says(GET_B), hears(answer(200, 'fine'))],
    );
    await finished();
  });

  it('of its own connection in an interim answer ends nothing between us and the client', async () => {
    const hints = 'HTTP/1.1 103 Early Hints\r\nConnection: close\r\nLink: </x>\r\n\r\n';
    const { address } = await between([
      [[hears(GOT_A), says(hints), says(ok('good')), hears(GOT_B), says(ok('fine'))]],
    ]);
    await playClient(
      address,
      ...[says(GET_A), hears(/^HTTP\/1\.1 103 (?:(?!connection)[^])*?link: <\/x>\r\n\r\n/i)],
      ...[hears(answer(200, 'good')), says(GET_B), hears(answer(200, 'fine'))],
    );
    await finished();
  });
});

describe('a connection to a server', () => {
  it('that a vanished client had paused is closed or heard before it serves another one', async () => {
    const body = 'x'.repeat(8 << 20);
    const left = new Signal();
    const { address } = await between([
      [
        [hears(GOT_A), says(ok(body)), left.tell, hearsEnd()],
        [hears(GOT_B), says(ok('fine'))],
      ],
    ]);
    await playClient(address, reads(false), says(GET_A), left.wait, hearsNothing(), resets());
    await playClient(address, says(GET_B), hears(answer(200, 'fine')));
    await finished();
  });

  it('that died while it was idle costs a request that does no harm one more try', async () => {
    const { address } = await between([
      [
        [hears(GOT_A), says(ok('good')), hears(GOT_B), resets()],
        [hears(GOT_B), says(ok('fine'))],
      ],
    ]);
    await playClient(
      address,
      ...[says(GET_A), hears(answer(200, 'good'))],
      ...[says(GET_B), hears(answer(200, 'fine'))],
    );
    await finished();
  });

  it('whose answer to a POST was lost is not asked the same again: the client is told that it may have been done', async () => {
    const post = 'POST /vol-1/a HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nbody';
    const { address } = await between([[[hears(/^POST [^]*\r\n\r\nbody/), resets()]]]);
    await playClient(
      address,
      says(post),
      hears(/^HTTP\/1\.1 502 [^]*foreshift-executed: unknown\r\n/),
    );
    await finished();
  });

  it('that is waited for is not waited for any more once the resource moves', async () => {
    const firstAsked = new Signal();
    const queued = new Signal();
    const moved = new Signal();
    const { address, gate } = await between(
      [
        [[hears(GOT_A), firstAsked.tell, moved.wait, says(ok('good')), hearsNothing()]],
        [[hears(GOT_B), says(ok('there'))]],
      ],
      { serverConnectionsMax: 1 },
    );
    const first = playClient(address, says(GET_A), hears(answer(200, 'good')));
    await playClient(address, firstAsked.wait);
    const second = playClient(
      address,
      ...[says(GET_B), hearsNothing(), queued.tell],
      hears(answer(200, 'there')),
    );
    await playClient(
      address,
      queued.wait,
      does(() => {
        // As after the loss of its server: nobody waits for what is under way.
        gate.apply(tableOf({ 'vol-1': 's2@1.2' }));
      }),
      moved.tell,
    );
    await Promise.all([first, second]);
    await finished();
  });
});

describe('an upgrade', () => {
  it('is counted as an answer, and carries bytes both ways until one side ends', async () => {
    const upgraded =
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhi';
    const { address, adapter } = await between([
      [[hears(/^GET [^]*?\r\n\r\n/), says(upgraded), hears(/^ping$/), says('pong'), closes()]],
    ]);
    await playClient(
      address,
      says('GET /vol-1/a HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
      ...[hears(answer(101)), hears(/^hi$/), says('ping'), hears(/^pong$/), hearsEnd()],
    );
    await finished();
    expect(adapter.counters.answers[1]).toBe(1);
  });
});

describe('a refusal', () => {
  it('of a request whose body is still on its way ends the connection, and what follows is no request', async () => {
    const { address } = await between([]);
    await playClient(
      address,
      says(
        'POST /none/a HTTP/1.1\r\nHost: t\r\nContent-Length: 70000000\r\n\r\nGET /vol-1/a HTTP/1.1\r\n',
      ),
      ...[hears(/^HTTP\/1\.1 404 [^]*?connection: close[^]*?\r\n\r\n[^]*/i)],
    );
    await finished();
  });
});

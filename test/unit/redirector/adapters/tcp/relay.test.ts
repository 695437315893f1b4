import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { r, tableOf } from '../../../../support/names.js';
import { fuzzRuns } from '../../../../support/fuzz.js';
import type { TcpWorldOptions } from '../../../../support/tcp-world.js';
import { TcpWorld, finish, say } from '../../../../support/tcp-world.js';

/** The first if it comes before the client has heard that it is connected. */
const RESET = ['refused', 'reset'];

async function worldWith(options?: TcpWorldOptions): Promise<TcpWorld> {
  const world = new TcpWorld(options);
  await world.start();
  return world;
}

describe('a TCP connection', () => {
  it('carries bytes both ways and counts them while it is open', async () => {
    const world = await worldWith();
    const { client, server } = await world.connected('hello');
    expect(server.text).toBe('hello');
    say(server, 'thanks');
    await world.clock.advance(50);
    expect(client.text).toBe('thanks');
    expect(world.gate.counters()[0]).toMatchObject({ bytes: 11, hits: 0, inFlight: 1 });
  });

  it('lets the client finish first and still hear the answer', async () => {
    const world = await worldWith();
    const { client, server } = await world.connected('question');
    finish(client);
    await world.clock.advance(50);
    expect(server.heard).toContain('ended');
    say(server, 'answer');
    finish(server);
    await world.clock.advance(50);
    expect(client.text).toBe('answer');
    expect(client.closedBy).toBe('ended');
    expect(server.closedBy).toBe('ended');
    expect(world.gate.counters()[0]).toMatchObject({ hits: 1, inFlight: 0 });
    expect(world.adapter.counters.connections).toBe(0);
    expect(world.adapter.counters.cut.size).toBe(0);
  });

  it('lets the server finish first and still take what comes', async () => {
    const world = await worldWith();
    const { client, server } = await world.connected('a');
    say(server, 'greeting');
    finish(server);
    await world.clock.advance(50);
    expect(client.heard).toContain('ended');
    say(client, 'b');
    finish(client);
    await world.clock.advance(50);
    expect(server.text).toBe('ab');
    expect([client.closedBy, server.closedBy]).toEqual(['ended', 'ended']);
  });

  it('takes a client that finishes before its server is reached', async () => {
    const world = await worldWith();
    const client = world.client();
    say(client, 'all at once');
    finish(client);
    await world.clock.advance(50);
    expect(world.at.s1[0]?.text).toBe('all at once');
    expect(world.at.s1[0]?.heard).toContain('ended');
  });

  it('makes a fast client wait for a slow server, and loses nothing', async () => {
    const world = await worldWith({ windowBytes: 1000 });
    const { client, server } = await world.connected('');
    server.does((c) => {
      c.pause();
    });
    let sent = 0;
    let isFull = false;
    while (sent < 100_000 && !isFull) {
      for (let burst = 0; burst < 5 && !isFull; burst++) {
        isFull = !say(client, 'x'.repeat(100));
        sent += 100;
      }
      await world.clock.advance(10);
    }
    // Two windows and what the relay itself holds, not all that the client would send.
    expect(sent).toBeLessThan(10_000);
    expect(isFull).toBe(true);
    server.does((c) => {
      c.resume();
    });
    await world.clock.advance(200);
    expect(client.heard).toContain('drained');
    expect(server.bytes).toBe(sent);
  });

  it('makes a fast server wait for a slow client, and gives it all in the end', async () => {
    const world = await worldWith({ windowBytes: 1000 });
    const { client, server } = await world.connected('');
    client.does((c) => {
      c.pause();
    });
    let sent = 0;
    while (sent < 50_000 && say(server, 'y'.repeat(500))) {
      sent += 500;
      await world.clock.advance(10);
    }
    sent += 500;
    expect(sent).toBeLessThan(10_000);
    finish(server);
    client.does((c) => {
      c.resume();
    });
    await world.clock.advance(200);
    expect(client.bytes).toBe(sent);
    expect(client.heard).toContain('ended');
  });

  it('resets its client when the server breaks off, which cannot take it for an end', async () => {
    const world = await worldWith();
    const { client, server } = await world.connected();
    server.does((c) => {
      c.reset();
    });
    await world.clock.advance(50);
    expect(client.closedBy).toBe('reset');
    expect(client.heard).not.toContain('ended');
    expect([...world.adapter.counters.cut]).toEqual([['serverLost', 1]]);
    expect(world.gate.inFlight(r('vol-1'))).toBe(0);
  });

  it('resets its server when the client breaks off', async () => {
    const world = await worldWith();
    const { client, server } = await world.connected();
    client.does((c) => {
      c.reset();
    });
    await world.clock.advance(50);
    expect(server.closedBy).toBe('reset');
    expect(world.adapter.counters.clientsGone).toBe(1);
    expect(world.gate.inFlight(r('vol-1'))).toBe(0);
    expect(world.adapter.counters.connections).toBe(0);
  });

  it('gives a client all of the last answer though the server is gone, and then resets one that still sends', async () => {
    const world = await worldWith();
    const { client, server } = await world.connected();
    say(server, 'the last words');
    finish(server);
    await world.clock.advance(20);
    server.does((c) => {
      c.reset();
    });
    await world.clock.advance(20);
    expect(client.text).toBe('the last words');
    expect(client.heard).toContain('ended');
    expect(world.gate.inFlight(r('vol-1'))).toBe(0);
    await world.clock.advance(5000);
    expect(client.closedBy).toBe('reset');
    expect(world.adapter.counters.connections).toBe(0);
  });

  it('is reset after the idle limit, not before, whichever side was heard last', async () => {
    const world = await worldWith({ options: { idleTimeoutMs: 1000 } });
    const { client, server } = await world.connected();
    for (let round = 0; round < 5; round++) {
      say(round % 2 === 0 ? client : server, '.');
      await world.clock.advance(900);
      expect(client.closedBy).toBeUndefined();
    }
    await world.clock.advance(200);
    expect([client.closedBy, server.closedBy]).toEqual(['reset', 'reset']);
    expect([...world.adapter.counters.cut]).toEqual([['idle', 1]]);
  });

  it('is reset sooner once one side has finished', async () => {
    const world = await worldWith({ options: { halfClosedTimeoutMs: 500 } });
    const { client } = await world.connected();
    finish(client);
    await world.clock.advance(400);
    expect(client.closedBy).toBeUndefined();
    await world.clock.advance(200);
    expect(client.closedBy).toBe('reset');
  });

  it('is reset at the end of its life, however busy', async () => {
    const world = await worldWith({ options: { lifeMs: 1000 } });
    const { client } = await world.connected();
    for (let round = 0; round < 12; round++) {
      say(client, '.');
      await world.clock.advance(100);
    }
    expect(client.closedBy).toBe('reset');
    expect([...world.adapter.counters.cut]).toEqual([['life', 1]]);
  });
});

describe('a TCP connection that cannot be served', () => {
  it('is reset beyond the limits: of all, of one client, of one server', async () => {
    const world = await worldWith({
      options: { connectionsMax: 4, connectionsPerClientMax: 2, serverConnectionsMax: 3 },
    });
    const of = (host: string) => world.client(host);
    const kept = [of('a'), of('a'), of('b')];
    await world.clock.advance(50);
    const beyond = [of('a'), of('c')];
    await world.clock.advance(50);
    for (const { closedBy } of beyond) expect(RESET).toContain(closedBy);
    expect(world.at.s1).toHaveLength(3);
    expect(kept.map(({ closedBy }) => closedBy)).toEqual([undefined, undefined, undefined]);
    expect(Object.fromEntries(world.adapter.counters.refused)).toEqual({
      tooManyOfClient: 1,
      serverFull: 1,
    });
    expect(world.gate.inFlight(r('vol-1'))).toBe(3);
  });

  it('is reset if its resource is not known, or has no server', async () => {
    const world = await worldWith({ route: { by: 'listener', resource: r('vol-2') } });
    const client = world.client();
    await world.clock.advance(50);
    world.gate.apply(tableOf({ 'vol-2': 's1@1.1' }));
    world.gate.apply(tableOf({}, '1.1001'));
    const later = world.client();
    await world.clock.advance(50);
    for (const { closedBy } of [client, later]) expect(RESET).toContain(closedBy);
    expect(Object.fromEntries(world.adapter.counters.refused)).toEqual({
      noResource: 1,
      unassigned: 1,
    });
  });

  it('waits for a server that does not answer, and goes there once it does', async () => {
    const world = new TcpWorld();
    await world.adapter.start();
    const client = world.client();
    say(client, 'hello');
    await world.clock.advance(500);
    expect(world.suspected).toEqual(['s1']);
    await world.listen('s1');
    world.gate.unstall(world.suspected[0]!);
    await world.clock.advance(100);
    expect(world.at.s1[0]?.text).toBe('hello');
  });

  it('is reset if the server does not answer in time, and nothing of it stays', async () => {
    const world = new TcpWorld();
    await world.adapter.start();
    const client = world.client();
    await world.clock.advance(20_000);
    expect(client.closedBy).toBe('reset');
    expect(world.gate.inFlight(r('vol-1'))).toBe(0);
    expect(world.gate.heldRequests).toBe(0);
  });

  it('sends nothing more once the own lease is over, where that is needed', async () => {
    const world = await worldWith({ needsLease: true });
    const { client, server } = await world.connected('before');
    world.gate.setLease(world.clock.monotonicMs());
    say(client, 'after');
    await world.clock.advance(50);
    expect(server.text).toBe('before');
    expect(client.closedBy).toBe('reset');
  });
});

it('is past the fence of servers, for what its listeners may name', () => {
  const { adapter } = new TcpWorld();
  expect(adapter.bypassesFence(r('vol-1'))).toBe(true);
  expect(adapter.bypassesFence(r('vol-2'))).toBe(false);
});

describe('a TCP connection in a switch', () => {
  it('waits while its resource is held, and goes to the target, unread until then', async () => {
    const world = await worldWith();
    await world.dataPlane.hold(world.batch);
    const client = world.client();
    say(client, 'hello');
    await world.clock.advance(200);
    expect(world.at.s1).toEqual([]);
    world.dataPlane.apply(tableOf({ 'vol-1': 's2@1.2' }, '1.2000'));
    world.dataPlane.resume(world.batch, true);
    await world.clock.advance(50);
    expect(world.at.s1).toEqual([]);
    expect(world.at.s2[0]?.text).toBe('hello');
  });

  it('keeps its resource from moving if the policy is abort, and is served on', async () => {
    const world = await worldWith({ drain: 'abort' });
    const { client, server } = await world.connected('a');
    await world.clock.advance(10_000);
    expect((await world.dataPlane.prepare(world.batch)).map(({ what }) => what)).toEqual([
      'an open TCP connection',
    ]);
    expect(await world.switch()).toEqual(['an open TCP connection']);
    say(client, 'b');
    await world.clock.advance(50);
    expect(server.text).toBe('ab');
    expect(world.at.s2).toEqual([]);
  });

  it('stays where it is if the policy is pin, and new ones go to the target', async () => {
    const world = await worldWith({ drain: 'pin' });
    const { client, server } = await world.connected('a');
    expect(await world.switch()).toEqual([]);
    say(client, 'b');
    const later = world.client();
    say(later, 'c');
    await world.clock.advance(50);
    expect(server.text).toBe('ab');
    expect(world.at.s2[0]?.text).toBe('c');
    expect(world.adapter.counters.pinned).toBe(1);
    finish(client);
    finish(server);
    await world.clock.advance(50);
    expect(client.closedBy).toBe('ended');
    expect(world.gate.inFlight(r('vol-1'))).toBe(1);
  });

  it('is reset at the deadline if the policy is cut: not a byte goes to the source after it', async () => {
    const world = await worldWith({ drain: 'cut' });
    const { client, server } = await world.connected('a');
    const switched = world.switch();
    await world.clock.advance(0);
    expect(client.closedBy).toBeUndefined();
    expect(await switched).toEqual([]);
    say(client, 'b');
    await world.clock.advance(50);
    expect([client.closedBy, server.closedBy]).toEqual(['reset', 'reset']);
    expect(server.text).toBe('a');
    expect([...world.adapter.counters.cut]).toEqual([['move', 1]]);
  });

  it.each(['cut', 'pin'] as const)(
    'goes to the target if it had not reached the source yet (%s)',
    async (drain) => {
      const world = new TcpWorld({ drain });
      await world.adapter.start();
      await world.listen('s2');
      // The source's host is silent: the connection to it is being opened all the time.
      world.net.crash('s1', 'power');
      const client = world.client();
      say(client, 'hello');
      await world.clock.advance(100);
      expect(await world.switch()).toEqual([]);
      await world.clock.advance(100);
      expect(world.at.s2[0]?.text).toBe('hello');
      expect(client.closedBy).toBeUndefined();
    },
  );

  it('is reset if its source is lost, and a new one goes to the target', async () => {
    const world = await worldWith();
    const { client } = await world.connected();
    const batch = { ...world.batch, lost: [world.move.source!] };
    await world.dataPlane.hold(batch);
    await world.dataPlane.drain(batch, new AbortController().signal);
    await world.clock.advance(50);
    expect(client.closedBy).toBe('reset');
    expect(world.gate.inFlight(r('vol-1'))).toBe(0);
  });

  it('finds out before anybody depends on it whether the target answers', async () => {
    const world = await worldWith();
    const { signal } = new AbortController();
    const reached = world.dataPlane.attach(world.batch, signal);
    await world.clock.advance(50);
    expect(await reached).toEqual([]);
    world.net.crash('s2');
    const refused = world.dataPlane.attach(world.batch, signal);
    await world.clock.advance(50);
    expect(await refused).toEqual([{ resource: 'vol-1', why: 's2 is refused' }]);
  });
});

describe('a TCP redirector that stops', () => {
  it('lets open connections end, turns waiting ones away, and resets what is left', async () => {
    const world = await worldWith();
    const { client: first } = await world.connected();
    const { client: second, server } = await world.connected();
    world.gate.hold([r('vol-1')]);
    const waiting = world.client();
    await world.clock.advance(50);
    let isStopped = false;
    void world.adapter.stop(1000).then(() => {
      isStopped = true;
    });
    await world.clock.advance(500);
    expect(waiting.closedBy).toBe('reset');
    expect(isStopped).toBe(false);
    finish(second);
    finish(server);
    await world.clock.advance(100);
    expect(second.closedBy).toBe('ended');
    await world.clock.advance(1000);
    expect(first.closedBy).toBe('reset');
    expect(isStopped).toBe(true);
    expect(world.gate.heldRequests).toBe(0);
  });
});

describe('many TCP connections', () => {
  type Step = readonly [
    'write' | 'answer' | 'finish' | 'end' | 'reset' | 'break' | 'slow' | 'on',
    number,
  ];
  const step: fc.Arbitrary<Step> = fc.tuple(
    fc.constantFrom('write', 'answer', 'finish', 'end', 'reset', 'break', 'slow', 'on'),
    fc.nat(3),
  );

  it('leave nothing behind and mix up nothing, whatever both sides do and when', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.nat(1000), async (steps, seed) => {
        const world = await worldWith({
          drain: 'cut',
          windowBytes: 300,
          seed,
          options: { idleTimeoutMs: 60_000, halfClosedTimeoutMs: 60_000 },
        });
        const clients = [0, 1, 2, 3].map((at) => {
          const client = world.client(`c${at}`);
          say(client, `<${at}>`);
          return client;
        });
        await world.clock.advance(20);
        const serverOf = (at: number) => world.at.s1.find(({ text }) => text.startsWith(`<${at}>`));
        const sent = ['', '', '', ''];
        const isSaid = [false, false, false, false];
        for (const [what, at] of steps) {
          const client = clients[at]!;
          const server = serverOf(at);
          const text = `${at}`.repeat(100);
          if (what === 'write') client.does((c) => c.write(Buffer.from(text)));
          if (what === 'answer' && !isSaid[at] && server?.closedBy === undefined) {
            say(server, text);
            sent[at] = `${sent[at]}${text}`;
          }
          if (what === 'finish') finish(client);
          if (what === 'end') {
            finish(server);
            isSaid[at] = true;
          }
          if (what === 'reset') client.connection.reset();
          if (what === 'break') server?.connection.reset();
          if (what === 'slow') client.connection.pause();
          if (what === 'on') client.connection.resume();
          await world.clock.advance(3);
        }
        for (const client of clients) client.connection.resume();
        await world.clock.advance(500);
        for (const [at, client] of clients.entries()) {
          expect(client.text).toMatch(new RegExp(`^${at}*$`));
          expect(serverOf(at)?.text ?? `<${at}>`).toMatch(new RegExp(`^<${at}>${at}*$`));
          // An end that looks orderly is the whole: everything that the server said.
          if (client.heard.includes('ended')) expect(client.bytes).toBe(sent[at]!.length);
        }
        await world.clock.advance(200_000);
        expect(world.gate.inFlight(r('vol-1'))).toBe(0);
        expect(world.adapter.counters.connections).toBe(0);
      }),
      fuzzRuns(150),
    );
  });
});

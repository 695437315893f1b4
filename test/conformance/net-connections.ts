import { expect, it } from '@jest/globals';
import type { Connection, ConnectionHandler } from '../../core/net/port.js';
import type { MeetingPlace } from '../support/meeting-place.js';

const KILOBYTE = new Uint8Array(1024).fill(0x61);

/** Listening, connecting, and what the two ends of a connection hear of each other. */
export function describeConnections(net: MeetingPlace): void {
  it('carries bytes both ways, in their order', async () => {
    const { client, server } = await net.meet();
    for (let at = 0; at < 50; at++) client.does((c) => c.write(Buffer.from(`${at},`)));
    await net.until(server.reads(',49,'));
    expect(server.text).toBe(Array.from({ length: 50 }, (_, at) => `${at},`).join(''));
    server.does((c) => c.write(Buffer.from('thanks')));
    await net.until(client.reads('thanks'));
  });

  it('tells each side who the other is', async () => {
    const { client, server, listener } = await net.meet();
    expect(client.connection.remote).toEqual(listener.address);
    expect(server.connection.local.port).toBe(listener.address.port);
    expect(server.connection.remote).toEqual(client.connection.local);
  });

  it('lets one side finish and the other go on', async () => {
    const { client, server } = await net.meet();
    client.does((c) => {
      c.write(Buffer.from('question'));
      c.end();
    });
    await net.until(server.hears('ended'));
    expect(server.text).toBe('question');
    server.does((c) => c.write(Buffer.from('answer')));
    await net.until(client.reads('answer'));
    server.does((c) => {
      c.end();
    });
    await net.until(Promise.all([client.hears('closed'), server.hears('closed')]));
    expect([client.closedBy, server.closedBy]).toEqual(['ended', 'ended']);
    expect(client.heard).toEqual(['opened', 'data', 'ended', 'closed ended']);
  });

  it('destroys this side at once, and the other hears of it', async () => {
    const { client, server } = await net.meet();
    client.does((c) => {
      c.destroy();
    });
    await net.until(client.hears('closed'));
    expect(client.closedBy).toBe('destroyed');
    await net.until(server.when(() => server.heard.length > 0));
    expect(['ended', 'closed reset']).toContain(server.heard[0]);
  });

  it('resets the other side, which cannot take it for an end', async () => {
    const { client, server } = await net.meet();
    client.does((c) => {
      c.write(KILOBYTE);
    });
    await net.until(server.hears('data'));
    client.does((c) => {
      c.reset();
    });
    await net.until(Promise.all([client.hears('closed'), server.hears('closed')]));
    expect([client.closedBy, server.closedBy]).toEqual(['destroyed', 'reset']);
    expect(server.heard).not.toContain('ended');
  });

  it('resets a side that writes to one that is gone', async () => {
    const { client, server } = await net.meet();
    client.does((c) => {
      c.destroy();
    });
    await net.until(server.when(() => server.heard.length > 0));
    const writes = server.when(() => {
      server.connection.write(KILOBYTE);
      return server.closedBy !== undefined;
    });
    const writing = (async () => {
      while (server.closedBy === undefined) {
        server.connection.write(KILOBYTE);
        await net.clock.sleep(1);
      }
    })();
    await net.until(Promise.all([writes, writing]));
    expect(server.closedBy).toBe('reset');
  });

  it('says that nothing listens', async () => {
    const client = net.connect(await net.freeAddress());
    await net.until(client.hears('closed'));
    expect(client.heard).toEqual(['closed refused']);
  });

  it('makes a writer wait while the reader does, and loses nothing', async () => {
    const { client, server } = await net.meet();
    server.does((c) => {
      c.pause();
    });
    let sent = 0;
    const fill = async (): Promise<void> => {
      // The systems on the way have buffers of their own, so the first "full" may pass.
      for (let fulls = 0; fulls < 3; fulls++) {
        while (client.does((c) => c.write(KILOBYTE))) sent += 1024;
        sent += 1024;
        if (fulls < 2) await Promise.race([client.hears('drained'), net.clock.sleep(20)]);
      }
    };
    await net.until(fill());
    const before = server.bytes;
    expect(client.connection.buffered).toBeGreaterThanOrEqual(0);
    const drained = client.when(() => client.heard.at(-1) === 'drained');
    server.does((c) => {
      c.resume();
    });
    await net.until(drained);
    client.does((c) => {
      c.end();
    });
    await net.until(server.hears('ended'));
    expect(before).toBeLessThan(sent);
    expect(server.bytes).toBe(sent);
  });

  it('gives a paused side nothing until it resumes', async () => {
    const { client, server } = await net.meet();
    server.does((c) => {
      c.pause();
    });
    client.does((c) => c.write(Buffer.from('early')));
    client.does((c) => {
      c.end();
    });
    await net.until(net.clock.sleep(20));
    expect(server.heard).toEqual([]);
    server.does((c) => {
      c.resume();
    });
    await net.until(server.hears('ended'));
    expect(server.text).toBe('early');
  });

  it('lends what it reads to a handler that borrows, which may write it on however full that is', async () => {
    const listener = await net.listenPlainly((connection) => {
      connection.handler = echoOf(connection);
    });
    const sent = Buffer.from(
      Array.from({ length: 60_000 }, (_, at) => `${at.toString(36)} `)
        .join('')
        .repeat(6),
    );
    const client = net.client.connect(listener.address, { timeoutMs: 10_000 });
    const heard: Uint8Array[] = [];
    const over = new Promise<void>((resolve) => {
      client.handler = {
        opened: () => {
          client.pause();
          client.write(Buffer.from('small '));
          client.write(sent);
          client.write(Buffer.from(' small again'));
          client.end();
        },
        data: (bytes) => heard.push(bytes),
        drained: () => undefined,
        ended: () => undefined,
        closed: () => {
          resolve();
        },
      };
    });
    // All buffers on the way are full by then.
    await net.until(net.clock.sleep(50));
    client.resume();
    await net.until(over);
    expect(Buffer.concat(heard).equals(Buffer.from(`small ${sent.toString()} small again`))).toBe(
      true,
    );
  });

  it('takes any call after its end without a word', async () => {
    const { client } = await net.meet();
    client.does((c) => {
      c.destroy();
    });
    await net.until(client.hears('closed'));
    expect(client.does((c) => c.write(KILOBYTE))).toBe(false);
    for (const act of ['end', 'destroy', 'reset', 'pause', 'resume', 'cork', 'uncork'] as const) {
      client.does((c) => {
        c[act]();
      });
    }
    expect(client.heard.at(-1)).toBe('closed destroyed');
  });

  it('writes what was corked', async () => {
    const { client, server } = await net.meet();
    client.does((c) => {
      c.cork();
      c.write(Buffer.from('a'));
      c.write(Buffer.from('b'));
      c.uncork();
    });
    await net.until(server.reads('ab'));
  });

  it('writes what was corked in its order, small and large, and at its end too', async () => {
    const { client, server } = await net.meet();
    const large = Buffer.alloc(20_000, 'L');
    client.does((c) => {
      c.cork();
      c.write(Buffer.from('a'));
      c.write(large);
      c.write(Buffer.from('b'));
      c.write(Buffer.from('c'));
      c.end();
      c.uncork();
    });
    await net.until(server.hears('ended'));
    expect(server.text).toBe(`a${large.toString()}bc`);
  });

  it('can be destroyed before it opens', async () => {
    const listener = await net.listen(() => undefined);
    const client = net.connect(listener.address);
    client.does((c) => {
      c.destroy();
    });
    await net.until(client.hears('closed'));
    expect(client.heard).toEqual(['closed destroyed']);
  });

  it('does not listen where somebody does', async () => {
    const { address } = await net.listen(() => undefined);
    await expect(net.until(net.server.listen(address, () => undefined))).rejects.toMatchObject({
      code: 'ERR_LISTEN_FAILED',
    });
  });

  it('takes no more connections when it is closed, and keeps those it took', async () => {
    const { client, server, listener } = await net.meet();
    await net.until(listener.close());
    const late = net.connect(listener.address);
    await net.until(late.hears('closed'));
    expect(late.closedBy).toBe('refused');
    client.does((c) => c.write(Buffer.from('still here')));
    await net.until(server.reads('still here'));
  });
}

/** Says again what it hears, and is done when its peer is. */
function echoOf(connection: Connection): ConnectionHandler {
  return {
    borrows: true,
    opened: () => undefined,
    data: (bytes) => {
      if (!connection.write(bytes)) connection.pause();
    },
    drained: () => {
      connection.resume();
    },
    ended: () => {
      connection.end();
    },
    closed: () => undefined,
  };
}

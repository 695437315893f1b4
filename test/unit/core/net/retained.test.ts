import { afterEach, describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../../../core/clock/system.js';
import { NodeNet } from '../../../../core/net/node.js';
import type { Connection, ConnectionHandler } from '../../../../core/net/port.js';
import { thisMachine } from '../../../support/this-machine.js';

const AT = { host: '127.0.0.1', port: 0 };
const BYTES = 8 << 20;
/** No two pieces of it are the same. */
const STREAM = Buffer.from(Uint32Array.from({ length: BYTES / 4 }, (_, at) => at).buffer);

describe('what a connection retains', () => {
  const net = new NodeNet(new SystemClock(), thisMachine());
  const ends: (() => void)[] = [];

  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });

  /** Connects to somebody who is handed all that comes, and may retain it. */
  async function reach(
    data: (bytes: Uint8Array, from: Connection) => void,
  ): Promise<{
    readonly client: Connection;
    heard: (handler: (bytes: Uint8Array) => void) => void;
  }> {
    const listener = await net.listen(AT, (connection) => {
      connection.handler = handlerOf((bytes) => {
        data(bytes, connection);
      });
    });
    const client = net.connect(listener.address, { timeoutMs: 2000 });
    let hear: (bytes: Uint8Array) => void = () => undefined;
    await new Promise<void>((opened) => {
      client.handler = {
        ...handlerOf((bytes) => {
          hear(bytes);
        }),
        opened,
      };
    });
    ends.push(() => {
      client.destroy();
      void listener.close();
    });
    return { client, heard: (handler) => (hear = handler) };
  }

  it('stays as it was however much comes after it', async () => {
    const kept: { readonly at: number; readonly bytes: Uint8Array }[] = [];
    let at = 0;
    await new Promise<void>((resolve, reject) => {
      reach((bytes, from) => {
        if (from.retain?.(bytes) !== undefined) kept.push({ at, bytes });
        at += bytes.length;
        if (at === BYTES) resolve();
      }).then(({ client }) => client.write(STREAM), reject);
    });
    expect(kept.length).toBeGreaterThan(0);
    for (const { at: from, bytes } of kept) {
      expect(STREAM.compare(bytes, 0, bytes.length, from, from + bytes.length)).toBe(0);
    }
  });

  it('goes out as it was, though it is released before the system has taken it', async () => {
    const memory = new Set<ArrayBufferLike>();
    const { client, heard } = await reach((bytes, from) => {
      const release = from.retain?.(bytes);
      const piece = release === undefined ? Buffer.from(bytes) : bytes;
      if (release !== undefined) memory.add(bytes.buffer);
      // Not within the call, in which it is lent anyway.
      setImmediate(() => {
        from.write(piece);
        release?.();
      });
    });
    const came: Buffer[] = [];
    let length = 0;
    const whole = new Promise<void>((resolve) => {
      heard((bytes) => {
        came.push(Buffer.from(bytes));
        length += bytes.length;
        if (length === BYTES) resolve();
      });
    });
    client.pause();
    client.write(STREAM);
    setTimeout(() => {
      client.resume();
    }, 100);
    await whole;
    expect(Buffer.concat(came).equals(STREAM)).toBe(true);
    expect(memory.size).toBeGreaterThan(0);
  });
});

function handlerOf(data: (bytes: Uint8Array) => void): ConnectionHandler {
  return {
    borrows: true,
    ...{ opened: () => undefined, drained: () => undefined, ended: () => undefined },
    data,
    closed: () => undefined,
  };
}

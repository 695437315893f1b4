import { afterEach, describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../../../core/clock/system.js';
import { NodeNet } from '../../../../core/net/node.js';
import type { Connection, ConnectionHandler } from '../../../../core/net/port.js';
import type { RpcRecord } from '../../../../core/onc-rpc/record.js';
import { RecordReader, marked, wholeOf } from '../../../../core/onc-rpc/record.js';
import { thisMachine } from '../../../../demo/this-machine.js';

const AT = { host: '127.0.0.1', port: 0 };
const MESSAGES = 40;
/** Before each that goes back. */
const EMPTY = Buffer.from('80000000', 'hex');

/** No two are the same, nor two pieces of one. Every fourth is short. */
function messageOf(nth: number): Buffer {
  const words = nth % 4 === 3 ? 25 : 65_536 - nth;
  return Buffer.from(Uint32Array.from({ length: words }, (_, at) => nth * 100_000 + at).buffer);
}

describe('long messages over sockets', () => {
  const net = new NodeNet(new SystemClock(), thisMachine());
  const ends: (() => void)[] = [];

  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });

  /** A connection to somebody who is handed each message. */
  async function reach(
    found: (record: RpcRecord, from: Connection) => void,
    onData: (bytes: Uint8Array) => void = () => undefined,
  ): Promise<Connection> {
    const listener = await net.listen(AT, (connection) => {
      const reader = new RecordReader({}, connection.messages);
      connection.handler = {
        ...QUIET,
        readsInto: () => reader.readsInto(),
        data: (bytes) => {
          onData(bytes);
          reader.read(bytes, (record) => {
            found(record, connection);
          });
        },
        closed: () => {
          reader.stop();
        },
      };
    });
    const client = net.connect(listener.address, { timeoutMs: 2000 });
    await new Promise<void>((opened) => {
      client.handler = { ...QUIET, opened };
    });
    ends.push(() => {
      client.destroy();
      void listener.close();
    });
    return client;
  }

  it('are read straight into their blocks, and are what was sent, though blocks are used again', async () => {
    const wrong: number[] = [];
    const blocks = new Set<Uint8Array>();
    let direct = 0;
    let nth = 0;
    await new Promise<void>((resolve, reject) => {
      reach(
        (record) => {
          if (!messageOf(nth).equals(wholeOf(record))) wrong.push(nth);
          if (record.block !== undefined) blocks.add(record.block.bytes);
          record.block?.leave();
          nth += 1;
          if (nth === MESSAGES) resolve();
        },
        (bytes) => {
          for (const block of blocks) if (bytes.buffer === block.buffer) direct += bytes.length;
        },
      ).then((client) => {
        for (let at = 0; at < MESSAGES; at++) client.write(marked(messageOf(at)));
      }, reject);
    });
    expect(wrong).toEqual([]);
    expect(direct).toBeGreaterThan(1 << 20);
    expect(blocks.size).toBeLessThan(4);
  });

  it('go out as they were, though they are left before the system has taken them', async () => {
    const client = await reach((record, from) => {
      // Not within the call.
      setImmediate(() => {
        from.write(EMPTY);
        from.write(record.front, record.block);
        record.block?.leave();
      });
    });
    const came: Buffer[] = [];
    let left = 0;
    for (let at = 0; at < MESSAGES; at++) left += 4 + messageOf(at).length;
    const whole = new Promise<void>((resolve) => {
      client.handler = {
        ...QUIET,
        data: (bytes) => {
          came.push(Buffer.from(bytes));
          left -= bytes.length;
          if (left === 0) resolve();
        },
      };
    });
    client.pause();
    for (let at = 0; at < MESSAGES; at++) client.write(marked(messageOf(at)));
    setTimeout(() => {
      client.resume();
    }, 100);
    await whole;
    const all = Array.from({ length: MESSAGES }, (_, at) => [EMPTY, messageOf(at)]);
    expect(Buffer.concat(came).equals(Buffer.concat(all.flat()))).toBe(true);
  });
});

const QUIET: ConnectionHandler = {
  borrows: true,
  ...{ opened: () => undefined, drained: () => undefined, ended: () => undefined },
  ...{ data: () => undefined, closed: () => undefined },
};

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fail } from '../../../../../core/errors.js';
import { callHead } from '../../../../../core/onc-rpc/message.js';
import { marked } from '../../../../../core/onc-rpc/record.js';
import { XdrWriter } from '../../../../../core/onc-rpc/xdr.js';
import { MemorySessionStore } from '../../../../../core/session-store/memory.js';
import { fuzzRuns } from '../../../../support/fuzz.js';
import { handleOf, hex, named } from '../../../../support/nfs/client.js';
import { started } from '../../../../support/nfs/world.js';

const JUKEBOX = 10_008;
const STALE = 70;
const NFS = { program: 100_003, version: 3 };

describe('a session store that is away', () => {
  class Away extends MemorySessionStore {
    isAway = false;

    override put(...args: Parameters<MemorySessionStore['put']>): Promise<void> {
      if (this.isAway)
        return Promise.resolve().then(() => fail('ERR_STORE_UNAVAILABLE', { store: 'test' }));
      return super.put(...args);
    }
  }

  it('costs new handles only: what is made is made, and what is asked for by name waits', async () => {
    const handles = new Away();
    const { world, client, root } = await started({ handles });
    const old = handleOf(await world.of(client.create(root, 'old')));
    handles.isAway = true;
    expect(await world.of(client.create(root, 'new'))).toBeUndefined();
    expect(await world.of(client.lookup(root, 'new'))).toBe(JUKEBOX);
    expect(await world.of(client.attributes(old))).toMatchObject({ type: 1 });
    const entries = await world.of(client.entries(root));
    expect(hex(entries.get('old'))).toBe(hex(old));
    expect(entries.has('new')).toBe(true);
    expect(entries.get('new')).toBeUndefined();
    handles.isAway = false;
    handleOf(await world.of(client.lookup(root, 'new')));
  });
});

describe('limits', () => {
  it('keep one client from having too much under way, without losing any of it', async () => {
    const { world, client, root } = await started({ options: { callsPerConnectionMax: 4 } });
    const all = Array.from({ length: 200 }, (_, nth) => client.lookup(root, `n-${nth}`));
    expect(new Set(await world.of(Promise.all(all)))).toEqual(new Set([2]));
    const big = handleOf(await world.of(client.create(root, 'big')));
    const limited = Array.from({ length: 20 }, (_, nth) =>
      client.write(big, nth * 1000, new Uint8Array(1000)),
    );
    expect(await world.of(Promise.all(limited))).toHaveLength(20);
    expect(world.adapter.counters).toMatchObject({ calls: 0, callBytes: 0 });
  });

  it('end connections whose records are beyond them, and no other', async () => {
    const { world, client, root } = await started();
    const other = world.client();
    await world.of(other.exports());
    other.connection.write(Buffer.from('ffffffff', 'hex'));
    await world.clock.advance(50);
    expect(other.isClosed).toBe(true);
    expect(await world.of(client.lookup(root, 'a'))).toBe(2);
    expect(world.adapter.counters.cut.get('records')).toBe(1);
  });

  it('hold against anything that may be sent, and nobody else notices', async () => {
    const { world, client, root } = await started();
    const file = handleOf(await world.of(client.create(root, 'a')));
    const credentials = new XdrWriter().number(0).number(0).done();
    const calls = Array.from({ length: 22 }, (_, procedure) => {
      const head = callHead({ ...NFS, xid: procedure, procedure, credentials });
      return Buffer.from(marked(head.raw(named(file, 'b')).raw(named(root, 'c')).done()));
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            fc.constantFrom(...calls),
            fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)), { maxLength: 4 }),
            fc.nat(200),
          ),
          { minLength: 1, maxLength: 4 },
        ),
        async (messages) => {
          const hostile = world.client('hostile');
          await world.clock.advance(5);
          for (const [message, changes, cut] of messages) {
            const bytes = Uint8Array.from(message);
            for (const [at, value] of changes) bytes[at % bytes.length] = value;
            hostile.connection.write(bytes.subarray(0, bytes.length - (cut % 8)));
          }
          await world.clock.advance(20);
          hostile.close();
        },
      ),
      fuzzRuns(500),
    );
    await world.clock.advance(10_000);
    expect(await world.of(client.attributes(file))).toMatchObject({ type: 1 });
    expect(world.adapter.counters).toMatchObject({ calls: 0, callBytes: 0, connections: 1 });
  });

  it('let handles go that nobody has used, once there are too many', async () => {
    const { world, client, root } = await started({ options: { handlesMax: 10 } });
    const first = handleOf(await world.of(client.create(root, 'first')));
    for (let nth = 0; nth < 30; nth++) handleOf(await world.of(client.create(root, `n-${nth}`)));
    expect(world.adapter.handles.size).toBeLessThanOrEqual(10);
    expect(world.adapter.handles.evicted).toBeGreaterThan(0);
    expect(await world.of(client.attributes(first))).toBe(STALE);
    handleOf(await world.of(client.lookup(root, 'first')));
  });
});

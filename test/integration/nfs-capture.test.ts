import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { describeWith } from '../support/installed.js';
import { NfsTester, handleOf } from '../support/nfs/client.js';
import { GaneshaPair } from '../support/nfs/pair.js';
import { Tap } from '../support/tap.js';
import type { Decoded } from '../support/tshark.js';
import { TSHARK, decoded, tallyOf, valuesOf } from '../support/tshark.js';

/* What the redirector says to clients and to real NFS servers, as Wireshark reads it. */

const ROUNDS = 6;
const CALL = 0;
const REPLY = 1;
/** Of NFS v3. */
const PROCEDURES = {
  ...{ getattr: 1, lookup: 3, read: 6, write: 7, create: 8, mkdir: 9, remove: 12 },
  ...{ rename: 14, link: 15, readdirplus: 17, commit: 21 },
} as const;
const LENGTH = 'rpc.fraglen';
const MARK_BYTES = 4;
const FIELDS = [LENGTH, 'rpc.msgtyp', 'rpc.state_accept', 'nfs.procedure_v3'];

describeWith(TSHARK)('Wireshark', () => {
  describeWith('ganesha.nfsd')('between clients, the redirector and two nfs-ganesha', () => {
    let pair: GaneshaPair;
    let front: Tap;
    const backs: Tap[] = [];

    beforeAll(async () => {
      pair = await GaneshaPair.start({
        portTo: async (port) => {
          const tap = await Tap.before({ host: '127.0.0.1', port });
          backs.push(tap);
          return tap.at.port;
        },
      });
      front = await Tap.before(pair.cluster.nfsOf().addresses[0] ?? { host: '', port: 0 });
    });

    afterAll(async () => {
      await pair.stop();
      for (const tap of [front, ...backs]) await tap.stop();
    });

    it('parses every call and reply, and counts what was said', async () => {
      const { cluster } = pair;
      const client = new NfsTester(cluster.net, front.at);
      const root = await client.mounted('/vol');
      for (let round = 0; round < ROUNDS; round++) {
        const name = `file-${round}`;
        const file = handleOf(await client.create(root, name));
        // XDR pads it.
        const data = randomBytes(1001 * (round + 1));
        expect(typeof (await client.write(file, 0, data))).toBe('object');
        expect(typeof (await client.commit(file))).toBe('string');
        expect(await client.read(file, 0, data.length)).toEqual(new Uint8Array(data));
        await client.lookup(root, name);
        await client.attributes(file);
        expect(await client.link(file, root, `${name}-too`)).toBe(0);
        expect(await client.rename(root, name, root, `${name}-later`)).toBe(0);
        expect(await client.remove(root, `${name}-too`)).toBe(0);
        await client.makeDirectory(root, `folder-${round}`);
        await client.entries(root);
        const target = round % 2 === 0 ? 's2' : 's1';
        expect(await cluster.switchTo([['vol-1', target]])).toBe('applied');
      }
      client.close();

      const seen = await decoded(front, 'nfs', FIELDS);
      expect(seen.faults).toEqual([]);
      expectAnswered(seen);
      expect(bytesIn(seen)).toBe(front.bytes);
      const said = tallyOf(seen, 'nfs.procedure_v3');
      for (const [name, number] of Object.entries(PROCEDURES)) {
        // Calls and replies.
        expect([name, said.get(number)]).toEqual([name, 2 * ROUNDS]);
      }
      for (const tap of backs) {
        const server = await decoded(tap, 'nfs', FIELDS);
        expect(server.faults).toEqual([]);
        expectAnswered(server);
        expect(bytesIn(server)).toBe(tap.bytes);
      }
    });
  });
});

/** What all messages take by their own lengths. */
function bytesIn(seen: Decoded): number {
  return valuesOf(seen, LENGTH).reduce((sum, length) => sum + MARK_BYTES + length, 0);
}

/** Each call has its reply, which was accepted. */
function expectAnswered(seen: Decoded): void {
  const types = tallyOf(seen, 'rpc.msgtyp');
  expect(types.get(CALL)).toBeGreaterThan(0);
  expect(types.get(REPLY)).toBe(types.get(CALL));
  expect([...tallyOf(seen, 'rpc.state_accept').keys()]).toEqual([0]);
}

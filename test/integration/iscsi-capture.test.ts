import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import {
  AT,
  HEAD_BYTES,
  LOGOUT,
  NOP_OUT,
  headOf,
  immediate,
  paddingBytes,
} from '../../core/iscsi/pdu.js';
import { describeWith } from '../support/installed.js';
import { Initiator } from '../support/iscsi/initiator.js';
import { PAIR_TARGET, TgtPair } from '../support/iscsi/pair.js';
import { Tap } from '../support/tap.js';
import type { Decoded } from '../support/tshark.js';
import { TSHARK, decoded, tallyOf, valuesOf } from '../support/tshark.js';

/* What the redirector says to initiators and to real servers, as Wireshark reads it. */

const ACCOUNT = { user: 'redirector', password: 'what the servers know' };
const WRITES = 12;
/** As the protocol numbers them. */
const OPCODES = { nop: 0x00, command: 0x01, login: 0x03, dataOut: 0x05, logout: 0x06 } as const;
const ANSWERS = { nop: 0x20, response: 0x21, login: 0x23, dataIn: 0x25, logout: 0x26 } as const;
const LENGTH = 'iscsi.datasegmentlength';
const FIELDS = ['iscsi.opcode', LENGTH, 'iscsi.login.status', 'iscsi.keyvalue'];

describeWith(TSHARK)('Wireshark', () => {
  describeWith('tgtd')('between initiators, the redirector and two tgtd', () => {
    let pair: TgtPair;
    let front: Tap;
    const backs: Tap[] = [];

    beforeAll(async () => {
      const accounts = { s1: { account: ACCOUNT }, s2: { account: ACCOUNT } };
      const login = {
        chap: { user: ACCOUNT.user, secret: ACCOUNT.password },
        mutualChap: undefined,
      };
      pair = await TgtPair.start(16 << 20, {
        ...{ accounts, loginOf: () => login },
        portTo: async (_name, port) => {
          const tap = await Tap.before({ host: '127.0.0.1', port });
          backs.push(tap);
          return tap.at.port;
        },
      });
      front = await Tap.before({ host: '127.0.0.1', port: pair.port });
    });

    afterAll(async () => {
      await pair.stop();
      for (const tap of [front, ...backs]) await tap.stop();
    });

    it('parses every PDU, and counts what was said', async () => {
      const { cluster } = pair;
      const initiator = new Initiator(cluster.net, front.at, 'iqn.2026-01.test:client');
      expect(await initiator.login(PAIR_TARGET)).toBe(0);
      for (let round = 0; round < WRITES; round++) {
        // What does not go with the command is asked for; lengths that want padding in the protocol do not occur with disks.
        const data = randomBytes(512 * (1 + 20 * round));
        expect(await initiator.put(round * 300, data)).toBe(0);
        expect((await initiator.read(round * 300, data.length / 512))?.equals(data)).toBe(true);
        if (round % 4 === 3) {
          const target = round % 8 === 3 ? 's2' : 's1';
          expect(await cluster.switchTo([['vol-1', target]])).toBe('applied');
        }
      }
      const nop = immediate(headOf(NOP_OUT, 0x80, 9000));
      nop.writeUInt32BE(0xffff_ffff, AT.transfer);
      nop.writeUInt32BE(initiator.command, AT.commandNumber);
      await initiator.ask(nop);
      const logout = immediate(headOf(LOGOUT, 0x80, 9001));
      logout.writeUInt32BE(initiator.command, AT.commandNumber);
      await initiator.ask(logout);
      initiator.close();
      // The redirector logs out of both servers in its own time.
      await cluster.until('all is said', () => backs.every((tap) => tap.isIdle), 30_000);

      const client = await decoded(front, 'iscsi', FIELDS);
      expect(client.faults).toEqual([]);
      expect(bytesIn(client)).toBe(front.bytes);
      const said = tallyOf(client, 'iscsi.opcode');
      expect(said.get(OPCODES.command)).toBe(2 * WRITES);
      expect(said.get(ANSWERS.response)).toBe(WRITES);
      expect(said.get(ANSWERS.dataIn)).toBeGreaterThanOrEqual(WRITES);
      expect(said.get(OPCODES.dataOut)).toBeGreaterThan(0);
      for (const name of ['nop', 'login', 'logout'] as const) {
        expect([name, said.get(ANSWERS[name])]).toEqual([name, said.get(OPCODES[name])]);
      }
      expect(answersIn(said)).toBe(initiator.heard.length);

      for (const tap of backs) {
        const server = await decoded(tap, 'iscsi', FIELDS);
        expect(server.faults).toEqual([]);
        expect(bytesIn(server)).toBe(tap.bytes);
        expect(keysIn(server)).toEqual(
          expect.arrayContaining(['AuthMethod=CHAP,None', 'CHAP_A=5', `CHAP_N=${ACCOUNT.user}`]),
        );
        expect([...tallyOf(server, 'iscsi.login.status').keys()]).toEqual([0]);
        const counts = tallyOf(server, 'iscsi.opcode');
        expect(counts.get(OPCODES.command)).toBeGreaterThan(WRITES / 2);
        expect(counts.get(ANSWERS.login)).toBe(counts.get(OPCODES.login));
        // The last answer may meet a connection that is closed already.
        const unanswered = counts.get(OPCODES.logout)! - (counts.get(ANSWERS.logout) ?? 0);
        expect([0, 1]).toContain(unanswered);
      }
    });

    it('tells by the sum of all PDUs, if one says less than there is', async () => {
      const broken = await Tap.before(front.to);
      try {
        const [first, ...others] = front.seen;
        if (first === undefined) throw new Error('nothing was seen');
        const bytes = Buffer.from(first.bytes);
        bytes.writeUIntBE(bytes.readUIntBE(5, 3) - 8, 5, 3);
        broken.seen.push({ ...first, bytes }, ...others);
        const client = await decoded(broken, 'iscsi', FIELDS);
        expect(broken.bytes).toBe(front.bytes);
        expect(bytesIn(client)).not.toBe(front.bytes);
      } finally {
        await broken.stop();
      }
    });
  });
});

/** What all PDUs take by their own lengths; none of them has more headers. */
function bytesIn(seen: Decoded): number {
  return valuesOf(seen, LENGTH).reduce(
    (sum, length) => sum + HEAD_BYTES + length + paddingBytes(length),
    0,
  );
}

function answersIn(tally: ReadonlyMap<number, number>): number {
  return [...tally].reduce((sum, [opcode, count]) => sum + (opcode >= 0x20 ? count : 0), 0);
}

function keysIn({ packets }: Decoded): string[] {
  return packets.flatMap((packet) => packet.get('iscsi.keyvalue') ?? []);
}

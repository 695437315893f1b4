import { afterEach, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { ServerLogin } from '../../redirector/adapters/iscsi/server-proof.js';
import { describeWith } from '../support/installed.js';
import { TgtPair } from '../support/iscsi/pair.js';
import type { PairName } from '../support/server-pair.js';
import { movingWhile, otherOf } from '../support/server-pair.js';
import type { TgtAccount } from '../support/tgt.js';

/* Real servers that ask the redirector who it is. */

const IMAGE_BYTES = 16 << 20;
const BLOCKS = 64;
const MOVES_MIN = 6;

/** What each server knows: by whom it is logged on to, and who it is itself. */
const ACCOUNTS: Readonly<Record<PairName, Record<'account' | 'ownAccount', TgtAccount>>> = {
  s1: {
    account: { user: 'redirector', password: 'what s1 knows of us' },
    ownAccount: { user: 'server-1', password: 'what we know of s1' },
  },
  s2: {
    account: { user: 'redirector', password: 'what s2 knows of us' },
    ownAccount: { user: 'server-2', password: 'what we know of s2' },
  },
};

function partyOf({ user, password }: TgtAccount): ServerLogin['chap'] {
  return { user, secret: password };
}

/** As the servers have it. */
function loginAt(server: string): ServerLogin {
  const { account, ownAccount } = ACCOUNTS[server as PairName];
  return { chap: partyOf(account), mutualChap: partyOf(ownAccount) };
}

describeWith('tgtd')(
  'two real iSCSI servers that ask for CHAP, each with secrets of its own',
  () => {
    let pair: TgtPair | undefined;

    afterEach(async () => {
      await pair?.stop();
      pair = undefined;
    });

    async function started(
      loginOf: (server: string) => ServerLogin | undefined,
    ): Promise<Pick<TgtPair, 'cluster' | 'loggedIn'>> {
      const made = await TgtPair.start(IMAGE_BYTES, { accounts: ACCOUNTS, loginOf });
      pair = made;
      return { cluster: made.cluster, loggedIn: (name) => made.loggedIn(name) };
    }

    it('serve a client while its target moves between them', async () => {
      const { cluster, ...clients } = await started(loginAt);
      const { counters } = cluster.iscsiOf();
      const initiator = await clients.loggedIn('iqn.2026-01.test:client');
      const work = (async () => {
        for (let round = 0; round < 20; round++) {
          const data = randomBytes(BLOCKS * 512);
          expect(await initiator.put(round * BLOCKS, data)).toBe(0);
          expect((await initiator.read(round * BLOCKS, BLOCKS))?.equals(data)).toBe(true);
        }
      })();
      const moves = await movingWhile(cluster, work, MOVES_MIN);
      expect(moves.length).toBeGreaterThanOrEqual(MOVES_MIN);
      expect(initiator.faults).toEqual([]);
      expect(counters.accepted).toBe(1);
      expect([...counters.serverLogins]).toEqual([]);
      expect([...counters.refused]).toEqual([]);
      initiator.close();
    });

    it.each([
      [
        'the secret for it is wrong',
        (login: ServerLogin) => ({ ...login, chap: { ...login.chap, secret: 'something else' } }),
        'refused',
      ],
      ['no user is named for it', () => undefined, 'unnamed'],
      [
        'it does not prove who it is',
        (login: ServerLogin) => ({ ...login, mutualChap: { user: 'server-2', secret: 'another' } }),
        'unproven',
      ],
    ] as const)(
      'do not take a target over if %s: the client stays where it is',
      async (_why, changed, reason) => {
        const { cluster, loggedIn } = await started((server) =>
          server === 's2' ? changed(loginAt(server)) : loginAt(server),
        );
        const initiator = await loggedIn('iqn.2026-01.test:client');
        expect(await initiator.put(0, randomBytes(512))).toBe(0);
        expect(otherOf(cluster)).toBe('s2');
        expect(await cluster.switchTo([['vol-1', 's2']])).not.toBe('applied');
        expect(otherOf(cluster)).toBe('s2');
        expect(await initiator.put(0, randomBytes(512))).toBe(0);
        expect([...cluster.iscsiOf().counters.serverLogins.keys()]).toEqual([reason]);
        initiator.close();
      },
    );
  },
);

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ACTION, RESERVATION_CONFLICT } from '../../core/iscsi/reservations.js';
import type { ResourceId } from '../../core/domain.js';
import { describeWith, itWith } from '../support/installed.js';
import type { Initiator } from '../support/iscsi/initiator.js';
import { PAIR_TARGET, TgtPair } from '../support/iscsi/pair.js';
import { verdictsOf } from '../support/iscsi/verdicts.js';
import { giveStandbys, movingWhile, otherOf } from '../support/server-pair.js';

const ALICE = 'a11ce000a11ce000';
const CAROL = 'ca401000ca401000';
const FOR_REGISTRANTS = 5;
const EXCLUSIVE_ACCESS = 3;
const BLOCK = Buffer.alloc(512, 3);
/** They compare how often their server was told of a key, which a move adds to. */
const COUNT_GENERATIONS = ['ProutClear.Simple', 'ProutPreempt.RemoveRegistration'];
/** All of the conformance suite that is about reservations. */
const SUITES = ['SCSI.Prout*', 'SCSI.Prin*', 'SCSI.Reserve6*'];

describeWith('tgtd')('reservations at real iSCSI servers', () => {
  let pair: TgtPair;

  beforeAll(async () => {
    pair = await TgtPair.start(16 << 20);
  });

  afterAll(async () => {
    await pair.stop();
  });

  const move = async (): Promise<void> => {
    expect(await pair.cluster.switchTo([['vol-1', otherOf(pair.cluster)]])).toBe('applied');
  };

  async function holding(kind: number): Promise<Initiator> {
    const alice = await pair.loggedIn('iqn.2026-01.test:alice');
    expect(await alice.reserve(ACTION.register, { subject: ALICE })).toBe(0);
    expect(await alice.reserve(ACTION.reserve, { key: ALICE, kind })).toBe(0);
    return alice;
  }

  it('let in who holds them or is registered, and keep others out, before, between and after moves', async () => {
    const alice = await holding(FOR_REGISTRANTS);
    const bob = await pair.loggedIn('iqn.2026-01.test:bob');
    const carol = await pair.loggedIn('iqn.2026-01.test:carol');
    expect(await carol.reserve(ACTION.register, { subject: CAROL })).toBe(0);
    for (let moves = 0; moves < 6; moves++) {
      expect(await bob.put(0, BLOCK)).toBe(RESERVATION_CONFLICT);
      expect(await alice.put(0, BLOCK)).toBe(0);
      expect(await carol.put(0, BLOCK)).toBe(0);
      expect([...(await alice.keys())].sort()).toEqual([ALICE, CAROL]);
      await move();
    }
    expect(await bob.put(0, BLOCK)).toBe(RESERVATION_CONFLICT);
    // Its own kind of reservation: at the server it is the same one that was made at first.
    const how = { key: ALICE, kind: FOR_REGISTRANTS };
    expect(await alice.reserve(ACTION.release, how)).toBe(0);
    expect(await bob.put(0, BLOCK)).toBe(0);
    expect(await alice.reserve(ACTION.clear, { key: ALICE })).toBe(0);
    expect(await bob.keys()).toEqual([]);
    await move();
    expect(await bob.keys()).toEqual([]);
    expect(await bob.put(0, BLOCK)).toBe(0);
    for (const each of [alice, bob, carol]) {
      expect(each.faults).toEqual([]);
      each.close();
    }
  });

  it('of SPC-2 do so, too', async () => {
    const alice = await pair.loggedIn('iqn.2026-01.test:alice');
    const bob = await pair.loggedIn('iqn.2026-01.test:bob');
    expect(await bob.put(0, BLOCK)).toBe(0);
    expect((await alice.run(Buffer.from([0x16, 0, 0, 0, 0, 0])))?.status).toBe(0);
    for (let moves = 0; moves < 3; moves++) {
      expect(await bob.put(0, BLOCK)).toBe(RESERVATION_CONFLICT);
      expect(await alice.put(0, BLOCK)).toBe(0);
      await move();
    }
    expect(await bob.put(0, BLOCK)).toBe(RESERVATION_CONFLICT);
    expect((await alice.run(Buffer.from([0x17, 0, 0, 0, 0, 0])))?.status).toBe(0);
    expect(await bob.put(0, BLOCK)).toBe(0);
    for (const each of [alice, bob]) each.close();
  });

  it('are there for who comes back, at a server where only its former session was known', async () => {
    const alice = await holding(EXCLUSIVE_ACCESS);
    const bob = await pair.loggedIn('iqn.2026-01.test:bob');
    alice.close();
    expect(await bob.read(0, 1)).toBeUndefined();
    await move();
    expect(await bob.read(0, 1)).toBeUndefined();
    const again = await pair.loggedIn('iqn.2026-01.test:alice');
    expect(await again.put(0, BLOCK)).toBe(0);
    expect(await again.keys()).toEqual([ALICE]);
    expect(await bob.read(0, 1)).toBeUndefined();
    expect(await again.reserve(ACTION.clear, { key: ALICE })).toBe(0);
    expect((await bob.read(0, 1))?.length).toBe(512);
    for (const each of [again, bob]) each.close();
  });

  itWith('iscsi-test-cu')(
    'pass the tests of them that pass without us, by name, also while the target moves',
    async () => {
      const direct = await verdictsOf(pair.servers[otherOf(pair.cluster)].url(PAIR_TARGET), SUITES);
      const through = await verdictsOf(pair.url, SUITES);
      const passed = [...direct].flatMap(([name, verdict]) => (verdict === 'passed' ? [name] : []));
      expect(passed.length).toBeGreaterThan(15);
      for (const name of passed) expect([name, through.get(name)]).toEqual([name, 'passed']);
      let moved = new Map<string, string>();
      const work = verdictsOf(pair.url, SUITES).then((all) => (moved = all));
      await movingWhile(pair.cluster, work, 4);
      for (const name of passed) {
        if (COUNT_GENERATIONS.includes(name)) continue;
        expect([name, moved.get(name)]).toEqual([name, 'passed']);
      }
    },
    180_000,
  );

  it('go on at the next server when theirs is killed', async () => {
    const { cluster } = pair;
    const next = otherOf(cluster);
    const lost = next === 's2' ? 's1' : 's2';
    await giveStandbys(cluster, next);
    const alice = await holding(FOR_REGISTRANTS);
    const bob = await pair.loggedIn('iqn.2026-01.test:bob');
    expect(await bob.put(0, BLOCK)).toBe(RESERVATION_CONFLICT);
    await Promise.all([pair.servers[lost].kill(), cluster.servers.get(lost)?.stop()]);
    const isServed = (): boolean =>
      cluster.view.table.placementOf('vol-1' as ResourceId)?.server === next;
    await cluster.until('the standby serves', isServed, 30_000);
    expect(await bob.put(0, BLOCK)).toBe(RESERVATION_CONFLICT);
    expect(await alice.put(0, BLOCK)).toBe(0);
    for (const each of [alice, bob]) each.close();
  });
});

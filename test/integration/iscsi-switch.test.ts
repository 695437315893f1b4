import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ResourceId } from '../../core/domain.js';
import { describeWith, itWith } from '../support/installed.js';
import { PAIR_TARGET, TgtPair } from '../support/iscsi/pair.js';
import { verdictsOf } from '../support/iscsi/verdicts.js';
import { rounds } from '../support/rounds.js';
import { giveStandbys, movingWhile, otherOf } from '../support/server-pair.js';

const IMAGE_BYTES = 64 << 20;
const BLOCKS = 256;
const CLIENTS = 3;
/** Of the conformance suite: its tests of iSCSI itself; `.ci/run` has all 230, which take a minute. */
const isAll = process.env.CONFORMANCE === 'all';
const CONFORMANCE = [isAll ? 'ALL*' : 'iSCSI*'];
const TESTS_MIN = isAll ? 200 : 13;
const run = promisify(execFile);

describeWith('tgtd')('real iSCSI servers and initiators', () => {
  let pair: TgtPair;

  beforeAll(async () => {
    pair = await TgtPair.start(IMAGE_BYTES);
  });

  afterAll(async () => {
    await pair.stop();
  });

  it('write and read back while their target moves, without an error or a second connection', async () => {
    const { counters } = pair.cluster.iscsiOf();
    const before = counters.accepted;
    const work = Array.from({ length: CLIENTS }, async (_, nth) => {
      const initiator = await pair.loggedIn(`iqn.2026-01.test:client-${nth}`);
      for (let round = 0; round < rounds(10); round++) {
        const data = randomBytes(BLOCKS * 512);
        const block = (nth * 40 + round) * BLOCKS;
        expect(await initiator.put(block, data)).toBe(0);
        expect((await initiator.read(block, BLOCKS))?.equals(data)).toBe(true);
        const image = await readFile(pair.image);
        expect(image.subarray(block * 512, (block + BLOCKS) * 512).equals(data)).toBe(true);
      }
      expect(initiator.faults).toEqual([]);
      initiator.close();
    });
    const moves = await movingWhile(pair.cluster, Promise.all(work), 10);
    expect(moves.length).toBeGreaterThanOrEqual(10);
    expect(counters.accepted - before).toBe(CLIENTS);
    expect([...counters.refused]).toEqual([]);
  });

  itWith('iscsi-ls')('find the target and its units by discovery', async () => {
    const { stdout } = await run('iscsi-ls', ['-s', `iscsi://127.0.0.1:${pair.port}`]);
    expect(stdout).toContain(`Target:${PAIR_TARGET} Portal:127.0.0.1:${pair.port},1`);
    expect(stdout).toMatch(/Lun:1 +Type:DIRECT_ACCESS/);
  });

  itWith('qemu-img')(
    'of qemu copy an image in while it moves, and find the same there',
    async () => {
      const { counters } = pair.cluster.iscsiOf();
      const before = counters.accepted;
      const file = join(pair.folder, 'in');
      await writeFile(file, randomBytes(IMAGE_BYTES));
      const raw = ['-f', 'raw'];
      const into = ['convert', '-n', '-t', 'none', ...raw, '-O', 'raw', file, pair.url];
      const compare = ['compare', ...raw, '-F', 'raw', file, pair.url];
      const copied = run('qemu-img', into).then(() => run('qemu-img', compare));
      await movingWhile(pair.cluster, copied, 4);
      expect((await readFile(file)).equals(await readFile(pair.image))).toBe(true);
      // Each of the two has one.
      expect(counters.accepted - before).toBe(2);
      expect([...counters.refused]).toEqual([]);
    },
  );

  itWith('iscsi-test-cu')(
    'of the conformance suite pass what they pass without us, by name',
    async () => {
      const direct = await verdictsOf(
        pair.servers[otherOf(pair.cluster)].url(PAIR_TARGET),
        CONFORMANCE,
      );
      const through = await verdictsOf(pair.url, CONFORMANCE);
      expect(through.size).toBeGreaterThan(TESTS_MIN);
      const passed = [...direct].filter(([, verdict]) => verdict === 'passed');
      expect(passed.length).toBeGreaterThan(TESTS_MIN);
      for (const [name] of passed) expect([name, through.get(name)]).toEqual([name, 'passed']);
    },
    300_000,
  );

  it('go on though agents make their target anew, under another number, at each move', async () => {
    const fenced = await TgtPair.start(IMAGE_BYTES, { isFenced: true });
    try {
      const initiator = await fenced.loggedIn('iqn.2026-01.test:fenced');
      for (let move = 0; move < 6; move++) {
        const data = randomBytes(BLOCKS * 512);
        expect(await initiator.put(0, data)).toBe(0);
        const source = otherOf(fenced.cluster) === 's1' ? 's2' : 's1';
        expect(await fenced.cluster.switchTo([['vol-1', otherOf(fenced.cluster)]])).toBe('applied');
        expect(await fenced.servers[source].targets()).toEqual([]);
        expect((await initiator.read(0, BLOCKS))?.equals(data)).toBe(true);
      }
      expect(fenced.cluster.iscsiOf().counters.accepted).toBe(1);
      expect([...fenced.cluster.iscsiOf().counters.refused]).toEqual([]);
      expect(initiator.faults).toEqual([]);
      initiator.close();
    } finally {
      await fenced.stop();
    }
  });

  it('lose nothing with a server that is killed', async () => {
    const { cluster } = pair;
    const next = otherOf(cluster);
    const lost = next === 's2' ? 's1' : 's2';
    await giveStandbys(cluster, next);
    const initiator = await pair.loggedIn('iqn.2026-01.test:survivor');
    const progress = { isOver: false };
    const work = (async () => {
      for (let round = 0; !progress.isOver; round++) {
        const data = randomBytes(BLOCKS * 512);
        const block = (round % 100) * BLOCKS;
        expect(await initiator.put(block, data)).toBe(0);
        expect((await initiator.read(block, BLOCKS))?.equals(data)).toBe(true);
      }
    })();
    await cluster.clock.sleep(300);
    await Promise.all([pair.servers[lost].kill(), cluster.servers.get(lost)?.stop()]);
    const isServed = (): boolean =>
      cluster.view.table.placementOf('vol-1' as ResourceId)?.server === next;
    await cluster.until('the standby serves', isServed, 30_000);
    await cluster.clock.sleep(500);
    progress.isOver = true;
    await work;
    expect(initiator.isClosed).toBe(false);
    expect(initiator.faults).toEqual([]);
    initiator.close();
  });
});

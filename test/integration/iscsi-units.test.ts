import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeWith, itWith } from '../support/installed.js';
import { Initiator, tenBytes } from '../support/iscsi/initiator.js';
import type { VolumeName } from '../support/iscsi/volumes.js';
import {
  CONCATENATED,
  PLAIN,
  STRIPED,
  STRIPE_BYTES,
  TgtVolumes,
  VOLUMES_TARGET,
} from '../support/iscsi/volumes.js';
import { giveStandbys, movingWhile, otherOf } from '../support/server-pair.js';

const IMAGE_BYTES = 16 << 20;
const MOVES_MIN = 6;
const BLOCKS = 512;
/** Of the conformance suite: what every disk must do; `.ci/run` has all that there is. */
const CONFORMANCE = process.env.CONFORMANCE === 'all' ? 'ALL*' : 'SCSI.Read10*';
const run = promisify(execFile);

describeWith('tgtd')('a target with LUNs of several servers', () => {
  let volumes: TgtVolumes;

  beforeAll(async () => {
    volumes = await TgtVolumes.start(IMAGE_BYTES);
  });

  afterAll(async () => {
    await volumes.stop();
  });

  /** As qemu does it: an image is copied in, and compared with what stands there then. */
  async function copied(lun: number, data: Buffer): Promise<void> {
    const file = join(volumes.folder, `in-${lun}`);
    await writeFile(file, data);
    const raw = ['-f', 'raw'];
    const url = volumes.url(lun);
    await run('qemu-img', ['convert', '-n', '-t', 'none', ...raw, '-O', 'raw', file, url]);
    await run('qemu-img', ['compare', ...raw, '-F', 'raw', file, url]);
  }

  /** Each by itself and all as one, in turn. */
  function batchOf(names: readonly VolumeName[], nth: number): readonly VolumeName[] {
    const turn = nth % (names.length + 1);
    return turn === names.length ? names : [names[turn]!];
  }

  /** How often they moved. */
  async function moving(names: readonly VolumeName[], work: Promise<unknown>): Promise<number> {
    const batches = (nth: number): readonly string[] => batchOf(names, nth);
    return (await movingWhile(volumes.cluster, work, MOVES_MIN, batches)).length;
  }

  itWith('iscsi-ls')('shows all of them by discovery, with their sizes', async () => {
    const { stdout } = await run('iscsi-ls', ['-s', `iscsi://127.0.0.1:${volumes.port}`]);
    expect(stdout).toContain(`Target:${VOLUMES_TARGET}`);
    const luns = [...stdout.matchAll(/^Lun:(\d+) +Type:DIRECT_ACCESS \(Size:(\w+)\)/gm)];
    expect(luns.map(([, lun, size]) => [lun, size])).toEqual([
      ['1', '15M'],
      ['2', '15M'],
      ['3', '31M'],
      ['4', '31M'],
    ]);
  });

  itWith('qemu-img')(
    'is written and read back through one address while its LUNs move, each by itself',
    async () => {
      const { counters } = volumes.cluster.iscsiOf();
      expect(PLAIN.map((name) => otherOf(volumes.cluster, name))).toEqual(['s2', 's1']);
      const before = counters.accepted;
      const data = PLAIN.map(() => randomBytes(IMAGE_BYTES));
      const work = Promise.all(data.map((each, nth) => copied(nth + 1, each)));
      expect(await moving(PLAIN, work)).toBeGreaterThanOrEqual(MOVES_MIN);
      for (const [nth, name] of PLAIN.entries()) {
        expect((await volumes.bytesOf(name)).equals(data[nth]!)).toBe(true);
      }
      // Each of the four programs has one.
      expect(counters.accepted - before).toBe(4);
      expect([...counters.refused]).toEqual([]);
    },
  );

  itWith('qemu-img')(
    'has a striped one, whose parts move while it is written and read back',
    async () => {
      const { counters } = volumes.cluster.iscsiOf();
      const data = randomBytes(2 * IMAGE_BYTES);
      expect(await moving(STRIPED, copied(3, data))).toBeGreaterThanOrEqual(MOVES_MIN);
      const parts = await Promise.all(STRIPED.map((name) => volumes.bytesOf(name)));
      for (let stripe = 0; stripe * STRIPE_BYTES < data.length; stripe++) {
        const at = Math.floor(stripe / parts.length) * STRIPE_BYTES;
        const part = parts[stripe % parts.length]!.subarray(at, at + STRIPE_BYTES);
        const expected = data.subarray(stripe * STRIPE_BYTES, (stripe + 1) * STRIPE_BYTES);
        expect(part.equals(expected)).toBe(true);
      }
      expect([...counters.refused]).toEqual([]);
      expect(counters.compositeBytes).toBe(0);
    },
  );

  itWith('qemu-img')('has a concatenated one, the same', async () => {
    const { counters } = volumes.cluster.iscsiOf();
    const data = randomBytes(2 * IMAGE_BYTES);
    expect(await moving(CONCATENATED, copied(4, data))).toBeGreaterThanOrEqual(MOVES_MIN);
    const parts = await Promise.all(CONCATENATED.map((name) => volumes.bytesOf(name)));
    expect(Buffer.concat(parts).equals(data)).toBe(true);
    expect([...counters.refused]).toEqual([]);
    expect(counters.compositeBytes).toBe(0);
  });

  itWith('iscsi-test-cu')(
    'has composites that fail no test of the conformance suite that their parts pass',
    async () => {
      const direct = await failures(volumes.servers[otherOf(volumes.cluster)].url(partName()));
      for (const lun of [3, 4]) {
        const { failed, ran } = await failures(volumes.url(lun));
        expect(ran).toBe(direct.ran);
        expect(failed.filter((name) => !direct.failed.includes(name))).toEqual([]);
      }
    },
    300_000,
  );

  it('lose nothing of a composite with a server that is killed', async () => {
    const { cluster } = volumes;
    await cluster.view.sync();
    const lost = otherOf(cluster, STRIPED[0]) === 's1' ? 's2' : 's1';
    const next = lost === 's1' ? 's2' : 's1';
    if (otherOf(cluster, STRIPED[1]) !== lost) await cluster.switchTo([[STRIPED[1], next]]);
    await cluster.view.sync();
    expect(STRIPED.map((name) => otherOf(cluster, name))).toEqual([next, lost]);
    await giveStandbys(cluster, next);
    const at = { host: '127.0.0.1', port: volumes.port };
    const initiator = new Initiator(cluster.net, at, 'iqn.2026-01.test:survivor');
    expect(await initiator.login(VOLUMES_TARGET)).toBe(0);
    const progress = { isOver: false, rounds: 0 };
    const work = (async () => {
      for (; !progress.isOver; progress.rounds++) {
        const written = randomBytes(BLOCKS * 512);
        const block = (progress.rounds % 100) * BLOCKS;
        const put = await initiator.run(tenBytes(0x2a, block, BLOCKS), { written, lun: 3 });
        expect(put?.status).toBe(0);
        const how = { readBytes: written.length, lun: 3 };
        const got = await initiator.run(tenBytes(0x28, block, BLOCKS), how);
        expect(got?.data.equals(written)).toBe(true);
      }
    })();
    await cluster.clock.sleep(300);
    const before = progress.rounds;
    await Promise.all([volumes.servers[lost].kill(), cluster.servers.get(lost)?.stop()]);
    const isServed = (): boolean => otherOf(cluster, STRIPED[0]) === lost;
    await cluster.until('the standby serves', isServed, 30_000);
    await cluster.clock.sleep(500);
    progress.isOver = true;
    await work;
    expect(before).toBeGreaterThan(0);
    expect(progress.rounds).toBeGreaterThan(before);
    expect(initiator.isClosed).toBe(false);
    expect(initiator.faults).toEqual([]);
    initiator.close();
  });
});

function partName(): string {
  return `iqn.2026-01.test:${PLAIN[0]}`;
}

/** Tests that fail, by their full name; what a disk does not support they pass over. */
async function failures(
  url: string,
): Promise<{ readonly failed: readonly string[]; readonly ran: number }> {
  const args = ['-d', '-f', '-t', CONFORMANCE, url];
  // It fails if any test does.
  const { stdout } = await run('iscsi-test-cu', args, { maxBuffer: 64 << 20 }).catch(
    (error: unknown) => error as { readonly stdout: string },
  );
  const failed: string[] = [];
  let suite = '';
  let test = '';
  let ran = 0;
  for (const line of stdout.split('\n')) {
    suite = /^Suite: (\S+)/.exec(line)?.[1] ?? suite;
    const begun = /^ +Test: (\S+) \.\.\./.exec(line)?.[1];
    if (begun !== undefined) ran += 1;
    test = begun ?? test;
    if (line.trimEnd().endsWith('FAILED')) failed.push(`${suite}.${test}`);
  }
  expect(ran).toBeGreaterThan(4);
  return { failed, ran };
}

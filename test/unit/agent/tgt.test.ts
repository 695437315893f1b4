import { describe, expect, it } from '@jest/globals';
import { TGT_DEFAULTS, Tgt } from '../../../agent/tgt.js';
import { SimulatedClock } from '../../../core/clock/simulated.js';
import { MemoryDisk } from '../../../core/disk/memory.js';
import { r, s } from '../../support/names.js';
import { RecordingLog } from '../../support/recording-log.js';
import { stepUntil } from '../../support/step-until.js';
import { TwinTgtd } from '../../support/twin-tgtd.js';

const ONE = 'iqn.2001-04.test:one';
const TWO = 'iqn.2001-04.test:two';

class World {
  readonly clock = new SimulatedClock();
  readonly disk = new MemoryDisk();
  readonly log = new RecordingLog();
  readonly tgtd = new TwinTgtd(this.clock);
  driver = this.restarted();

  /** Another life of the agent, which knows what is on the disk. */
  restarted(): Tgt {
    const { clock, disk, log, tgtd } = this;
    this.driver = new Tgt(
      { clock, disk, log, ask: tgtd.ask },
      { ...TGT_DEFAULTS, server: s('s1') },
    );
    return this.driver;
  }

  async describe(resource: string, text: string): Promise<void> {
    await this.disk.replace(`${resource}.target`, Buffer.from(text));
  }

  async recorded(): Promise<string> {
    return Buffer.from((await this.disk.read('owned.conf')) ?? []).toString();
  }

  names(): string[] {
    return [...this.tgtd.targets.values()].map(({ name }) => name).sort();
  }

  /** Codes of what went wrong. */
  errors(): unknown[] {
    return this.log.said.map(({ fields }) => (fields as { err?: { code?: string } }).err?.code);
  }

  of<Result>(promise: Promise<Result>): Promise<Result> {
    return stepUntil(this.clock, promise);
  }
}

const described = (name: string, image: string): string =>
  `<target ${name}>\n  backing-store /srv/${image}\n</target>\n`;

async function started(): Promise<World> {
  const world = new World();
  await world.describe('vol-1', described(ONE, 'one'));
  await world.describe('vol-2', described(TWO, 'two'));
  return world;
}

describe('targets of tgtd', () => {
  it('are those of what is owned, and nobody else’s are touched', async () => {
    const world = await started();
    world.tgtd.add('iqn.2001-04.test:other');
    // Whoever started it let it serve all.
    world.tgtd.add(ONE);
    expect(await world.of(world.driver.begin([r('vol-2')]))).toBe(true);
    expect(world.names()).toEqual(['iqn.2001-04.test:other', TWO]);
    expect(await world.of(world.driver.take(r('vol-1')))).toBe(true);
    expect(world.names()).toEqual([ONE, 'iqn.2001-04.test:other', TWO]);
    expect(await world.of(world.driver.release(r('vol-2')))).toBe(true);
    expect(world.names()).toEqual([ONE, 'iqn.2001-04.test:other']);
    expect(world.errors()).toEqual([]);
  });

  it('are told nothing where nothing has to change', async () => {
    const world = await started();
    expect(await world.of(world.driver.begin([r('vol-1')]))).toBe(true);
    const told = world.tgtd.told.length;
    expect(await world.of(world.driver.take(r('vol-1')))).toBe(true);
    expect(await world.of(world.driver.release(r('vol-2')))).toBe(true);
    expect(await world.of(world.restarted().begin([r('vol-1')]))).toBe(true);
    expect(world.tgtd.told.slice(told)).toEqual([]);
  });

  it('have the same identity on each server, let in who may, and nobody before they are whole', async () => {
    const world = await started();
    await world.describe(
      'vol-1',
      `<target ${ONE}>
         write-cache off
         <backing-store /dev/vg/one> # the database
           lun 3
           scsi_id one-3
           scsi_sn 00003
         </backing-store>
         backing-store /srv/two
         initiator-address 10.0.0.0/24
         initiator-name iqn.2001-04.test:me
       </target>`,
    );
    expect(await world.of(world.driver.take(r('vol-1')))).toBe(true);
    const there = world.tgtd.named(ONE);
    expect(there?.units.get(3)?.get('scsi_sn')).toBe('00003');
    expect(there?.units.get(1)?.get('store')).toBe('/srv/two');
    expect([...(there?.admitted ?? [])]).toEqual(['10.0.0.0/24', 'iqn.2001-04.test:me']);
    const told = world.tgtd.told.map(({ op }) => op);
    const whole = told.indexOf('bind');
    expect(told.slice(whole)).toEqual(['bind', 'bind']);
    const other = await started();
    other.tgtd.add('iqn.2001-04.test:other');
    await other.describe('vol-1', described(ONE, 'one'));
    const again = await started();
    for (const each of [other, again]) await each.of(each.driver.take(r('vol-1')));
    const identity = (of: World): unknown => of.tgtd.named(ONE)?.units.get(1)?.get('scsi_sn');
    expect(identity(other)).toBe(identity(again));
    expect(identity(other)).not.toBe('beaf11');
  });

  it('end with their sessions, and only when their last command has', async () => {
    const world = await started();
    await world.of(world.driver.begin([r('vol-1')]));
    const target = world.tgtd.named(ONE);
    if (target === undefined) throw new Error('not there');
    target.sessions.set(1, [0]).set(2, [0]);
    target.commands = 1;
    const released = world.driver.release(r('vol-1'));
    const progress = { isOver: false };
    void released.then(() => (progress.isOver = true));
    await world.clock.advance(1000);
    expect([progress.isOver, target.isReady, world.names()]).toEqual([false, false, [ONE]]);
    target.commands = 0;
    target.sessions.clear();
    expect(await world.of(released)).toBe(true);
    expect(world.names()).toEqual([]);
    expect(world.tgtd.told).toContainEqual({ mode: 'conn', op: 'delete', tid: 1, sid: 2, cid: 0 });
  });

  it.each<[string, (world: World) => void, unknown]>([
    ['is away', ({ tgtd }) => (tgtd.isAway = true), 'ERR_CALL_REFUSED'],
    ['does not do what it says', ({ tgtd }) => (tgtd.isLying = true), 'ERR_SERVER_UNTOLD'],
    [
      'has a command that does not end',
      ({ tgtd }) => ((tgtd.named(ONE) ?? { commands: 0 }).commands = 1),
      'ERR_SERVER_UNTOLD',
    ],
    [
      'has an initiator who calls himself a target',
      ({ tgtd }) => (tgtd.madeUp = 'Target 1: iqn.2001-04.test:none\n'),
      'ERR_SERVER_UNTOLD',
    ],
  ])('are not given up where the server %s', async (_, breakIt, code) => {
    const world = await started();
    await world.of(world.driver.begin([r('vol-1')]));
    breakIt(world);
    expect(await world.of(world.driver.release(r('vol-1')))).toBe(false);
    expect(world.errors()).toEqual([code]);
    expect(world.names()).toEqual([ONE]);
    // One that is started now does not have it.
    expect(await world.recorded()).not.toContain('<target');
  });

  it('are not given up while a power cut would bring them back', async () => {
    const world = await started();
    world.disk.failsToSync = true;
    // What is gained is known from elsewhere.
    expect(await world.of(world.driver.take(r('vol-1')))).toBe(true);
    expect(await world.of(world.driver.release(r('vol-1')))).toBe(false);
    world.disk.failsToSync = false;
    expect(await world.of(world.driver.release(r('vol-1')))).toBe(true);
    expect(world.names()).toEqual([]);
  });

  it('are looked for by the name that they had, over a restart of the agent too', async () => {
    const world = await started();
    await world.of(world.driver.begin([r('vol-1')]));
    world.tgtd.isAway = true;
    expect(await world.of(world.driver.release(r('vol-1')))).toBe(false);
    await world.describe('vol-1', described(TWO, 'one'));
    await world.disk.remove('vol-2.target');
    world.tgtd.isAway = false;
    expect(await world.of(world.restarted().begin([]))).toBe(true);
    expect(world.names()).toEqual([]);
  });

  it('are made anew where they are not as described', async () => {
    const world = await started();
    world.tgtd.add(ONE).units.set(1, new Map([['store', '/srv/another']]));
    expect(await world.of(world.driver.begin([r('vol-1')]))).toBe(true);
    expect(world.tgtd.named(ONE)?.units.get(1)?.get('store')).toBe('/srv/one');
    // With a number of its own: who was about to log in to the former is not let into it.
    expect([...world.tgtd.targets.keys()]).toEqual([2]);
  });

  it('are not taken while a store cannot be opened, and nobody is let in', async () => {
    const world = await started();
    world.tgtd.missing.add('/srv/one');
    expect(await world.of(world.driver.take(r('vol-1')))).toBe(false);
    expect(world.errors()).toEqual(['ERR_SERVER_UNTOLD']);
    expect([...(world.tgtd.named(ONE)?.admitted ?? [])]).toEqual([]);
    world.tgtd.missing.clear();
    expect(await world.of(world.driver.take(r('vol-1')))).toBe(true);
  });

  it('follow one another: what was said last holds', async () => {
    const world = await started();
    const all = [
      world.driver.take(r('vol-1')),
      world.driver.release(r('vol-1')),
      world.driver.take(r('vol-2')),
    ];
    expect(await world.of(Promise.all(all))).toEqual([true, true, true]);
    expect(world.names()).toEqual([TWO]);
    expect(await world.recorded()).not.toContain(`<target ${ONE}>`);
  });

  it('are written down for a server that starts later, when it is away as well', async () => {
    const world = await started();
    world.tgtd.isAway = true;
    expect(await world.of(world.driver.begin([r('vol-2')]))).toBe(false);
    expect(await world.recorded()).toContain(`<target ${TWO}>`);
    expect(await world.recorded()).not.toContain(`<target ${ONE}>`);
  });

  it.each([
    ['', 'vol-1.target:1', 'no <target NAME>'],
    [`<target ${ONE}>\n</target>`, 'vol-1.target:2', 'no backing-store'],
    [`<target ${ONE}>\n  backing-store /a\n`, 'vol-1.target:3', 'its </target> is missing'],
    ['<target one>', 'vol-1.target:1', '"one" is no name'],
    [`<target ${ONE}>\n  backing-store a,b\n`, 'vol-1.target:2', '"a,b" is no value'],
    [`<target ${ONE}>\n  incominguser me pw\n`, 'vol-1.target:2', '"incominguser" may not'],
    [`<target ${ONE}>\n  toString x\n`, 'vol-1.target:2', '"toString" may not'],
    [`${described(ONE, 'a')}${described(TWO, 'b')}`, 'vol-1.target:4', 'a second target'],
    [
      `<target ${ONE}>\n<backing-store /a>\nlun 256\n</backing-store>\n</target>`,
      'vol-1.target:2',
      'LUN 256 is not',
    ],
    [
      `<target ${ONE}>\n<backing-store /a>\nlun 0\n</backing-store>\n</target>`,
      'vol-1.target:2',
      'LUN 0 is not',
    ],
    ['#'.repeat(65_537), 'vol-1.target:1', 'more than 65536 bytes'],
    [described(TWO, 'two'), 'vol-1.target:1', `${TWO} is the target of vol-2 already`],
  ])('are not taken by a description that is wrong (%#)', async (text, where, why) => {
    const world = await started();
    await world.describe('vol-1', text);
    await world.of(world.driver.begin([r('vol-2')]));
    world.log.said.length = 0;
    expect(await world.of(world.driver.take(r('vol-1')))).toBe(false);
    expect(world.errors()).toEqual(['ERR_TARGET_INVALID']);
    const [{ fields } = { fields: {} }] = world.log.said;
    expect(String((fields as { err?: Error }).err?.message)).toContain(`${where} `);
    expect(String((fields as { err?: Error }).err?.message)).toContain(why);
    expect(world.names()).toEqual([TWO]);
  });

  it('are left as they are where the description of what is owned was damaged meanwhile', async () => {
    const world = await started();
    await world.of(world.driver.begin([r('vol-1')]));
    await world.describe('vol-1', 'damaged');
    expect(await world.of(world.restarted().begin([r('vol-1')]))).toBe(false);
    expect(world.names()).toEqual([ONE]);
    // It is known by which name it goes.
    expect(await world.of(world.driver.release(r('vol-1')))).toBe(true);
    expect(world.names()).toEqual([]);
  });
});

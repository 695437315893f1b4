import { describe, expect, it } from '@jest/globals';
import type { CollectorOptions } from '../../../collector/collector.js';
import { Collector } from '../../../collector/collector.js';
import { Outbox } from '../../../collector/outbox.js';
import { Spool } from '../../../collector/spool.js';
import type { Target } from '../../../collector/target.js';
import { serverTarget } from '../../../collector/target.js';
import { SimulatedClock } from '../../../core/clock/simulated.js';
import { configSchema } from '../../../core/config/schema.js';
import { MemoryDisk } from '../../../core/disk/memory.js';
import { ForeshiftError } from '../../../core/errors.js';
import { SeededRng } from '../../../core/rng.js';
import { HeardLog } from '../../support/heard-log.js';
import { s } from '../../support/names.js';
import { PageNet } from '../../support/page-net.js';
import { SampleStore } from '../../support/samples.js';
import { stepUntil } from '../../support/step-until.js';

const START_MS = 1_700_000_000_000;

/** A collector over pages that say `hits <number>`, on a simulated clock. */
class World {
  readonly clock = new SimulatedClock(START_MS);
  readonly net = new PageNet();
  readonly log = new HeardLog();
  readonly store = new SampleStore();
  readonly targets = new Map<string, Target>();
  /** By target, the times at which its page was asked for. */
  readonly asked = new Map<string, number[]>();
  atOnce = 0;
  atOnceMax = 0;
  collector: Collector | undefined;

  add(name: string, { capacity = {}, delayMs = 10, metric = 'hits' } = {}): void {
    const url = `http://${name}/metrics`;
    const { servers } = configSchema.parse({
      servers: [
        {
          id: name,
          address: 'h:1',
          metrics: { source: 'prometheus', url, mapping: { hits: metric } },
        },
      ],
    });
    const metrics = servers[0]?.metrics;
    if (metrics === undefined) throw new Error('no metrics');
    this.targets.set(
      name,
      serverTarget(
        this.net,
        { id: s(name), metrics, capacity },
        { everyMs: 10_000, pageBytesMax: 1000, absurdFactor: 10, resourcesMax: 10 },
      ),
    );
    this.put(name, `hits 5\n`, delayMs);
  }

  /** What its page says from now on; an infinite delay: nothing, until the call's time is over. */
  put(name: string, body: string | ForeshiftError, delayMs = 10): void {
    this.net.answer(`http://${name}/metrics`, async ({ url, timeoutMs }) => {
      const times = this.asked.get(name) ?? [];
      this.asked.set(name, [...times, this.clock.monotonicMs()]);
      this.atOnce += 1;
      this.atOnceMax = Math.max(this.atOnceMax, this.atOnce);
      await this.clock.sleep(Math.min(delayMs, timeoutMs));
      this.atOnce -= 1;
      const facts = { url, why: 'late' };
      if (delayMs > timeoutMs) return new ForeshiftError('ERR_CALL_AMBIGUOUS', facts);
      if (body instanceof ForeshiftError) return body;
      // A comment that moves: else it would be the page of the poll before.
      return { body: `# at ${this.clock.monotonicMs()}\n${body}`, type: 'text/plain' };
    });
  }

  async start(options: Partial<CollectorOptions> = {}): Promise<Collector> {
    const { clock, log, store } = this;
    const spool = await Spool.open({ disk: new MemoryDisk(), clock, log });
    const outbox = new Outbox({ store, spool, clock, log });
    const targets = (): Target[] => [...this.targets.values()];
    const parts = { clock, log, outbox, rng: new SeededRng(1), targets };
    this.collector = new Collector(parts, { everyMs: 10_000, timeoutMs: 5000, ...options });
    await this.collector.start();
    return this.collector;
  }

  statusOf(name: string) {
    const found = this.collector?.status().targets.find((target) => target.name === name);
    if (found === undefined) throw new Error(`${name} is not polled`);
    return found;
  }
}

describe('Collector', () => {
  it('polls each target every period, from a time of its own on', async () => {
    const world = new World();
    for (const name of ['s1', 's2', 's3']) world.add(name);
    await world.start();
    await world.clock.advance(60_000);
    const firsts = [...world.asked.values()].map(([first = NaN]) => first);
    expect(new Set(firsts.map(Math.floor)).size).toBe(3);
    for (const times of world.asked.values()) {
      const [first = NaN] = times;
      expect(first).toBeLessThan(10_000);
      expect(times).toEqual([0, 1, 2, 3, 4, 5].map((period) => first + period * 10_000));
    }
  });

  it("writes what it reads, at the wall clock's time of the poll", async () => {
    const world = new World();
    world.add('s1', { delayMs: 700 });
    await world.start();
    await world.clock.advance(10_000);
    const [at = NaN] = world.asked.get('s1') ?? [];
    expect(world.store.values).toEqual({ [`server/s1/hits ${START_MS + at}`]: 5 });
    expect(world.statusOf('s1')).toMatchObject({
      kind: 'prometheus',
      polls: 1,
      failures: 0,
      samples: 1,
      lastSuccessMs: START_MS + at,
      fault: null,
    });
  });

  it('begins with targets that come and ends with those that go', async () => {
    const world = new World();
    world.add('s1');
    const collector = await world.start({ lookMs: 1000 });
    await world.clock.advance(20_000);
    world.add('s2');
    world.targets.delete('s1');
    await world.clock.advance(1000);
    expect(collector.status().targets.map(({ name }) => name)).toEqual(['s2']);
    const before = world.asked.get('s1')?.length;
    await world.clock.advance(20_000);
    expect(world.asked.get('s1')?.length).toBe(before);
    expect(world.asked.get('s2')?.length).toBe(2);
  });

  it('begins anew with a target that changed, and not with one that did not', async () => {
    const world = new World();
    world.add('s1');
    world.add('s2');
    await world.start({ lookMs: 1000 });
    await world.clock.advance(30_000);
    world.add('s1', { metric: 'hits_other' });
    world.add('s2');
    await world.clock.advance(1000);
    expect(world.statusOf('s1').polls).toBe(0);
    expect(world.statusOf('s2').polls).toBe(3);
  });

  it('does not poll more targets than its limit, and says so once', async () => {
    const world = new World();
    for (const name of ['s1', 's2', 's3']) world.add(name);
    const collector = await world.start({ targetsMax: 2 });
    await world.clock.advance(30_000);
    expect(collector.status()).toMatchObject({ targetsRefused: 1 });
    expect(collector.status().targets.length).toBe(2);
    expect(world.log.lines).toEqual(['warn too many targets']);
  });

  it('says once that a target fails, again when it fails otherwise, and once that it answers', async () => {
    const world = new World();
    world.add('s1');
    await world.start();
    world.put('s1', new ForeshiftError('ERR_CALL_REFUSED', { url: 'u' }));
    await world.clock.advance(30_000);
    expect(world.statusOf('s1')).toMatchObject({
      polls: 3,
      failures: 3,
      failuresInRow: 3,
      lastSuccessMs: null,
      fault: { code: 'ERR_CALL_REFUSED', message: 'nothing listens at u' },
    });
    world.put('s1', 'hits x\n');
    await world.clock.advance(20_000);
    expect(world.statusOf('s1').fault?.code).toBe('ERR_PAGE_INVALID');
    world.put('s1', 'hits 5\n');
    await world.clock.advance(20_000);
    expect(world.statusOf('s1')).toMatchObject({ failures: 5, failuresInRow: 0, fault: null });
    expect(world.log.lines).toEqual([
      'warn target not polled',
      'warn target not polled',
      'info target answers again',
    ]);
    expect(Object.values(world.store.values)).toEqual([5, 5]);
  });

  it('says once what it drops, and counts each', async () => {
    const world = new World();
    world.add('s1', { capacity: { hits: 10 } });
    await world.start();
    world.put('s1', 'hits NaN\n');
    await world.clock.advance(30_000);
    world.put('s1', 'hits 101\n');
    await world.clock.advance(10_000);
    expect(world.statusOf('s1').dropsNow).toEqual(['hits absurd']);
    world.put('s1', 'hits 99\n');
    await world.clock.advance(10_000);
    expect(world.statusOf('s1')).toMatchObject({ dropsNow: [], samples: 2, failures: 0 });
    expect(world.statusOf('s1').utilization).toBe(99 / 10);
    expect([...world.statusOf('s1').dropped]).toEqual([
      ['hits not-finite', 3],
      ['hits absurd', 1],
    ]);
    expect(world.log.lines).toEqual([
      'warn samples dropped',
      'warn samples dropped',
      'info samples whole again',
    ]);
  });

  it('gives a poll up at its timeout and never has two of one target', async () => {
    const world = new World();
    world.add('s1', { delayMs: Infinity });
    await world.start({ everyMs: 10_000, timeoutMs: 25_000 });
    await world.clock.advance(100_000);
    expect(world.atOnceMax).toBe(1);
    expect(world.statusOf('s1')).toMatchObject({ polls: 4, failures: 3, overruns: 6 });
    expect(world.statusOf('s1').fault?.code).toBe('ERR_CALL_AMBIGUOUS');
  });

  it('has no more polls at once than allowed', async () => {
    const world = new World();
    for (let at = 0; at < 40; at++) world.add(`s${at}`, { delayMs: 900 });
    await world.start({ concurrencyMax: 4 });
    await world.clock.advance(40_000);
    expect(world.atOnceMax).toBe(4);
    expect([...world.asked.values()].every(({ length }) => length >= 3)).toBe(true);
  });

  it('goes on with those that answer, however many hang', async () => {
    const world = new World();
    for (let at = 0; at < 100; at++) world.add(`dead${at}`, { delayMs: Infinity });
    for (let at = 0; at < 20; at++) world.add(`s${at}`);
    await world.start({ concurrencyMax: 8 });
    // At first nobody knows which are dead: each of them takes its whole time once.
    await world.clock.advance(100_000);
    const before = Array.from({ length: 20 }, (_, at) => world.statusOf(`s${at}`).polls);
    await world.clock.advance(100_000);
    for (const [at, polls] of before.entries()) {
      expect(world.statusOf(`s${at}`).polls - polls).toBeGreaterThanOrEqual(9);
    }
  });

  it.each([
    ['ahead', 3_600_000],
    ['back', -3_600_000],
  ])('drops the poll in which the wall clock jumped %s', async (_, jumpMs) => {
    const world = new World();
    world.add('s1');
    await world.start();
    await world.clock.advance(20_000);
    world.clock.jumpRealtime(jumpMs);
    await world.clock.advance(10_000);
    expect(world.statusOf('s1')).toMatchObject({ samples: 2, dropsNow: ['all clock-jump'] });
    await world.clock.advance(10_000);
    expect(world.statusOf('s1')).toMatchObject({ samples: 3, dropsNow: [] });
    const last = world.store.samples.at(-1)?.timeMs ?? NaN;
    expect(Math.abs(last - world.clock.realtimeMs())).toBeLessThan(10_000);
  });

  it('does not take a clock that is slewed for one that jumped', async () => {
    const world = new World();
    world.add('s1');
    await world.start();
    for (let poll = 0; poll < 5; poll++) {
      await world.clock.advance(10_000);
      world.clock.jumpRealtime(400);
    }
    expect(world.statusOf('s1')).toMatchObject({ samples: 5, dropsNow: [] });
  });

  it('survives a bug in one source, and says that it is one', async () => {
    const world = new World();
    world.add('s1');
    const poll = (): Promise<never> => Promise.reject(new TypeError('a bug'));
    const target = { name: 's2', kind: 'http-json', version: '', open: () => ({ poll }) } as const;
    world.targets.set('s2', target);
    await world.start();
    await world.clock.advance(30_000);
    expect(world.statusOf('s1').samples).toBe(3);
    expect(world.statusOf('s2')).toMatchObject({
      failures: 3,
      fault: { code: null, message: 'a bug' },
    });
    expect(world.log.lines).toEqual(['error poll failed unexpectedly']);
  });

  it('keeps what it reads while the store is away', async () => {
    const world = new World();
    world.add('s1');
    const collector = await world.start();
    world.store.state = 'away';
    await world.clock.advance(50_000);
    expect(collector.status().outbox).toMatchObject({ isSpooling: true, stored: 0 });
    world.store.state = 'well';
    await world.clock.advance(30_000);
    const times = (world.asked.get('s1') ?? []).map((at) => START_MS + at);
    expect(world.store.samples.map(({ timeMs }) => timeMs)).toEqual(times);
    expect(times.length).toBe(8);
  });

  it('stops at once, in the middle of polls', async () => {
    const world = new World();
    world.add('s1', { delayMs: 4000 });
    world.add('s2');
    const collector = await world.start();
    await world.clock.advance(11_000);
    await stepUntil(world.clock, collector.stop());
    const asked = [...world.asked.values()].flat().length;
    await world.clock.advance(60_000);
    expect([...world.asked.values()].flat().length).toBe(asked);
  });
});

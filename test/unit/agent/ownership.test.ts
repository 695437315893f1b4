import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Ownership } from '../../../agent/ownership.js';
import { SimulatedClock } from '../../../core/clock/simulated.js';
import { compareGenerations } from '../../../core/generation.js';
import { MemoryTableStore } from '../../../core/table-store/memory.js';
import { g, r } from '../../support/names.js';

const VOL = r('vol-1');

async function agent({
  store = new MemoryTableStore(),
  clock = new SimulatedClock(),
  boot = 'b1',
} = {}) {
  const ownership = await Ownership.open({ store, clock, boot }, { bootGraceMs: 2000 });
  return { ownership, store, clock };
}

describe('ownership of what clients are attached to', () => {
  async function attached(answers: { release: boolean; take: boolean }) {
    const store = new MemoryTableStore();
    const clock = new SimulatedClock();
    const said: string[] = [];
    const attachments = {
      begin: () => Promise.resolve(true),
      release: () => {
        said.push('release');
        return Promise.resolve(answers.release);
      },
      take: () => {
        said.push('take');
        return Promise.resolve(answers.take);
      },
    };
    const parts = { store, clock, boot: 'b1', attachments };
    const ownership = await Ownership.open(parts, { bootGraceMs: 2000 });
    return { ownership, said };
  }

  it('is there, and gone, once the server is', async () => {
    const { ownership, said } = await attached({ release: true, take: true });
    const taking = ownership.take(VOL, g('1.3'), 'availability');
    expect(ownership.owned()).toEqual([]);
    // A doubled message gets the answer of the first.
    expect(await ownership.take(VOL, g('1.3'), 'availability')).toBe('done');
    expect(await taking).toBe('done');
    expect(await ownership.release(VOL, g('1.4'), 100)).toBe('done');
    expect(said).toEqual(['take', 'release']);
    expect(ownership.owned()).toEqual([]);
  });

  it('is not given up while the server may serve it', async () => {
    const answers = { release: false, take: true };
    const { ownership } = await attached(answers);
    await ownership.take(VOL, g('1.3'), 'availability');
    expect(await ownership.release(VOL, g('1.4'), 100)).toBe('failed');
    answers.release = true;
    expect(await ownership.release(VOL, g('1.4'), 100)).toBe('done');
  });

  it('is none where the server does not serve it', async () => {
    const { ownership } = await attached({ release: true, take: false });
    expect(await ownership.take(VOL, g('1.3'), 'availability')).toBe('failed');
    expect(ownership.owned()).toEqual([]);
  });
});

describe('Ownership', () => {
  it('admits only requests for what it owns, sent by who knows since when', async () => {
    const { ownership } = await agent();
    expect(ownership.admit('vol-1', '1.3')).toBe('not-owner');
    expect(await ownership.take(VOL, g('1.3'), 'availability')).toBe('done');
    expect(ownership.admit('vol-1', '1.3')).toBe('admitted');
    expect(ownership.admit('vol-1', '1.2')).toBe('not-owner');
    expect(ownership.admit('vol-1', '1.4')).toBe('not-owner');
  });

  it('releases once what runs has ended, and lets nothing new run meanwhile', async () => {
    const { ownership, clock } = await agent();
    await ownership.take(VOL, g('1.3'), 'availability');
    ownership.admit('vol-1', '1.3');
    const released = ownership.release(VOL, g('1.4'), 100);
    expect(ownership.admit('vol-1', '1.3')).toBe('in-transit');
    await clock.advance(50);
    ownership.done('vol-1');
    expect(await released).toBe('done');
    expect(ownership.admit('vol-1', '1.3')).toBe('not-owner');
    expect(ownership.owned()).toEqual([]);
  });

  it('says that it is busy when work does not end in time, and still lets nothing new run', async () => {
    const { ownership, clock } = await agent();
    await ownership.take(VOL, g('1.3'), 'availability');
    ownership.admit('vol-1', '1.3');
    const released = ownership.release(VOL, g('1.4'), 100);
    await clock.advance(100);
    expect(await released).toBe('busy');
    expect(ownership.admit('vol-1', '1.3')).toBe('in-transit');
    ownership.done('vol-1');
    expect(await ownership.release(VOL, g('1.4'), 100)).toBe('done');
  });

  it('refuses what is older than what it heard, however late it comes', async () => {
    const { ownership } = await agent();
    await ownership.take(VOL, g('1.3'), 'availability');
    await ownership.release(VOL, g('1.5'), 100);
    expect(await ownership.take(VOL, g('1.3'), 'availability')).toBe('stale');
    expect(await ownership.take(VOL, g('1.4'), 'availability')).toBe('stale');
    expect(await ownership.take(VOL, g('1.5'), 'availability')).toBe('stale');
    expect(await ownership.take(VOL, g('1.6'), 'availability')).toBe('done');
    expect(await ownership.release(VOL, g('1.5'), 100)).toBe('stale');
    expect(await ownership.release(VOL, g('1.6'), 100)).toBe('stale');
    expect(ownership.admit('vol-1', '1.6')).toBe('admitted');
  });

  it('takes a message twice as once', async () => {
    const { ownership } = await agent();
    const takes = [1, 2, 3].map(() => ownership.take(VOL, g('1.3'), 'availability'));
    expect(await Promise.all(takes)).toEqual(['done', 'done', 'done']);
    expect(await ownership.take(VOL, g('1.3'), 'availability')).toBe('done');
    const releases = [1, 2].map(() => ownership.release(VOL, g('1.4'), 10));
    expect(await Promise.all(releases)).toEqual(['done', 'done']);
    expect(await ownership.release(VOL, g('1.4'), 10)).toBe('done');
  });

  it('owns again by a give-back that overtakes its own release', async () => {
    const { ownership, clock } = await agent();
    await ownership.take(VOL, g('1.3'), 'availability');
    ownership.admit('vol-1', '1.3');
    const released = ownership.release(VOL, g('1.4'), 100);
    expect(await ownership.take(VOL, g('1.5'), 'availability')).toBe('done');
    ownership.done('vol-1');
    await clock.advance(100);
    expect(await released).toBe('stale');
    expect(ownership.admit('vol-1', '1.5')).toBe('admitted');
  });

  it('remembers over a restart what it owned and what it gave up', async () => {
    const { ownership, store, clock } = await agent();
    await ownership.take(VOL, g('1.3'), 'availability');
    await ownership.take(r('vol-2'), g('1.3'), 'availability');
    await ownership.release(r('vol-2'), g('1.4'), 10);
    const { ownership: again } = await agent({ store, clock, boot: 'b2' });
    expect(again.owned()).toEqual([{ resource: 'vol-1', since: g('1.3') }]);
    expect(again.highest).toEqual(g('1.4'));
    expect(await again.take(r('vol-2'), g('1.3'), 'availability')).toBe('stale');
  });

  it('after a restart waits for word from a live redirector before it serves', async () => {
    const { ownership, store, clock } = await agent();
    await ownership.take(VOL, g('1.3'), 'availability');
    const { ownership: again } = await agent({ store, clock, boot: 'b2' });
    expect(again.admit('vol-1', '1.3')).toBe('unconfirmed');
    again.renew({ leaseMs: 3000, boot: 'b1', digest: again.digest(), stamp: 0 });
    expect(again.admit('vol-1', '1.3')).toBe('unconfirmed');
    again.renew({ leaseMs: 3000, boot: 'b2', digest: again.digest() + 1, stamp: 0 });
    expect(again.admit('vol-1', '1.3')).toBe('unconfirmed');
    again.renew({ leaseMs: 3000, boot: 'b2', digest: again.digest(), stamp: 0 });
    expect(again.admit('vol-1', '1.3')).toBe('admitted');
  });

  it('knows that the table gives it a resource only from a redirector that vouches for that', async () => {
    const { ownership, store, clock } = await agent();
    await ownership.take(VOL, g('1.3'), 'availability');
    // It may have to be given back yet.
    expect(ownership.committedSince('vol-1')).toBeUndefined();
    ownership.renew({ leaseMs: 3000, boot: 'b1', digest: ownership.digest() + 1, stamp: 0 });
    expect(ownership.committedSince('vol-1')).toBeUndefined();
    ownership.renew({ leaseMs: 3000, boot: 'b1', digest: ownership.digest(), stamp: 0 });
    expect(ownership.committedSince('vol-1')).toBe('1.3');
    await ownership.take(VOL, g('1.4'), 'availability');
    expect(ownership.committedSince('vol-1')).toBeUndefined();
    ownership.renew({ leaseMs: 3000, boot: 'b1', digest: ownership.digest(), stamp: 0 });
    const { ownership: again } = await agent({ store, clock, boot: 'b2' });
    expect(again.committedSince('vol-1')).toBeUndefined();
    void ownership.release(VOL, g('1.5'), 100);
    expect(ownership.committedSince('vol-1')).toBeUndefined();
  });

  it('serves on without word after a while, but not what prefers consistency', async () => {
    const { ownership, store, clock } = await agent();
    await ownership.take(VOL, g('1.3'), 'availability');
    await ownership.take(r('vol-2'), g('1.3'), 'consistency');
    const { ownership: again } = await agent({ store, clock, boot: 'b2' });
    await clock.advance(2000);
    expect(again.admit('vol-1', '1.3')).toBe('admitted');
    expect(again.admit('vol-2', '1.3')).toBe('unconfirmed');
  });

  it('serves what prefers consistency only while its lease lives, counted from its own stamp', async () => {
    const { ownership, clock } = await agent();
    await ownership.take(VOL, g('1.3'), 'consistency');
    expect(ownership.admit('vol-1', '1.3')).toBe('lease-over');
    const stamp = clock.monotonicMs();
    await clock.advance(2000);
    ownership.renew({ leaseMs: 3000, boot: 'b1', digest: null, stamp });
    expect(ownership.admit('vol-1', '1.3')).toBe('admitted');
    await clock.advance(1000);
    expect(ownership.admit('vol-1', '1.3')).toBe('lease-over');
    // A renewal that waited in a buffer gives nothing more.
    ownership.renew({ leaseMs: 3000, boot: 'b1', digest: null, stamp });
    expect(ownership.admit('vol-1', '1.3')).toBe('lease-over');
  });

  it('does not own what its disk did not take', async () => {
    class FullStore extends MemoryTableStore {
      override transact(): never {
        throw new Error('disk full');
      }
    }
    const { ownership } = await agent({ store: new FullStore() });
    expect(await ownership.take(VOL, g('1.3'), 'availability')).toBe('failed');
    expect(ownership.admit('vol-1', '1.3')).toBe('not-owner');
  });

  it('owns at most since the newest generation it heard, under any order of messages', async () => {
    const message = fc.record({
      verb: fc.constantFrom('take' as const, 'release' as const, 'restart' as const),
      epoch: fc.integer({ min: 1, max: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 25 }), async (messages) => {
        const store = new MemoryTableStore();
        let { ownership } = await agent({ store });
        let newest = 0;
        for (const { verb, epoch } of messages) {
          if (verb === 'restart') {
            ({ ownership } = await agent({ store }));
            continue;
          }
          const before = ownership.owned();
          const result =
            verb === 'take'
              ? await ownership.take(VOL, g(`1.${epoch}`), 'availability')
              : await ownership.release(VOL, g(`1.${epoch}`), 0);
          if (epoch < newest) expect(result).toBe('stale');
          if (result === 'stale') expect(ownership.owned()).toEqual(before);
          if (result === 'done') newest = Math.max(newest, epoch);
          for (const { since } of ownership.owned()) {
            expect(compareGenerations(since, g(`1.${newest}`))).toBe(0);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

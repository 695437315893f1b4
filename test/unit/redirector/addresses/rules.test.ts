import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { MemberId } from '../../../../core/domain.js';
import type { AddressFacts, Wish } from '../../../../redirector/addresses/rules.js';
import { nextAct, preferredTo, turnsOf } from '../../../../redirector/addresses/rules.js';
import { fuzzRuns } from '../../../support/fuzz.js';
import { m } from '../../../support/names.js';

const wish = (ip: string, more: Partial<Wish> = {}): Wish => ({
  ...{ ip, prefer: [], holder: undefined, standing: [m('r1'), m('r2')] },
  ...more,
});

describe('whose turn it is', () => {
  it('is the first of the preferred that stands ready, else who has the fewest', () => {
    expect(turnsOf([wish('a', { prefer: [m('r3'), m('r2')] })]).get('a')).toBe('r2');
    expect(turnsOf([wish('a', { prefer: [m('r3')] })]).get('a')).toBe('r1');
    expect(turnsOf([wish('a', { holder: m('r1') }), wish('b')]).get('b')).toBe('r2');
    expect(turnsOf([wish('a', { standing: [] })]).size).toBe(0);
  });

  it('spreads any number of free addresses evenly over those that stand ready', () => {
    const members = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(members, fc.integer({ min: 0, max: 30 }), (count, addresses) => {
        const standing = Array.from({ length: count }, (_, index) => m(`r${index}`));
        const wishes = Array.from({ length: addresses }, (_, at) => wish(`${at}`, { standing }));
        const counts = new Map<MemberId, number>(standing.map((member) => [member, 0]));
        for (const member of turnsOf(wishes).values()) {
          counts.set(member, (counts.get(member) ?? 0) + 1);
        }
        expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(1);
      }),
      fuzzRuns(200),
    );
  });

  it('goes back only to those before the holder', () => {
    const prefer = [m('r1'), m('r2')];
    expect(preferredTo(m('r2'), prefer)).toEqual(['r1']);
    expect(preferredTo(m('r1'), prefer)).toEqual([]);
    expect(preferredTo(m('r9'), prefer)).toEqual(prefer);
  });
});

describe('what is done about an address', () => {
  const flag = fc.boolean();
  const facts = fc.record<AddressFacts>({
    ...{ isMine: flag, mayHold: flag, isOffered: flag },
    ...{ isUp: flag, isReady: flag, isAwaited: flag },
  });

  it('never keeps what it may not hold, and yields only what is off the interface', () => {
    fc.assert(
      fc.property(facts, (known) => {
        const act = nextAct(known);
        const may = known.isMine && known.mayHold;
        if (known.isUp && !may) expect(act).toBe('drop');
        if (act === 'keep') expect(may && known.isReady).toBe(true);
        if (act === 'yield') expect(known.isUp).toBe(false);
        if (act === 'claim')
          expect([known.isUp, known.isOffered, known.isReady]).toEqual([false, true, true]);
      }),
      fuzzRuns(500),
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import { Slots } from '../../../collector/slots.js';
import { SimulatedClock } from '../../../core/clock/simulated.js';

describe('Slots', () => {
  it('lets so many in at once, and the others in their order', async () => {
    const clock = new SimulatedClock();
    const slots = new Slots(2);
    const begun: string[] = [];
    const work = (name: string, ms: number): Promise<void> =>
      slots.run(async () => {
        begun.push(`${name}@${clock.monotonicMs()}`);
        await clock.sleep(ms);
        if (name === 'b') throw new Error('b fails');
      });
    const failed = expect(work('a', 10)).resolves.toBeUndefined();
    const rest = [work('b', 20).catch(() => undefined), work('c', 10), work('d', 10)];
    await clock.advance(100);
    await Promise.all([failed, ...rest]);
    expect(begun).toEqual(['a@0', 'b@0', 'c@10', 'd@20']);
  });

  it('lets more in as soon as there are more, and fewer once those who are in have gone', async () => {
    const clock = new SimulatedClock();
    const slots = new Slots(1);
    const begun: string[] = [];
    const all = ['a', 'b', 'c', 'd', 'e'].map((name) =>
      slots.run(async () => {
        begun.push(`${name}@${clock.monotonicMs()}`);
        await clock.sleep(10);
      }),
    );
    await clock.advance(5);
    slots.resize(3);
    await clock.advance(1);
    expect(begun).toEqual(['a@0', 'b@5', 'c@5']);
    slots.resize(1);
    await clock.advance(100);
    await Promise.all(all);
    expect(begun.slice(3)).toEqual(['d@15', 'e@25']);
  });
});

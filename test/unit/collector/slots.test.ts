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
});

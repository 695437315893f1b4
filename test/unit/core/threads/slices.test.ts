import { setImmediate } from 'node:timers';
import { expect, it } from '@jest/globals';
import { atOnce, inSlices, mapped } from '../../../../core/threads/slices.js';

const ITEMS = Array.from({ length: 10 }, (_, at) => at);
const twice = (item: number): number => 2 * item;

it('makes the same in slices as at once', async () => {
  const whole = ITEMS.map(twice);
  expect(atOnce(mapped(ITEMS, 3, twice))).toEqual(whole);
  expect(await inSlices(mapped(ITEMS, 3, twice))).toEqual(whole);
  expect(await inSlices(mapped([], 3, twice))).toEqual([]);
});

it('lets others have the event loop after each slice', async () => {
  const order: string[] = [];
  const other = (): void => {
    order.push('other');
    if (order.length < 20) setImmediate(other);
  };
  setImmediate(other);
  await inSlices(mapped(ITEMS, 4, (item) => order.push(String(item))));
  expect(order.slice(0, 12).join(' ')).toBe('0 1 2 3 other 4 5 6 7 other 8 9');
});

it('ends with what a slice throws', async () => {
  const failing = mapped(ITEMS, 3, (item) => {
    if (item === 7) throw new Error('seven');
    return item;
  });
  await expect(inSlices(failing)).rejects.toThrow('seven');
});

import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { statusSchema } from '../../../api/contract/status.js';
import { ApiFront } from '../../support/api-front.js';

const STEP_MS = 300_000;
const DAY_MS = 86_400_000;

let front: ApiFront;

beforeEach(async () => {
  front = await ApiFront.start();
});

afterEach(() => front.stop());

async function warnings(): Promise<readonly string[]> {
  const { text } = await front.ask('GET', '/v1/status');
  return statusSchema.parse(JSON.parse(text)).warnings;
}

it('status says of a forecast that it is of a time to come', async () => {
  front.plane.clock.jumpRealtime(7 * DAY_MS);
  await front.forecast({ a: 1 });
  front.plane.clock.jumpRealtime(-7 * DAY_MS);
  expect(await warnings()).toEqual([
    'the forecast was made 7 d ahead of the clock: a clock is wrong, or was',
  ]);
});

it('status says nothing of clocks that differ by less than a step', async () => {
  front.plane.clock.jumpRealtime(STEP_MS - 1);
  await front.forecast({ a: 1 });
  front.plane.clock.jumpRealtime(1 - STEP_MS);
  expect(await warnings()).toEqual([]);
});

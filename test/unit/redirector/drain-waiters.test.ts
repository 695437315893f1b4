import { expect, it } from '@jest/globals';
import { DrainWaiters } from '../../../redirector/drain-waiters.js';

it('forgets who gave up, and tells the others', async () => {
  const drains = new DrainWaiters();
  const giving = new AbortController();
  const given = drains.wait(7, giving.signal);
  const waited = drains.wait(7, new AbortController().signal);
  giving.abort(new Error('deadline'));
  await expect(given).rejects.toThrow('deadline');
  expect(drains.isAny).toBe(true);
  drains.emptied(7);
  await waited;
  expect(drains.isAny).toBe(false);
});

it('keeps nothing of a resource that nobody waits for any more', async () => {
  const drains = new DrainWaiters();
  await expect(drains.wait(7, AbortSignal.abort(new Error('late')))).rejects.toThrow('late');
  expect(drains.isAny).toBe(false);
});

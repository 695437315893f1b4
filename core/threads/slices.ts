import { setImmediate } from 'node:timers/promises';

/**
 * A long computation as one that stops now and then: its steps are small (some milliseconds), so that what else the event loop has
 * to do waits for no more than one of them.
 */
export type Slices<Result> = Generator<undefined, Result, undefined>;

/** Between any two steps whatever else is due is done. */
export async function inSlices<Result>(steps: Slices<Result>): Promise<Result> {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    await setImmediate();
  }
}

/** All at once: where nobody else waits. */
export function atOnce<Result>(steps: Slices<Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** `items.forEach(work)`, so many items a step. */
export function* eachOf<Item>(
  items: readonly Item[],
  itemsAStep: number,
  work: (item: Item, index: number) => void,
): Slices<void> {
  for (const [index, item] of items.entries()) {
    if (index > 0 && index % itemsAStep === 0) yield;
    work(item, index);
  }
}

/** `Array.from(items, make)`, so many items a step. */
export function* mapped<Item, Result>(
  items: readonly Item[],
  itemsAStep: number,
  make: (item: Item, index: number) => Result,
): Slices<Result[]> {
  const results: Result[] = [];
  yield* eachOf(items, itemsAStep, (item, index) => {
    results.push(make(item, index));
  });
  return results;
}

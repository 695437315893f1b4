import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Explained } from '../../../api/contract/explain.js';
import { explainSchema } from '../../../api/contract/explain.js';
import type { WhatIfAnswer } from '../../../api/contract/what-if.js';
import { Draft } from '../../../core/table-store/draft.js';
import { PAUSE } from '../../../core/table-store/records/plan.js';
import { PLACEMENT } from '../../../core/table-store/records/table.js';
import { ApiFront } from '../../support/api-front.js';
import { r, s } from '../../support/names.js';

let front: ApiFront;
let plannedAtMs: number;

beforeEach(async () => {
  front = await ApiFront.start();
  await front.forecast({ a: 2, b: 1 });
  ({ plannedAtMs } = await explain('a'));
});

afterEach(() => front.stop());

async function explain(resource: string): Promise<Explained> {
  const { status, text } = await front.ask('GET', `/v1/explain/${resource}`);
  expect({ status, text }).toMatchObject({ status: 200 });
  return explainSchema.strict().parse(JSON.parse(text));
}

async function whatIf(change: string): Promise<WhatIfAnswer> {
  const { text } = await front.ask('GET', `/v1/what-if?change=${encodeURIComponent(change)}`);
  return JSON.parse(text) as WhatIfAnswer;
}

async function place(resource: string, server: string): Promise<void> {
  const placement = front.plane.view.get(PLACEMENT, r(resource))!.value;
  await front.plane.write(
    new Draft().put(PLACEMENT, r(resource), { ...placement, server: s(server) }),
  );
}

/** What goes on in the background has come to its end. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const nowMs = (): number => front.plane.clock.realtimeMs();
const MOMENT = /^As planned at \d\d:\d\d(:\d\d)? UTC\.$/;

describe('an explanation, and what would be', () => {
  it('are of the moment of the last planning, and say so, while a newer one is made', async () => {
    await front.plane.clock.advance(2000);
    await front.forecast({ a: 3, b: 1 });
    const former = await explain('a');
    expect(former).toMatchObject({ plannedAtMs, demand: { cpu: 2 } });
    expect(former.notes.at(-1)).toMatch(MOMENT);
    await settled();
    const newer = await explain('a');
    expect(newer).toMatchObject({ plannedAtMs: nowMs(), demand: { cpu: 3 } });
    expect(newer.notes.at(-1)).not.toMatch(MOMENT);
  });

  it('have both worlds at that moment', async () => {
    await front.plane.clock.advance(2000);
    const found = await whatIf('lose s1');
    expect(found.plannedAtMs).toBe(plannedAtMs);
    expect(found.notes).toEqual([expect.stringMatching(MOMENT)]);
  });

  it('wait for a new planning after what an operator did', async () => {
    await front.plane.clock.advance(2000);
    const pause = { by: 'ann', reason: '', sinceMs: 0 };
    await front.plane.write(new Draft().put(PAUSE, 'current', pause));
    expect((await explain('a')).plannedAtMs).toBe(nowMs());
    expect((await whatIf('lose s1')).notes).toEqual([
      'Balancing is paused: nothing of this would be done.',
    ]);
  });

  it('wait where the resource itself is elsewhere now, not where another is', async () => {
    await front.plane.clock.advance(2000);
    await place('b', 's1');
    expect(await explain('a')).toMatchObject({ plannedAtMs, server: 's1' });
    await place('a', 's2');
    expect(await explain('a')).toMatchObject({ plannedAtMs: nowMs(), server: 's2' });
  });

  it('are of ten minutes ago at most', async () => {
    await front.plane.clock.advance(599_000);
    expect((await explain('a')).plannedAtMs).toBe(plannedAtMs);
    await front.plane.clock.advance(601_000);
    expect((await explain('a')).plannedAtMs).toBe(nowMs());
  });

  it('are planned ahead once something is news', async () => {
    await front.plane.clock.advance(2000);
    await front.forecast({ a: 3, b: 1 });
    await front.preparations.start();
    await settled();
    expect(await explain('a')).toMatchObject({ plannedAtMs: nowMs(), demand: { cpu: 3 } });
  });
});

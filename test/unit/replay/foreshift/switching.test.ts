import { describe, expect, it } from '@jest/globals';
import { recordPlan } from '../../../../core/table-store/plans.js';
import { PLAN } from '../../../../core/table-store/records/plan.js';
import { PLACEMENT } from '../../../../core/table-store/records/table.js';
import { Switching } from '../../../../replay/foreshift/switching.js';
import type { World } from '../../../../replay/foreshift/world.js';
import { worldOf } from '../../../../replay/foreshift/world.js';
import { parseReplayOptions } from '../../../../replay/options.js';
import { sceneOf } from '../../../../replay/scene.js';
import { madeTrace } from '../../../support/made-trace.js';
import { plannedMove } from '../../../support/planned-moves.js';

const STEP_MS = 300_000;
const scene = sceneOf(
  madeTrace(6, 24, () => 1),
  parseReplayOptions({ servers: 3 }),
);
const FIRST = Int32Array.from([0, 1, 2, 0, 1, 2]);

async function begun(times: { drainMs: number; takeMs: number; seed?: number }) {
  const world = await worldOf(scene, FIRST);
  return { world, switching: new Switching(world, { seed: 1, ...times }) };
}

/** Approves a plan of one batch a list of moves. */
async function approve(world: World, ...batches: readonly (readonly [string, string])[][]) {
  const { view, clock } = world;
  const planned = batches.map((moves) => ({
    moves: moves.map(([resource, target]) => plannedMove(view, resource, target)),
  }));
  return recordPlan(
    {
      trigger: { kind: 'schedule', detail: '' },
      madeAtMs: clock.realtimeMs(),
      expiresAtMs: clock.realtimeMs() + 900_000,
      base: view.table.generation,
      states: Object.fromEntries(scene.servers.map((server) => [server, 'ready' as const])),
      batches: planned,
      standbys: {},
      analysis: null,
    },
    { by: 'test', reason: '' },
    world,
  );
}

describe('switching in a replay', () => {
  it('carries an approved plan out by the real protocol, batch after batch, and takes its time', async () => {
    const { world, switching } = await begun({ drainMs: 800, takeMs: 40 });
    const startMs = world.clock.realtimeMs();
    const { plan } = await approve(
      world,
      [
        ['r0', 's2'],
        ['r1', 's3'],
      ],
      [['r2', 's1']],
    );
    await switching.advance(startMs + STEP_MS);
    const record = world.view.get(PLAN, plan.id)?.value;
    expect(record?.status).toBe('applied');
    expect(record?.outcomes.map(({ result }) => result)).toEqual(['applied', 'applied']);
    for (const { drainMs, holdMs } of record?.outcomes ?? []) {
      expect(drainMs).toBeGreaterThan(100);
      expect(holdMs).toBeGreaterThanOrEqual(drainMs + 3 * 40);
    }
    const moved = ['r0', 'r1', 'r2'].map((id) => world.view.get(PLACEMENT, id as never)?.value);
    expect(moved.map((placement) => placement?.server)).toEqual(['s2', 's3', 's1']);
    expect(moved[0]!.movedAtMs).toBeGreaterThan(startMs + 200);
    expect(moved[1]!.movedAtMs).toBe(moved[0]!.movedAtMs);
    expect(moved[2]!.movedAtMs).toBeGreaterThan(moved[1]!.movedAtMs);
    expect(world.clock.realtimeMs()).toBe(startMs + STEP_MS);
  });

  it('leaves no timer behind once the plan has ended: the time between plans costs nothing', async () => {
    const { world, switching } = await begun({ drainMs: 100, takeMs: 10 });
    await approve(world, [['r0', 's2']]);
    await switching.advance(world.clock.realtimeMs() + STEP_MS);
    expect(await world.clock.step()).toBe(false);
  });

  it('goes on with a switch that is open when the step ends', async () => {
    const { world, switching } = await begun({ drainMs: 800, takeMs: 40 });
    const startMs = world.clock.realtimeMs();
    const { plan } = await approve(world, [['r0', 's2']]);
    const statuses: (string | undefined)[] = [];
    for (let ms = 100; ms <= 4000; ms += 100) {
      await switching.advance(startMs + ms);
      expect(world.clock.realtimeMs()).toBe(startMs + ms);
      statuses.push(world.view.get(PLAN, plan.id)?.value.status);
    }
    expect(statuses[2]).toBe('applying');
    expect(statuses.at(-1)).toBe('applied');
  });

  it('tries a batch again that did not drain in time, and gives up after the third try', async () => {
    const { world, switching } = await begun({ drainMs: 60_000, takeMs: 10 });
    const { plan } = await approve(world, [['r0', 's2']]);
    await switching.advance(world.clock.realtimeMs() + STEP_MS);
    const record = world.view.get(PLAN, plan.id)?.value;
    expect(record?.status).toBe('failed');
    expect(record?.outcomes[0]).toMatchObject({ result: 'left-out', attempts: 3 });
    expect(record?.outcomes[0]?.why).toContain('work that does not end');
    expect(world.view.get(PLACEMENT, 'r0' as never)?.value.server).toBe('s1');
  });

  it('is the same for the same seed, and another for another', async () => {
    const times: (number | undefined)[] = [];
    for (const seed of [7, 7, 8]) {
      const { world, switching } = await begun({ drainMs: 800, takeMs: 40, seed });
      await approve(world, [['r0', 's2']]);
      await switching.advance(world.clock.realtimeMs() + STEP_MS);
      times.push(world.view.get(PLACEMENT, 'r0' as never)?.value.movedAtMs);
    }
    expect(times[1]).toBe(times[0]);
    expect(times[2]).not.toBe(times[0]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { ProcessReport } from '../../../cli/services/process-report.js';
import type { OutboxStatus } from '../../../collector/outbox.js';
import { EngineHealth } from '../../../core/engine-health.js';
import { ForeshiftError, fail } from '../../../core/errors.js';
import type { Transaction } from '../../../core/table-store/port.js';
import type { ProcessRecord } from '../../../core/table-store/records/process.js';
import { PROCESS } from '../../../core/table-store/records/process.js';
import { ControlPlane } from '../../support/control-plane.js';

const LOOK_MS = 2000;
const BEAT_MS = 10_000;
const ID = 'collector@box:7702';
const WELL: OutboxStatus = {
  ...{ isSpooling: false, spoolBytes: 0, waitingBytes: 0, waitingSinceMs: null, stored: 0 },
  lost: { beyondBound: 0, diskFailed: 0, refused: 0 },
  lostAtMs: null,
};

/** The report of a collector, over a store that may be away. */
async function reported() {
  const { store, clock, log, view } = await ControlPlane.with([]);
  const health = new EngineHealth('metric store', clock);
  const world = { outbox: WELL, written: 0, isAway: false };
  const moody = {
    transact: (transaction: Transaction) => {
      if (world.isAway) fail('ERR_STORE_UNAVAILABLE', { store: 'test' });
      world.written += 1;
      return store.transact(transaction);
    },
  };
  const report = new ProcessReport(
    {
      ...{
        store: moody,
        clock,
        log,
        id: () => ID,
        roles: ['collector'],
        engines: { health: [health] },
      },
      outbox: () => world.outbox,
    },
    { lookMs: LOOK_MS, beatMs: BEAT_MS },
  );
  await report.start();
  const said = async (): Promise<ProcessRecord | undefined> => {
    await view.sync();
    return view.get(PROCESS, ID)?.value;
  };
  return { clock, health, world, report, said };
}

const refusal = (why: string): ForeshiftError =>
  new ForeshiftError('ERR_STORE_REFUSED', { store: 'InfluxDB', why });

describe('the report of a process', () => {
  it('says at once what turned bad and good, and else only that it lives', async () => {
    const { clock, health, world, said, report } = await reported();
    await clock.advance(3 * BEAT_MS);
    expect(world.written).toBe(4);
    expect(await said()).toMatchObject({
      roles: ['collector'],
      leaseMs: 3 * BEAT_MS,
      engines: [{ name: 'metric store', fault: null }],
      spool: { waitingBytes: 0, waitingSinceMs: null },
    });
    const sinceMs = clock.realtimeMs();
    health.failed('writes', refusal('a conflict of types'));
    await clock.advance(LOOK_MS);
    const { engines } = (await said()) ?? { engines: [] };
    expect(engines[0]?.fault).toMatchObject({ code: 'ERR_STORE_REFUSED', sinceMs });
    expect(engines[0]?.fault?.message).toContain('a conflict of types');
    health.answered('writes');
    await clock.advance(LOOK_MS);
    expect((await said())?.engines).toEqual([{ name: 'metric store', fault: null }]);
    await report.stop();
  });

  it('says at once that samples wait or are lost, and not at once that there are more', async () => {
    const { clock, world, said, report } = await reported();
    await clock.advance(LOOK_MS);
    world.outbox = { ...WELL, waitingBytes: 100, waitingSinceMs: 7 };
    await clock.advance(LOOK_MS);
    expect((await said())?.spool).toMatchObject({ waitingBytes: 100, waitingSinceMs: 7 });
    const { written } = world;
    world.outbox = { ...world.outbox, waitingBytes: 200 };
    await clock.advance(2 * LOOK_MS);
    expect(world.written).toBe(written);
    await clock.advance(BEAT_MS);
    expect((await said())?.spool?.waitingBytes).toBe(200);
    world.outbox = { ...world.outbox, lost: { ...WELL.lost, beyondBound: 3 }, lostAtMs: 9 };
    await clock.advance(LOOK_MS);
    expect((await said())?.spool).toMatchObject({ lost: { beyondBound: 3 }, lostAtMs: 9 });
    await report.stop();
  });

  it('says it once the table store is there again', async () => {
    const { clock, health, world, said, report } = await reported();
    await clock.advance(LOOK_MS);
    world.isAway = true;
    health.failed('reads', refusal('x'.repeat(1000)));
    await clock.advance(2 * BEAT_MS);
    world.isAway = false;
    await clock.advance(LOOK_MS);
    expect((await said())?.engines[0]?.fault?.code).toBe('ERR_STORE_REFUSED');
    await report.stop();
  });

  it('takes its word back when it stops in order, whether or not it can', async () => {
    const first = await reported();
    await first.clock.advance(LOOK_MS);
    await first.report.stop();
    expect(await first.said()).toBeUndefined();
    const second = await reported();
    await second.clock.advance(LOOK_MS);
    second.world.isAway = true;
    await second.report.stop();
    expect(await second.said()).toBeDefined();
  });
});

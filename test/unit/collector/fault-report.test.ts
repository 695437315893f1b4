import { describe, expect, it } from '@jest/globals';
import type { TargetStatus } from '../../../collector/poller.js';
import { FaultReport } from '../../../collector/fault-report.js';
import { fail } from '../../../core/errors.js';
import type { Transaction } from '../../../core/table-store/port.js';
import { COLLECTOR } from '../../../core/table-store/records/collector.js';
import { ControlPlane } from '../../support/control-plane.js';

const EVERY_MS = 5000;

function target(name: string, message?: string): TargetStatus {
  return {
    ...{ name, kind: 'prometheus', polls: 1, failures: 0, failuresInRow: 0, overruns: 0 },
    ...{ lastSuccessMs: 7, samples: 0, dropped: new Map(), dropsNow: [] },
    ...{ pollMs: null, utilization: null },
    fault: message === undefined ? null : { code: null, message },
  };
}

describe('the report of faults', () => {
  it('says which targets fail, and only when that changes', async () => {
    const { store, clock, log, view } = await ControlPlane.with([]);
    let targets = [target('s1'), target('s2', 'status 500')];
    let written = 0;
    const counting = {
      transact: (transaction: Transaction) => {
        written += 1;
        return store.transact(transaction);
      },
    };
    const report = new FaultReport(
      { store: counting, clock, log, targets: () => targets },
      { everyMs: EVERY_MS },
    );
    await report.start();
    await clock.advance(3 * EVERY_MS);
    expect(written).toBe(1);
    await view.sync();
    expect(view.get(COLLECTOR, 'faults')?.value).toEqual({
      faults: [{ target: 's2', lastSuccessMs: 7, message: 'status 500' }],
      count: 1,
    });
    targets = Array.from({ length: 150 }, (_, at) => target(`t${at}`, 'x'.repeat(1000)));
    await clock.advance(EVERY_MS);
    await view.sync();
    const { faults, count } = view.get(COLLECTOR, 'faults')?.value ?? { faults: [] };
    expect([faults.length, count, faults[0]?.message.length]).toEqual([100, 150, 400]);
    targets = [];
    await clock.advance(EVERY_MS);
    await view.sync();
    expect(view.get(COLLECTOR, 'faults')?.value).toEqual({ faults: [], count: 0 });
    await report.stop();
  });

  it('says it again when the store was away', async () => {
    const { store, clock, log, view } = await ControlPlane.with([]);
    let isAway = true;
    const moody = {
      transact: (transaction: Transaction) =>
        isAway ? fail('ERR_STORE_UNAVAILABLE', { store: 'test' }) : store.transact(transaction),
    };
    const parts = { store: moody, clock, log, targets: () => [target('s1', 'gone')] };
    const report = new FaultReport(parts, { everyMs: EVERY_MS });
    await report.start();
    await clock.advance(2 * EVERY_MS);
    isAway = false;
    await clock.advance(EVERY_MS);
    await view.sync();
    expect(view.get(COLLECTOR, 'faults')?.value.count).toBe(1);
    await report.stop();
  });
});

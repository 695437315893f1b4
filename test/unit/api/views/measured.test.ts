import { beforeEach, describe, expect, it } from '@jest/globals';
import { Measurements } from '../../../../api/views/measured.js';
import { Fleet } from '../../../../api/views/kept/fleet.js';
import { unassignedIn } from '../../../../api/views/unassigned.js';
import { ForeshiftError } from '../../../../core/errors.js';
import { MemoryMetricStore } from '../../../../core/metric-store/memory.js';
import type { PanelQuery } from '../../../../core/metric-store/port.js';
import type { Panel } from '../../../../core/panel.js';
import { Draft } from '../../../../core/table-store/draft.js';
import { Eligibility } from '../../../../core/table-store/eligibility.js';
import { ELIGIBLE } from '../../../../core/table-store/records/server.js';
import { PLACEMENT } from '../../../../core/table-store/records/table.js';
import { ControlPlane } from '../../../support/control-plane.js';
import { r, s } from '../../../support/names.js';
import { sample, serverSeries } from '../../../support/series.js';

class CountingStore extends MemoryMetricStore {
  reads = 0;
  isAway = false;

  override readPanel(query: PanelQuery): Promise<Panel> {
    this.reads += 1;
    if (this.isAway) {
      return Promise.reject(new ForeshiftError('ERR_STORE_UNAVAILABLE', { store: 'x' }));
    }
    return super.readPanel(query);
  }
}

const CPU_OF_S1 = { subject: 'server', id: s('s1'), metric: 'cpu' } as const;
const WINDOW = { windowMs: 10_000, coverageMs: 3_600_000 };

let plane: ControlPlane;
let metricStore: CountingStore;

beforeEach(async () => {
  plane = await ControlPlane.with(['s1', 's2'], { a: 's1@1.5' });
  metricStore = new CountingStore();
});

function measurements(): Measurements {
  const { view, clock } = plane;
  return new Measurements({ view, clock, metricStore }, new Fleet(view));
}

describe('what was measured lately', () => {
  it('is read once for all who look at the same time, and again after a while', async () => {
    const lately = measurements();
    const nowMs = plane.clock.realtimeMs();
    await metricStore.writeSamples([sample(serverSeries('s1'), nowMs - 10_000, 2)]);
    const [one, other] = await Promise.all([lately.lately(WINDOW), lately.lately(WINDOW)]);
    expect(one.recent.lastOf(CPU_OF_S1)).toBe(2);
    expect(other).toBe(one);
    await plane.clock.advance(2000);
    await lately.lately(WINDOW);
    expect(metricStore.reads).toBe(1);
    await plane.clock.advance(1000);
    await lately.lately(WINDOW);
    expect(metricStore.reads).toBe(2);
  });

  it('is nothing while the store is away, and says so', async () => {
    metricStore.isAway = true;
    const { recent, fault, run } = await measurements().lately(WINDOW);
    expect(recent.lastOf(CPU_OF_S1)).toBeNaN();
    expect(run).toBeUndefined();
    expect(fault).toContain('not available');
  });
});

describe('what no server has', () => {
  it('is counted anew when somebody announces it, when it is placed, when it is gone', async () => {
    const { view, clock } = plane;
    const eligibility = new Eligibility({ view, clock });
    const count = (): number => unassignedIn(view, eligibility.servers());
    expect(count()).toBe(0);
    const announce = (server: string, names: readonly string[]) =>
      plane.write(new Draft().put(ELIGIBLE, s(server), { resources: names.map(r) }));
    await announce('s1', ['a', 'b', 'c']);
    await announce('s2', ['b']);
    expect(count()).toBe(2);
    const placement = view.get(PLACEMENT, r('a'))?.value;
    if (placement === undefined) throw new Error('a is placed');
    await plane.write(new Draft().put(PLACEMENT, r('b'), placement));
    expect(count()).toBe(1);
    await announce('s1', ['a']);
    expect(count()).toBe(0);
  });

  it('is not what several serve at the same time', async () => {
    const { view, clock } = plane;
    await plane.write(new Draft().put(ELIGIBLE, s('s1'), { resources: [r('b')] }));
    const isShared = (id: string): boolean => id === 'b';
    const eligibility = new Eligibility({ view, clock, isShared });
    expect(unassignedIn(view, eligibility.servers())).toBe(0);
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';
import { ForeshiftError } from '../../../core/errors.js';
import { MemoryMetricStore } from '../../../core/metric-store/memory.js';
import type { StoredEvent } from '../../../core/metric-store/port.js';
import { Draft } from '../../../core/table-store/draft.js';
import { AUDIT } from '../../../core/table-store/records/plan.js';
import { Chronicle } from '../../../forecaster/chronicle.js';
import { ControlPlane } from '../../support/control-plane.js';
import { RecordingLog } from '../../support/recording-log.js';

const EVERY_MS = 1000;

class EventStore extends MemoryMetricStore {
  fault: 'ERR_STORE_UNAVAILABLE' | 'ERR_LIMIT_REACHED' | undefined;
  writes = 0;

  override async writeEvent(event: StoredEvent): Promise<void> {
    this.writes += 1;
    if (this.fault !== undefined) throw new ForeshiftError(this.fault, {});
    await super.writeEvent(event);
  }
}

describe('the chronicle', () => {
  let plane: ControlPlane;
  let metricStore: EventStore;
  let atMs: number;

  beforeEach(async () => {
    plane = await ControlPlane.with(['s1', 's2'], { a: 's1@1.5', b: 's1@1.6' });
    metricStore = new EventStore();
    atMs = plane.clock.realtimeMs();
  });

  function chronicle(log = new RecordingLog()): Chronicle {
    const { view, clock } = plane;
    return new Chronicle({ view, metricStore, clock, log }, { everyMs: EVERY_MS });
  }

  function read(): Promise<readonly StoredEvent[]> {
    return metricStore.readEvents(0, atMs + 1e9);
  }

  it('has what became of a plan and of each of its batches, once', async () => {
    const plan = await plane.applied([plane.move('a', 's2'), plane.move('b', 's2')], atMs);
    const one = chronicle();
    await one.start();
    await plane.clock.advance(5 * EVERY_MS);
    await one.stop();
    const events = await read();
    expect(events).toHaveLength(3);
    expect(events).toEqual(
      expect.arrayContaining([
        {
          kind: 'plan',
          timeMs: atMs,
          plan,
          status: 'applied',
          moves: 2,
          by: 'test',
          text: 'forecast: test',
        },
        expect.objectContaining({
          kind: 'switch',
          plan,
          batch: 0,
          resources: ['a'],
          targets: ['s2'],
        }),
        expect.objectContaining({ kind: 'switch', plan, batch: 1, generation: '1.200' }),
      ]),
    );
    expect(metricStore.writes).toBe(3);
  });

  it('has who paused balancing and changed its mode, and no other acts', async () => {
    const draft = new Draft();
    for (const [at, what] of ['pause', 'pin', 'resume', 'mode'].entries()) {
      const record = { atMs: atMs + at, who: 'ann', what, detail: `${what} it: disk swap` };
      draft.put(AUDIT, String(at), record);
    }
    await plane.write(draft);
    const one = chronicle();
    await one.start();
    await plane.clock.advance(2 * EVERY_MS);
    await one.stop();
    expect(await read()).toEqual([
      { kind: 'note', timeMs: atMs, text: 'pause: pause it: disk swap (ann)' },
      { kind: 'note', timeMs: atMs + 2, text: 'resume: resume it: disk swap (ann)' },
      { kind: 'note', timeMs: atMs + 3, text: 'mode: mode it: disk swap (ann)' },
    ]);
  });

  it('is the same when another process writes it again', async () => {
    await plane.applied([plane.move('a', 's2')], atMs);
    for (let life = 0; life < 3; life++) {
      const one = chronicle();
      await one.start();
      await plane.clock.advance(EVERY_MS);
      await one.stop();
    }
    expect(await read()).toHaveLength(2);
    expect(metricStore.writes).toBe(6);
  });

  it('catches up when the store is back, and says once that it waits', async () => {
    const log = new RecordingLog();
    const one = chronicle(log);
    await one.start();
    metricStore.fault = 'ERR_STORE_UNAVAILABLE';
    await plane.applied([plane.move('a', 's2')], atMs);
    await plane.clock.advance(10 * EVERY_MS);
    expect(metricStore.writes).toBe(10);
    metricStore.fault = undefined;
    await plane.clock.advance(EVERY_MS);
    expect(await read()).toHaveLength(2);
    await one.stop();
    expect(log.messages).toEqual(['events wait for metric store', 'events written again']);
  });

  it('leaves out what the store will never take', async () => {
    metricStore.fault = 'ERR_LIMIT_REACHED';
    await plane.applied([plane.move('a', 's2')], atMs);
    const one = chronicle();
    await one.start();
    await plane.clock.advance(10 * EVERY_MS);
    await one.stop();
    expect(metricStore.writes).toBe(2);
  });
});

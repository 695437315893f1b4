import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryBus } from '../../../../core/bus/memory.js';
import { SimulatedClock } from '../../../../core/clock/simulated.js';
import { scheduleCompaction } from '../../../../core/metric-store/compaction.js';
import { MemoryMetricStore } from '../../../../core/metric-store/memory.js';
import { RecordingLog } from '../../../support/recording-log.js';
import { CPU, HITS, sample } from '../../../support/series.js';
import { noteAt } from '../../../support/stored.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const RETENTION = 400 * DAY;

describe('compaction by a wall clock that jumps', () => {
  let clock: SimulatedClock;
  let log: RecordingLog;
  let bus: MemoryBus;
  let store: MemoryMetricStore;

  beforeEach(async () => {
    clock = new SimulatedClock(20_000 * DAY);
    store = new MemoryMetricStore({ clock, retentionMs: RETENTION });
    await start();
  });

  afterEach(() => bus.close());

  /** As a process that has just begun. */
  async function start(): Promise<void> {
    log = new RecordingLog();
    bus = new MemoryBus({ clock, log });
    await scheduleCompaction({ bus, metricStore: store, clock, log });
  }

  /** The collector goes on, by the same clock. */
  async function collect(hours: number): Promise<void> {
    for (let hour = 0; hour < hours; hour++) {
      await store.writeSamples([sample(CPU, clock.realtimeMs(), 1)]);
      await clock.advance(HOUR);
    }
  }

  /** What would be lost: a server that left a year ago, and what happened then. */
  async function rememberLongAgo(): Promise<number> {
    const timeMs = clock.realtimeMs() - RETENTION + 10 * DAY;
    await store.writeSamples([sample(HITS, timeMs, 7)]);
    await store.writeEvent(noteAt(timeMs, 'long ago'));
    return timeMs;
  }

  async function isThere(timeMs: number): Promise<boolean> {
    const events = await store.readEvents(timeMs, timeMs + 1);
    const series = await store.listSeries(timeMs);
    expect(series.includes(HITS)).toBe(events.length > 0);
    return events.length > 0;
  }

  it('drops what is past its retention while samples come', async () => {
    const timeMs = await rememberLongAgo();
    await collect(9 * 24);
    expect(await isThere(timeMs)).toBe(true);
    await collect(3 * 24);
    expect(await isThere(timeMs)).toBe(false);
    expect(log.said).toMatchObject([{ level: 'info', message: 'compaction put off' }]);
  });

  it('drops nothing while the clock is ahead, though samples come by it, and says so once', async () => {
    const timeMs = await rememberLongAgo();
    await collect(30);
    clock.jumpRealtime(401 * DAY);
    await collect(20);
    expect(await isThere(timeMs)).toBe(true);
    expect(log.said.map(({ level }) => level)).toEqual(['info', 'warn']);
    clock.jumpRealtime(-401 * DAY);
    await collect(50);
    expect(await isThere(timeMs)).toBe(true);
  });

  it('drops nothing in a process that begins by a clock that is ahead', async () => {
    const timeMs = await rememberLongAgo();
    await collect(30);
    await bus.close();
    clock.jumpRealtime(401 * DAY);
    await start();
    await collect(20);
    expect(await isThere(timeMs)).toBe(true);
  });

  it('believes a clock that was put right once a day of samples bears it out', async () => {
    await collect(30);
    const timeMs = await rememberLongAgo();
    clock.jumpRealtime(401 * DAY);
    await collect(30);
    expect(await isThere(timeMs)).toBe(false);
  });
});

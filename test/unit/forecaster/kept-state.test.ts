import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '../../../core/clock/simulated.js';
import { MemoryDisk } from '../../../core/disk/memory.js';
import { ForeshiftError } from '../../../core/errors.js';
import { KeptState } from '../../../forecaster/kept-state.js';
import { HeardLog } from '../../support/heard-log.js';

const QUARTER_MS = 900_000;

function kept() {
  const parts = { disk: new MemoryDisk(), clock: new SimulatedClock(0), log: new HeardLog() };
  return { ...parts, state: new KeptState(parts) };
}

describe('KeptState', () => {
  it('is due a quarter of an hour after the start, and after each time that it was written', async () => {
    const { state, clock } = kept();
    expect(state.isDue).toBe(false);
    await clock.advance(QUARTER_MS);
    expect(state.isDue).toBe(true);
    await state.write(Uint8Array.of(1, 2));
    expect(state.isDue).toBe(false);
    expect(await state.read()).toEqual(Uint8Array.of(1, 2));
  });

  it('keeps the last one where a new one cannot be written, says so, and tries again in its time', async () => {
    const { state, disk, log, clock } = kept();
    await state.write(Uint8Array.of(1));
    disk.full = true;
    await clock.advance(QUARTER_MS);
    await state.write(Uint8Array.of(2));
    expect(log.lines).toContain('warn forecasts not kept');
    expect(state.isDue).toBe(false);
    expect(await state.read()).toEqual(Uint8Array.of(1));
  });

  it('says what cannot be used, but lets faults of ours through', () => {
    const { state, log } = kept();
    state.unusable(new ForeshiftError('ERR_FORECASTS_UNUSABLE', { why: 'they are damaged' }));
    expect(log.lines).toContain('warn kept forecasts not used');
    expect(() => {
      state.unusable(new RangeError('a fault'));
    }).toThrow('a fault');
  });

  it('has nothing where nothing was written', async () => {
    expect(await kept().state.read()).toBeUndefined();
  });
});

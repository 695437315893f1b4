import { describe, expect, it } from '@jest/globals';
import { Meter } from '../../../../replay/rules/measures.js';
import { ServerLoads } from '../../../../replay/rules/server-loads.js';
import { parseReplayOptions } from '../../../../replay/options.js';
import { sceneOf } from '../../../../replay/scene.js';
import { madeTrace } from '../../../support/made-trace.js';

const HOUR_MS = 3_600_000;

function measured(steps: readonly (readonly number[])[], moves: readonly [number, number][] = []) {
  const meter = new Meter({
    resources: 2,
    servers: 2,
    capacities: Float64Array.of(10, 10),
    stepMs: HOUR_MS,
  });
  for (const loads of steps) meter.step(Float64Array.from(loads));
  for (const [resource, hour] of moves) meter.move(resource, hour * HOUR_MS);
  return meter.measures();
}

describe('measures', () => {
  it('count the time of each server above capacity, not at it', () => {
    const steps = [[11, 12], [10, 9], [10.5, 0], ...Array.from({ length: 21 }, () => [1, 1])];
    const { overloadMinutes, overloadMinutesPerServerDay } = measured(steps);
    expect(overloadMinutes).toBe(180);
    expect(overloadMinutesPerServerDay).toBe(90);
  });

  it('take the load above capacity as a share of all load', () => {
    expect(measured([[12, 8]]).overloadVolumePpm).toBeCloseTo(1e5, 6);
  });

  it('tell how uneven the servers are; a fleet without load is even', () => {
    const { imbalanceMean, imbalanceMax, covMean } = measured([
      [3, 1],
      [0, 0],
    ]);
    expect(imbalanceMean).toBe(1.25);
    expect(imbalanceMax).toBe(1.5);
    expect(covMean).toBe(0.25);
  });

  it('tell how full the fullest server was', () => {
    const { peakMax, peakP95 } = measured([...Array.from({ length: 20 }, () => [5, 1]), [1, 20]]);
    expect(peakMax).toBe(2);
    expect(peakP95).toBe(0.5);
  });

  it('count moves, a resource and day, and resources moved twice within 24 hours', () => {
    const day = Array.from({ length: 24 }, () => [1, 1]);
    const { moves, movesPerResourceDay, movedTwice } = measured(day, [
      [0, 1],
      [1, 2],
      [0, 25],
      [1, 25.9],
      [1, 27],
    ]);
    expect(moves).toBe(5);
    expect(movesPerResourceDay).toBe(2.5);
    expect(movedTwice).toBe(1);
  });

  it('are zero where nothing was', () => {
    expect(measured([[0, 0]])).toMatchObject({
      overloadVolumePpm: 0,
      peakMax: 0,
      imbalanceMean: 1,
    });
  });
});

describe('the load of servers within a step', () => {
  const scene = sceneOf(
    madeTrace(3, 4, (resource, step) => 10 * (resource + 1) + step),
    parseReplayOptions({ servers: 2 }),
  );

  it('is the sum of what each has', () => {
    const loads = new ServerLoads(scene);
    loads.begin(2);
    expect([...loads.end(Int32Array.from([0, 1, 0]))]).toEqual([12 + 32, 22]);
  });

  it('counts a resource that moves for each server as long as it was there', () => {
    const loads = new ServerLoads(scene);
    loads.begin(0);
    loads.move({ resource: 0, source: 0, target: 1 }, 0.25);
    loads.move({ resource: 0, source: 1, target: 0 }, 0.75);
    loads.move({ resource: 1, source: 0, target: 1 }, 0);
    const [first, second] = loads.end(Int32Array.from([0, 1, 0]));
    expect(first).toBeCloseTo(30 + 5, 9);
    expect(second).toBeCloseTo(20 + 5, 9);
  });
});

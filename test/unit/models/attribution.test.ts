import { describe, expect, it } from '@jest/globals';
import { resourceId, serverId } from '../../../core/domain.js';
import { between, gaussian, SeededRng } from '../../../core/rng.js';
import { Attribution } from '../../../models/attribution.js';
import type { Costs } from '../../../models/cost-fit.js';
import type { ServedLoad } from '../../../models/served-sums.js';

const SERVERS = ['s1', 's2', 's3'].map(serverId);
const RESOURCES = Array.from({ length: 24 }, (_, r) => resourceId(`vol-${r}`));

interface World {
  readonly steps: number;
  /** Of cpu, relative. */
  readonly noise: number;
  /** Every so many steps a resource changes its server. */
  readonly moveEvery?: number;
  readonly resources?: number;
  readonly seed?: number;
}

/** A fleet with known costs, and what attribution makes of it. */
function attributed(world: World): { truth: ReturnType<typeof truthOf>; costs: Costs } {
  const { steps, noise, moveEvery, resources = RESOURCES.length, seed = 1 } = world;
  const rng = new SeededRng(seed);
  const truth = truthOf(rng, resources);
  const attribution = new Attribution({ halfLifeSteps: 2000 });
  const placement = truth.map((_, r) => r % SERVERS.length);
  for (let step = 0; step < steps; step++) {
    if (moveEvery !== undefined && step % moveEvery === 0) {
      const moved = Math.floor(rng.next() * resources);
      placement[moved] = (placement[moved]! + 1) % SERVERS.length;
    }
    const loads = truth.map(({ size }, r): ServedLoad => {
      const hits = size * Math.exp(0.5 * gaussian(rng)) * (1 + Math.sin(step / 40 + r));
      return {
        resource: RESOURCES[r]!,
        hitsPerSecond: hits,
        bytesPerSecond: hits * between(rng, 2e3, 2e4),
      };
    });
    for (const [s, server] of SERVERS.entries()) {
      const here = loads.filter((_, r) => placement[r] === s);
      const work = here.reduce((sum, { resource, hitsPerSecond, bytesPerSecond }) => {
        const { perHit, perByte } = truth[RESOURCES.indexOf(resource)]!;
        return sum + perHit * hitsPerSecond + perByte * bytesPerSecond;
      }, IDLE[s]!);
      attribution.observe(server, { cpu: work * (1 + noise * gaussian(rng)), loads: here });
    }
  }
  return { truth, costs: attribution.solve() };
}

/** Mean of the made loads. */
const BYTES_PER_HIT = 1.1e4;
const IDLE: readonly number[] = [0.1, 0.25, 0.4];

function truthOf(rng: SeededRng, resources: number) {
  return Array.from({ length: resources }, () => ({
    size: 20 * Math.exp(0.7 * gaussian(rng)),
    perHit: between(rng, 0.5e-3, 3e-3),
    perByte: between(rng, 1e-9, 8e-9),
  }));
}

/** Mean relative error of the cost per hit. */
function missOf({ truth, costs }: ReturnType<typeof attributed>): number {
  const misses = truth.map(({ perHit }, r) => {
    const found = costs.resources.get(RESOURCES[r]!)!;
    return Math.abs(found.perHit - perHit) / perHit;
  });
  return misses.reduce((sum, miss) => sum + miss, 0) / misses.length;
}

describe('Attribution', () => {
  it('finds the costs of each resource and the idle cost of each server where nothing disturbs', () => {
    const result = attributed({ steps: 600, noise: 0 });
    expect(missOf(result)).toBeLessThan(0.01);
    for (const [s, server] of SERVERS.entries()) {
      expect(result.costs.idle.get(server)).toBeCloseTo(IDLE[s]!, 2);
    }
  });

  it('comes close under noise', () => {
    expect(missOf(attributed({ steps: 1500, noise: 0.05 }))).toBeLessThan(0.15);
  });

  it('joins what it saw of a resource on several servers', () => {
    const moving = attributed({ steps: 400, noise: 0.1, moveEvery: 5 });
    expect(missOf(moving)).toBeLessThan(0.2);
    expect(moving.costs.resources.size).toBe(RESOURCES.length);
  });

  it('does no worse than the mean of the fleet with few samples, however loud', () => {
    let own = 0;
    let mean = 0;
    for (let seed = 1; seed <= 30; seed++) {
      const { costs, truth } = attributed({ steps: 8, noise: 0.3, seed });
      for (const [r, { perHit, perByte }] of truth.entries()) {
        const found = costs.resources.get(RESOURCES[r]!)!;
        const cpu = perHit + BYTES_PER_HIT * perByte;
        own += Math.abs(found.perHit + BYTES_PER_HIT * found.perByte - cpu);
        mean += Math.abs(costs.fleet.perHit + BYTES_PER_HIT * costs.fleet.perByte - cpu);
      }
    }
    expect(own).toBeLessThan(1.02 * mean);
  });

  it('takes a step with a gap for no step', () => {
    const whole = { resource: RESOURCES[0]!, hitsPerSecond: 100, bytesPerSecond: 0 };
    const attribution = new Attribution();
    for (let step = 0; step < 50; step++) {
      const hits = 50 + step;
      attribution.observe(SERVERS[0]!, {
        cpu: 0.01 * hits,
        loads: [{ ...whole, hitsPerSecond: hits }],
      });
      attribution.observe(SERVERS[0]!, { cpu: NaN, loads: [whole] });
      attribution.observe(SERVERS[0]!, { cpu: 9, loads: [{ ...whole, hitsPerSecond: NaN }] });
      attribution.observe(SERVERS[0]!, { cpu: -1, loads: [whole] });
    }
    const cost = attribution.solve().resources.get(RESOURCES[0]!);
    expect(cost?.perHit).toBeCloseTo(0.01, 4);
    expect(cost?.perByte).toBe(0);
  });

  it('follows a cost that changed, the sooner the shorter the half-life', () => {
    const rng = new SeededRng(3);
    const costAfter = (halfLifeSteps: number): number => {
      const attribution = new Attribution({ halfLifeSteps });
      for (let step = 0; step < 300; step++) {
        const hitsPerSecond = between(rng, 10, 100);
        const perHit = step < 200 ? 0.001 : 0.004;
        const load = { resource: RESOURCES[0]!, hitsPerSecond, bytesPerSecond: 0 };
        attribution.observe(SERVERS[0]!, { cpu: perHit * hitsPerSecond, loads: [load] });
      }
      return attribution.solve().resources.get(RESOURCES[0]!)!.perHit;
    };
    expect(costAfter(20)).toBeCloseTo(0.004, 3);
    expect(costAfter(1000)).toBeLessThan(0.003);
  });

  it('knows nothing before the first step, and forgets a server that is gone', () => {
    const attribution = new Attribution();
    expect(attribution.solve().resources.size).toBe(0);
    attribution.observe(SERVERS[0]!, { cpu: 1, loads: [] });
    attribution.forget(SERVERS[0]!);
    attribution.observe(SERVERS[1]!, { cpu: 2, loads: [] });
    expect([...attribution.solve().idle]).toEqual([[SERVERS[1], 2]]);
  });

  it('drops resources that have long been served elsewhere', () => {
    const attribution = new Attribution({ halfLifeSteps: 10 });
    const load = (r: number) => ({ resource: RESOURCES[r]!, hitsPerSecond: 10, bytesPerSecond: 1 });
    for (let step = 0; step < 20; step++) {
      attribution.observe(SERVERS[0]!, { cpu: 1, loads: [load(0)] });
    }
    for (let step = 0; step < 200; step++) {
      attribution.observe(SERVERS[0]!, { cpu: 1, loads: [load(1)] });
    }
    expect([...attribution.solve().resources.keys()]).toEqual([RESOURCES[1]]);
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '../../../../core/clock/simulated.js';
import type { OutliersOptions } from '../../../../redirector/health/outliers.js';
import { Outliers } from '../../../../redirector/health/outliers.js';

const OPTIONS: OutliersOptions = {
  failuresMax: 3,
  ejectMs: 1000,
  ejectMsMax: 2500,
  ejectedShareMax: 0.5,
};

let clock: SimulatedClock;
let suspected: number[];
let ejected: number[];
let outliers: Outliers;

beforeEach(() => {
  clock = new SimulatedClock();
  suspected = [];
  ejected = [];
  outliers = of(4);
});

function of(servers: number): Outliers {
  return new Outliers(
    {
      clock,
      servers: () => servers,
      suspect: (server) => suspected.push(server),
      onEjected: (server) => ejected.push(server),
    },
    OPTIONS,
  );
}

function fails(server: number, times = OPTIONS.failuresMax): void {
  for (let each = 0; each < times; each++) outliers.failed(server);
}

describe('a server that fails its work', () => {
  it('is suspected and ejected after so many failures in a row', () => {
    fails(1, 2);
    expect([suspected, ejected]).toEqual([[], []]);
    fails(1, 1);
    expect([suspected, ejected]).toEqual([[1], [1]]);
    expect(outliers.isEjected(1)).toBe(true);
    expect(outliers.isEjected(0)).toBe(false);
  });

  it('is none if it does well in between', () => {
    for (let each = 0; each < 10; each++) {
      fails(1, 2);
      outliers.succeeded(1);
    }
    expect(suspected).toEqual([]);
  });

  it('comes back after a while; the next time it is away for longer, up to a limit', async () => {
    for (const forMs of [1000, 2000, 2500, 2500]) {
      fails(1);
      await clock.advance(forMs - 1);
      expect(outliers.isEjected(1)).toBe(true);
      await clock.advance(1);
      expect(outliers.isEjected(1)).toBe(false);
    }
    expect(outliers.ejections).toBe(4);
  });

  it('begins anew once it did well for long enough', async () => {
    fails(1);
    await clock.advance(1000 + OPTIONS.ejectMsMax);
    fails(1);
    await clock.advance(1000);
    expect(outliers.isEjected(1)).toBe(false);
  });

  it('is suspected once a second at most, and ejected once, as long as it is away', async () => {
    outliers.reconfigure({ ejectMs: 5000, ejectMsMax: 5000 });
    fails(1, 100);
    expect([suspected, ejected]).toEqual([[1], [1]]);
    await clock.advance(1000);
    fails(1, 100);
    expect([suspected, ejected]).toEqual([[1, 1], [1]]);
  });

  it('stays if too many are away already, and is suspected all the same', () => {
    fails(0);
    fails(1);
    fails(2);
    expect(ejected).toEqual([0, 1]);
    expect(suspected).toEqual([0, 1, 2]);
    expect(outliers.isEjected(2)).toBe(false);
    expect(outliers.spared).toBe(1);
  });

  it('may be the only one of few', () => {
    outliers = of(1);
    fails(0);
    expect(ejected).toEqual([0]);
  });

  it('is known by any index', () => {
    outliers.succeeded(1000);
    fails(1000);
    outliers.succeeded(1000);
    expect(ejected).toEqual([1000]);
  });
});

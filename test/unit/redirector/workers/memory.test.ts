import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SharedLimits, countsIn, countsMemory } from '../../../../redirector/workers/memory.js';

describe('what threads count together', () => {
  const limitsOf = (threads: number): SharedLimits =>
    new SharedLimits(SharedLimits.memory(threads), threads);

  it('is what the others hold, for each', () => {
    const limits = limitsOf(3);
    limits.of(0).held.tell(1, 10);
    limits.of(1).held.tell(2, 20);
    limits.of(2).held.tell(4, 40);
    const { held } = limits.of(1);
    expect([held.requests, held.bytes]).toEqual([5, 50]);
    limits.clear(2);
    expect([held.requests, held.bytes]).toEqual([1, 10]);
    expect(limits.heldRequests(1)).toBe(2);
  });

  it('is the connections of others by protocol, and of each client', () => {
    const limits = limitsOf(2);
    const [own, other] = [limits.of(0), limits.of(1)];
    other.frontsOf('http').came('10.0.0.1');
    other.frontsOf('http').came('10.0.0.1');
    other.frontsOf('tcp').came('10.0.0.1');
    own.frontsOf('http').came('10.0.0.1');
    expect(own.frontsOf('http').connections).toBe(2);
    expect(own.frontsOf('http').ofClient('10.0.0.1')).toBe(2);
    expect(own.frontsOf('http').ofClient('10.0.0.2')).toBe(0);
    expect(own.frontsOf('tcp').connections).toBe(1);
    expect(limits.connections(1)).toBe(3);
    other.frontsOf('http').went('10.0.0.1');
    expect(own.frontsOf('http').ofClient('10.0.0.1')).toBe(1);
    limits.clear(1);
    expect(own.frontsOf('http').connections).toBe(0);
    expect(own.frontsOf('http').ofClient('10.0.0.1')).toBe(0);
    expect(other.frontsOf('http').connections).toBe(1);
  });

  it('is never less than a client has, and seldom more', () => {
    fc.assert(
      fc.property(fc.array(fc.ipV4(), { minLength: 1, maxLength: 1000 }), (ips) => {
        const limits = limitsOf(3);
        const counts = new Map<string, number>();
        for (const [at, ip] of ips.entries()) {
          limits
            .of(1 + (at % 2))
            .frontsOf('http')
            .came(ip);
          counts.set(ip, (counts.get(ip) ?? 0) + 1);
        }
        const own = limits.of(0).frontsOf('http');
        let wrong = 0;
        for (const [ip, count] of counts) {
          expect(own.ofClient(ip)).toBeGreaterThanOrEqual(count);
          if (own.ofClient(ip) > count) wrong += 1;
        }
        // Two rows of 4,096: both cells of one are another's too, for about (1000 / 4096)² of them at most.
        expect(wrong).toBeLessThanOrEqual(5 + counts.size / 5);
      }),
      { numRuns: 30 },
    );
  });

  it('has rows for each resource, side by side', () => {
    const memory = countsMemory(5);
    const counts = countsIn(memory);
    for (const [at, row] of [
      counts.hits,
      counts.bytes,
      counts.serviceMs,
      counts.inFlight,
    ].entries()) {
      expect(row).toHaveLength(5);
      row.fill(at + 1);
    }
    const again = countsIn(memory);
    expect([...again.hits, ...again.bytes, ...again.serviceMs, ...again.inFlight]).toEqual(
      [1, 2, 3, 4].flatMap((value) => Array.from({ length: 5 }, () => value)),
    );
  });
});

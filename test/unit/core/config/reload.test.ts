import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { reloadOf } from '../../../../core/config/reload.js';
import type { Config } from '../../../../core/config/schema.js';
import { configSchema } from '../../../../core/config/schema.js';

const config = (written: object = {}): Config => configSchema.parse(written);

describe('a config that is read again', () => {
  it('changes nothing if nothing was changed', () => {
    const before = config({ planner: { target: 0.7 } });
    const {
      config: now,
      changed,
      needRestart,
    } = reloadOf(before, config({ planner: { target: 0.7 } }));
    expect(now).toEqual(before);
    expect([changed, needRestart]).toEqual([[], []]);
  });

  it('is taken up where a running process can, and named where it cannot', () => {
    const before = config({ dataDir: './a', planner: { target: 0.7 } });
    const read = config({
      dataDir: './b',
      planner: { target: 0.6 },
      mode: 'auto',
      redirector: { drainTimeoutMs: 1, memberLeaseMs: 20_000 },
      listeners: [{ listen: '127.0.0.1:1' }],
    });
    const { config: now, changed, needRestart } = reloadOf(before, read);
    expect([...changed].sort()).toEqual([
      'listeners',
      'mode',
      'planner.target',
      'redirector.drainTimeoutMs',
    ]);
    expect([...needRestart].sort()).toEqual(['dataDir', 'redirector.memberLeaseMs']);
    expect(now).toEqual({
      ...before,
      mode: 'auto',
      planner: read.planner,
      listeners: read.listeners,
      redirector: { ...before.redirector, drainTimeoutMs: 1 },
    });
  });

  it('may leave out what was there, and bring what was not', () => {
    const hooked = config({ redirector: { fenceHook: 'http://10.0.0.1/' } });
    expect(reloadOf(hooked, config()).config).toEqual(config());
    expect(reloadOf(config(), hooked).config).toEqual(hooked);
    const evened = config({ triggers: { rebalance: { cron: '0 3 * * 0' } } });
    expect(reloadOf(evened, config()).config).toEqual(config());
    expect(reloadOf(config(), evened)).toMatchObject({
      config: evened,
      changed: ['triggers.rebalance'],
    });
    const pinned = config({ resources: { pins: { a: 's1' } } });
    expect(reloadOf(pinned, config()).changed).toEqual(['resources.pins']);
    expect(reloadOf(pinned, config()).config).toEqual(config());
  });

  it('is taken up whole in the end: what needs a restart is what is left', () => {
    const written = fc.record(
      {
        mode: fc.constantFrom('observe', 'auto'),
        cluster: fc.constantFrom('a', 'b'),
        log: fc.record({ level: fc.constantFrom('debug', 'warn') }),
        collector: fc.record({
          everyMs: fc.integer({ min: 1 }),
          spoolBytesMax: fc.integer({ min: 1 }),
        }),
        http: fc.record({ headBytesMax: fc.integer({ min: 100 }) }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(written, written, (one, other) => {
        const [before, read] = [config(one), config(other)];
        const { config: now, changed, needRestart } = reloadOf(before, read);
        const again = reloadOf(now, read);
        expect(again.changed).toEqual([]);
        expect(again.needRestart).toEqual(needRestart);
        expect(reloadOf(before, now).changed).toEqual(changed);
        expect(needRestart.every((key) => /^(cluster|collector\.spoolBytesMax)$/.test(key))).toBe(
          true,
        );
      }),
      { numRuns: 30 },
    );
  });
});

import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { SimulatedClock } from '../../../core/clock/simulated.js';
import { AssignmentTable } from '../../../core/table.js';
import type { GateOptions } from '../../../redirector/gate.js';
import { Gate, HELD, LEASE_OVER, UNASSIGNED, UNREACHABLE } from '../../../redirector/gate.js';
import { g, r, s, tableOf } from '../../support/names.js';

function gateWith(rows: Record<string, string>, options: Partial<GateOptions> = {}) {
  const clock = new SimulatedClock();
  const gate = new Gate(
    {
      clock,
      afterArrivals: (run) => {
        clock.after(0, run);
      },
      needsLease: (resource) => resource.startsWith('leased'),
    },
    options,
  );
  gate.apply(tableOf(rows));
  const at = (name: string): number => gate.indexOf(r(name));
  const serverOf = (name: string): string => gate.serverId(gate.enter(at(name)));
  return { clock, gate, at, serverOf };
}

describe('Gate', () => {
  it('lets work in to the server of the table and counts it until it leaves', () => {
    const { gate, at, serverOf } = gateWith({ 'vol-1': 's1@1.3' });
    expect(serverOf('vol-1')).toBe('s1');
    expect(gate.sinceText(at('vol-1'))).toBe('1.3');
    expect(gate.inFlight(r('vol-1'))).toBe(1);
    gate.leave(at('vol-1'), 100, 7);
    expect(gate.counters()).toEqual([
      { resource: 'vol-1', hits: 1, bytes: 100, serviceMs: 7, inFlight: 0 },
    ]);
  });

  it('lets less wait where others wait against the same limits', () => {
    const clock = new SimulatedClock();
    const told: number[][] = [];
    const heldBeside = {
      ...{ requests: 2, bytes: 50 },
      tell: (...held: number[]) => told.push(held),
    };
    const gate = new Gate(
      { clock, needsLease: () => false, heldBeside },
      { heldMax: 4, heldBytesMax: 100 },
    );
    gate.hold([r('vol-1')]);
    const at = gate.indexOf(r('vol-1'));
    const run = () => undefined;
    expect(gate.park(at, 51, run)).toBeUndefined();
    const first = gate.park(at, 10, run);
    expect(gate.park(at, 10, run)).toBeDefined();
    expect(gate.park(at, 10, run)).toBeUndefined();
    first?.cancel();
    expect(told).toEqual([
      [1, 10],
      [2, 20],
      [1, 10],
    ]);
  });

  it('counts where it was told to, up to the last resource', () => {
    const resourcesMax = 100;
    const counts = {
      hits: new Float64Array(resourcesMax),
      bytes: new Float64Array(resourcesMax),
      serviceMs: new Float64Array(resourcesMax),
      inFlight: new Int32Array(resourcesMax),
    };
    const clock = new SimulatedClock();
    const gate = new Gate({ clock, needsLease: () => false, counts }, { resourcesMax });
    const names = Array.from({ length: resourcesMax }, (_, at) => `vol-${at}`);
    gate.apply(tableOf(Object.fromEntries(names.map((name) => [name, 's1@1.1']))));
    for (const name of names) {
      const at = gate.indexOf(r(name));
      gate.enter(at);
      gate.leave(at, 2, 3);
      gate.enter(at);
    }
    expect([...counts.hits].every((hits) => hits === 1)).toBe(true);
    expect([...counts.inFlight].every((work) => work === 1)).toBe(true);
    gate.inherit(99, { hits: 5, bytes: 6, serviceMs: 7 });
    expect(gate.counters(99)).toMatchObject([{ hits: 6, bytes: 8, serviceMs: 10, inFlight: 1 }]);
  });

  it('knows no resource that no table has named, and says so of one that has no server', () => {
    const { gate, at } = gateWith({ 'vol-1': 's1@1.3' });
    expect(at('vol-2')).toBe(-1);
    gate.apply(tableOf({}));
    expect(gate.enter(at('vol-1'))).toBe(UNASSIGNED);
  });

  it('drains: resolves when the last piece of work has left', async () => {
    const { gate, at, clock } = gateWith({ 'vol-1': 's1@1.3', 'vol-2': 's1@1.3' });
    gate.enter(at('vol-1'));
    gate.enter(at('vol-2'));
    gate.hold([r('vol-1'), r('vol-2')]);
    let isDrained = false;
    void gate.drained([r('vol-1'), r('vol-2')], new AbortController().signal).then(() => {
      isDrained = true;
    });
    gate.leave(at('vol-1'), 0, 0);
    await clock.advance(1);
    expect(isDrained).toBe(false);
    gate.withdraw(at('vol-2'));
    await clock.advance(1);
    expect(isDrained).toBe(true);
  });

  it('gives a drain up when its signal aborts', async () => {
    const { gate, at } = gateWith({ 'vol-1': 's1@1.3' });
    gate.enter(at('vol-1'));
    gate.hold([r('vol-1')]);
    const controller = new AbortController();
    const drained = gate.drained([r('vol-1')], controller.signal);
    controller.abort(new Error('deadline'));
    await expect(drained).rejects.toThrow('deadline');
    await expect(gate.drained([r('vol-1')], controller.signal)).rejects.toThrow('deadline');
  });

  it('holds new work and hands it to the new server, in its order, once it resumes', () => {
    const { gate, at } = gateWith({ 'vol-1': 's1@1.3' });
    gate.hold([r('vol-1')]);
    expect(gate.enter(at('vol-1'))).toBe(HELD);
    const seen: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      gate.park(at('vol-1'), 10, (entrance) => {
        seen.push(`${name}:${typeof entrance === 'number' ? gate.serverId(entrance) : entrance}`);
      });
    }
    gate.apply(tableOf({ 'vol-1': 's2@1.4' }));
    expect(seen).toEqual([]);
    const report = gate.resume([r('vol-1')]);
    expect(seen).toEqual(['a:s2', 'b:s2', 'c:s2']);
    expect(report).toEqual({ holdMs: 0, heldRequests: 3, failedRequests: 0 });
    expect(gate.inFlight(r('vol-1'))).toBe(3);
    expect(gate.heldRequests).toBe(0);
  });

  it('lets new work in after a stall whose waiting work had gone in the middle of a paced resume', async () => {
    const { gate, at, clock } = gateWith(
      { 'vol-1': 's1@1.3' },
      { resumeBurst: 1, resumePauseMs: 1 },
    );
    gate.hold([r('vol-1')]);
    gate.park(at('vol-1'), 0, () => undefined);
    const second = gate.park(at('vol-1'), 0, () => undefined);
    gate.resume([r('vol-1')]);
    gate.stall(at('vol-1'));
    second?.cancel();
    gate.unstall(s('s1'));
    await clock.advance(10);
    expect(gate.enter(at('vol-1'))).toBe(0);
  });

  it('paces the resume, and what comes meanwhile goes behind what waits', async () => {
    const { gate, at, clock } = gateWith(
      { 'vol-1': 's1@1.3' },
      { resumeBurst: 2, resumePauseMs: 1 },
    );
    gate.hold([r('vol-1')]);
    const seen: number[] = [];
    const park = (number: number) => gate.park(at('vol-1'), 0, () => seen.push(number));
    for (let number = 0; number < 5; number++) park(number);
    gate.resume([r('vol-1')]);
    expect(seen).toEqual([0, 1]);
    expect(gate.enter(at('vol-1'))).toBe(HELD);
    park(5);
    await clock.advance(10);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
    expect(gate.enter(at('vol-1'))).toBe(0);
  });

  it('shares the pace among resources', () => {
    const { gate, at } = gateWith({ 'vol-1': 's1@1.3', 'vol-2': 's1@1.3' }, { resumeBurst: 4 });
    gate.hold([r('vol-1'), r('vol-2')]);
    const seen: string[] = [];
    for (const name of ['vol-1', 'vol-1', 'vol-1', 'vol-2', 'vol-2']) {
      gate.park(at(name), 0, () => seen.push(name));
    }
    gate.resume([r('vol-1'), r('vol-2')]);
    expect(seen).toEqual(['vol-1', 'vol-2', 'vol-1', 'vol-2']);
  });

  it('starts a burst in slices, between which others that have arrived have their turn', async () => {
    const { gate, at, clock } = gateWith(
      { 'vol-1': 's1@1.3', 'vol-2': 's1@1.3' },
      { resumeBurst: 5, resumeSlice: 2, resumePauseMs: 1 },
    );
    gate.hold([r('vol-1'), r('vol-2')]);
    const seen: string[] = [];
    for (const name of ['vol-1', 'vol-1', 'vol-1', 'vol-2', 'vol-1', 'vol-2', 'vol-2']) {
      gate.park(at(name), 0, () => seen.push(name));
    }
    gate.resume([r('vol-1'), r('vol-2')]);
    const counts = [seen.length];
    while (await clock.step(0)) counts.push(seen.length);
    expect(counts).toEqual([2, 4, 5]);
    await clock.advance(1);
    expect(seen).toEqual(['vol-1', 'vol-2', 'vol-1', 'vol-2', 'vol-1', 'vol-2', 'vol-1']);
  });

  it('bounds what waits: by resource, in all, in bytes and in time', async () => {
    const limits = { heldPerResourceMax: 2, heldMax: 3, heldBytesMax: 100, holdTimeoutMs: 50 };
    const { gate, at, clock } = gateWith({ 'vol-1': 's1@1.3', 'vol-2': 's1@1.3' }, limits);
    gate.hold([r('vol-1'), r('vol-2')]);
    const ends: unknown[] = [];
    const park = (name: string, bytes: number) =>
      gate.park(at(name), bytes, (entrance) => ends.push(entrance)) !== undefined;
    expect(park('vol-1', 101)).toBe(false);
    expect([park('vol-1', 1), park('vol-1', 1), park('vol-1', 1)]).toEqual([true, true, false]);
    expect([park('vol-2', 1), park('vol-2', 1)]).toEqual([true, false]);
    await clock.advance(50);
    expect(ends).toEqual(['expired', 'expired', 'expired']);
    expect(gate.heldRequests).toBe(0);
    const { heldRequests, failedRequests } = gate.resume([r('vol-1'), r('vol-2')]);
    expect([heldRequests, failedRequests]).toEqual([6, 6]);
  });

  it('forgets a waiter that has gone, and gives its room to another', () => {
    const { gate, at } = gateWith({ 'vol-1': 's1@1.3' }, { heldPerResourceMax: 1 });
    gate.hold([r('vol-1')]);
    const ran: string[] = [];
    gate.park(at('vol-1'), 5, () => ran.push('first'))?.cancel();
    const second = gate.park(at('vol-1'), 5, () => ran.push('second'));
    expect(second).toBeDefined();
    gate.resume([r('vol-1')]);
    second?.cancel();
    expect(ran).toEqual(['second']);
    expect(gate.heldRequests).toBe(0);
  });

  it('makes work wait for a server that does not answer, then refuses at once', async () => {
    const { gate, at, clock } = gateWith({ 'vol-1': 's1@1.3' }, { stallTimeoutMs: 100 });
    gate.stall(at('vol-1'));
    expect(gate.enter(at('vol-1'))).toBe(HELD);
    const ends: unknown[] = [];
    gate.park(at('vol-1'), 0, (entrance) => ends.push(entrance));
    await clock.advance(100);
    expect(ends).toEqual(['expired']);
    expect(gate.enter(at('vol-1'))).toBe(UNREACHABLE);
    gate.unstall(s('s1'));
    expect(gate.enter(at('vol-1'))).toBe(0);
  });

  it('lets stalled work go on where the resource moves to', () => {
    const { gate, at } = gateWith({ 'vol-1': 's1@1.3' });
    gate.stall(at('vol-1'));
    const seen: string[] = [];
    gate.park(at('vol-1'), 0, (entrance) => seen.push(gate.serverId(Number(entrance))));
    gate.hold([r('vol-1')]);
    gate.apply(tableOf({ 'vol-1': 's2@1.4' }));
    expect(seen).toEqual([]);
    gate.resume([r('vol-1')]);
    expect(seen).toEqual(['s2']);
  });

  it('closes a resource that needs the own lease when that is over', async () => {
    const { gate, at, clock } = gateWith({ 'leased-1': 's1@1.3', 'vol-1': 's1@1.3' });
    gate.setLease(clock.monotonicMs() + 10);
    expect(gate.enter(at('leased-1'))).toBe(0);
    await clock.advance(10);
    expect(gate.enter(at('leased-1'))).toBe(LEASE_OVER);
    expect(gate.enter(at('vol-1'))).toBe(0);
    gate.setLease(clock.monotonicMs() + 10);
    expect(gate.enter(at('leased-1'))).toBe(0);
  });

  it('serves what became shared without the lease that its owner needed', async () => {
    const { gate, at, clock } = gateWith({ 'leased-1': 's1@1.3' });
    gate.setLease(clock.monotonicMs() + 10);
    gate.apply(tableOf({}));
    expect(gate.share([r('leased-1')], { choose: () => 0 })).toEqual([]);
    await clock.advance(10);
    expect(gate.enter(at('leased-1'))).toBe(0);
  });

  it('starts no more work in one turn, however many resources get their servers back in it', async () => {
    const names = Array.from({ length: 100 }, (_, index) => r(`web-${index}`));
    const { gate, clock } = gateWith({}, { resumeBurst: 8 });
    gate.share(names, { choose: () => -1 });
    let started = 0;
    for (const name of names) {
      const at = gate.indexOf(name);
      expect(gate.enter(at)).toBe(HELD);
      gate.park(at, 0, () => {
        started += 1;
      });
    }
    gate.share(names, { choose: () => 0 });
    expect(started).toBe(8);
    await clock.advance(1);
    expect(started).toBe(16);
    await clock.advance(100);
    expect(started).toBe(100);
  });

  it('asks anew which resources need the lease when it is reconfigured', async () => {
    const clock = new SimulatedClock();
    const needing = new Set<string>();
    const gate = new Gate({ clock, needsLease: (resource) => needing.has(resource) });
    gate.apply(tableOf({ 'vol-1': 's1@1.3' }));
    gate.setLease(clock.monotonicMs() + 10);
    await clock.advance(10);
    expect(gate.enter(gate.indexOf(r('vol-1')))).toBe(0);
    needing.add('vol-1');
    gate.reconfigure({});
    expect(gate.enter(gate.indexOf(r('vol-1')))).toBe(LEASE_OVER);
    expect(gate.inFlight(r('vol-1'))).toBe(1);
    needing.clear();
    gate.reconfigure({});
    expect(gate.enter(gate.indexOf(r('vol-1')))).toBe(0);
  });

  it('never goes back: not to an older table, not from a correction that is ahead of it', () => {
    const { gate, serverOf } = gateWith({ 'vol-1': 's1@1.3' });
    gate.correct(r('vol-1'), { server: s('s2'), since: g('1.1001'), standby: null });
    gate.apply(tableOf({ 'vol-1': 's1@1.3' }, '1.1000'));
    expect(serverOf('vol-1')).toBe('s2');
    expect(() => {
      gate.apply(tableOf({ 'vol-1': 's1@1.3' }, '1.999'));
    }).toThrow('generations never fall');
  });

  it('believes the table again when who was named by a correction denies it', () => {
    const { gate, serverOf } = gateWith({ 'vol-1': 's1@1.3' });
    gate.correct(r('vol-1'), { server: s('s2'), since: g('1.1001'), standby: null });
    gate.denied(r('vol-1'), s('s1'));
    expect(serverOf('vol-1')).toBe('s2');
    gate.denied(r('vol-1'), s('s2'));
    expect(serverOf('vol-1')).toBe('s1');
    // Of the table there is nothing to deny.
    gate.denied(r('vol-1'), s('s1'));
    expect(serverOf('vol-1')).toBe('s1');
    // Nor of a correction that the table has caught up with.
    gate.correct(r('vol-1'), { server: s('s2'), since: g('1.1002'), standby: null });
    gate.apply(tableOf({ 'vol-1': 's2@1.1002' }, '1.1002'));
    gate.denied(r('vol-1'), s('s2'));
    expect(serverOf('vol-1')).toBe('s2');
  });

  it('enters all parts of a composite or none', () => {
    const { gate, at } = gateWith({ 'part-1': 's1@1.3', 'part-2': 's2@1.3' });
    const parts = [at('part-1'), at('part-2')];
    expect(gate.enterAll(parts)).toBe(true);
    gate.hold([r('part-2')]);
    expect(gate.enterAll(parts)).toBe(false);
    expect(gate.inFlight(r('part-1'))).toBe(1);
  });

  it('runs each waiter exactly once, in order, and counts every entry, whatever happens', async () => {
    const names = ['enter', 'leave', 'hold', 'resume', 'stall', 'unstall', 'move', 'tick'] as const;
    const steps = fc.array(fc.constantFrom(...names), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const { gate, at, clock } = gateWith(
          { 'vol-1': 's1@1.1' },
          {
            ...{ resumeBurst: 2, resumeSlice: 1 },
            ...{ holdTimeoutMs: 20, stallTimeoutMs: 5, heldPerResourceMax: 4 },
          },
        );
        const index = at('vol-1');
        const released: number[] = [];
        let expired = 0;
        let entered = 0;
        let parked = 0;
        let epoch = 1000;
        const act: Record<(typeof names)[number], () => void> = {
          enter: () => {
            const entrance = gate.enter(index);
            if (entrance >= 0) entered += 1;
            if (entrance !== HELD) return;
            const number = parked;
            const ticket = gate.park(index, 1, (later) => {
              if (later === 'expired') expired += 1;
              else released.push(number);
              if (typeof later === 'number' && later >= 0) entered += 1;
            });
            if (ticket !== undefined) parked += 1;
          },
          leave: () => {
            if (entered === 0) return;
            entered -= 1;
            gate.leave(index, 0, 0);
          },
          hold: () => {
            gate.hold([r('vol-1')]);
          },
          resume: () => {
            gate.resume([r('vol-1')]);
          },
          stall: () => {
            gate.stall(index);
          },
          unstall: () => {
            gate.unstall(s(epoch % 2 === 0 ? 's2' : 's1'));
          },
          move: () => {
            epoch += 1;
            gate.apply(
              tableOf({ 'vol-1': `${epoch % 2 === 0 ? 's2' : 's1'}@1.${epoch}` }, `1.${epoch}`),
            );
          },
          tick: () => undefined,
        };
        for (const name of list) {
          act[name]();
          await clock.advance(name === 'tick' ? 3 : 0);
          expect(gate.inFlight(r('vol-1'))).toBe(entered);
        }
        gate.resume([r('vol-1')]);
        await clock.advance(100);
        expect(released.length + expired).toBe(parked);
        expect([...released].sort((a, b) => a - b)).toEqual(released);
        expect(gate.heldRequests).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a table that was made from the one before', () => {
  it('leaves the gate as a look at all of it would', () => {
    const names = ['vol-1', 'vol-2', 'vol-3', 'vol-4'];
    const change = fc.record({
      resource: fc.constantFrom(...names),
      server: fc.constantFrom('s1', 's2', undefined),
      kind: fc.constantFrom('apply', 'skip', 'correct', 'nothing', 'anew'),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
        const { gate } = gateWith({ 'vol-1': 's1@1.1', 'vol-2': 's2@1.1' });
        const placed = new Map<string, string>();
        let table = tableOf({ 'vol-1': 's1@1.1', 'vol-2': 's2@1.1' });
        gate.apply(table);
        for (const [index, { resource, server, kind }] of changes.entries()) {
          const since = g(`1.${1001 + index}`);
          const placement =
            server === undefined ? null : { server: s(server), since, standby: null };
          if (kind === 'correct' && placement !== null) {
            gate.correct(r(resource), placement);
            placed.set(resource, server ?? '');
            continue;
          }
          table = table.with(kind === 'nothing' ? [] : [[r(resource), placement]], since);
          // As read from another store: the same placements in other rows.
          if (kind === 'anew') {
            table = AssignmentTable.empty.with([...table.entries()].reverse(), since);
          }
          // Some tables never get here: the next one is then of unknown origin.
          if (kind === 'skip') continue;
          gate.apply(table);
        }
        gate.apply(table);
        for (const name of names.filter((one) => !placed.has(one))) {
          expect([name, gate.placementOf(r(name))?.server]).toEqual([
            name,
            table.placementOf(r(name))?.server,
          ]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is not looked at but where it changed', () => {
    const rows = Object.fromEntries(
      Array.from({ length: 100 }, (_, at) => [`vol-${at}`, 's1@1.1']),
    );
    const { gate } = gateWith({});
    const table = tableOf(rows);
    gate.apply(table);
    const next = table.with(
      [[r('vol-7'), { server: s('s2'), since: g('1.1001'), standby: null }]],
      g('1.1001'),
    );
    const changed = Int32Array.of(table.rows.of(r('vol-7')));
    expect(next.changedSince(table)).toEqual(changed);
    expect(next.with([], g('1.1002')).changedSince(table)).toEqual(changed);
    expect(next.changedSince(tableOf(rows))).toBeUndefined();
    const asked = jest.spyOn(next, 'placementAt');
    gate.apply(next);
    expect(asked.mock.calls).toEqual([[changed[0]]]);
    expect(gate.placementOf(r('vol-7'))?.server).toBe('s2');
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PersistentOut } from '../../../../../core/iscsi/reservations.js';
import { ACTION, NO_KEY } from '../../../../../core/iscsi/reservations.js';
import { UnitReservations } from '../../../../../redirector/adapters/iscsi/unit-reservations.js';
import { FakeReservations } from '../../../../support/iscsi/fake-reservations.js';
import { persistentOut } from '../../../../../core/iscsi/reservations.js';

const PORTS = ['a', 'b', 'c'];
const KEYS = ['1', '2', '3'].map((digit) => digit.padStart(16, '0'));
const KINDS = [1, 3, 5, 6, 7, 8];

function out(action: number, of: Partial<PersistentOut> = {}): PersistentOut {
  return { action, kind: 0, key: NO_KEY, subject: NO_KEY, isThroughPowerLoss: false, ...of };
}

function registered(...ports: readonly string[]): UnitReservations {
  const unit = new UnitReservations();
  for (const [at, port] of ports.entries()) {
    unit.did(port, out(ACTION.register, { subject: KEYS[at] ?? '' }));
  }
  return unit;
}

describe('what is known of the reservations of a unit', () => {
  it('is what the server has, whatever it has said yes to', () => {
    const says = fc.record({
      port: fc.constantFrom(...PORTS),
      action: fc.constantFrom(0, 1, 2, 3, 4, 6),
      kind: fc.constantFrom(...KINDS),
      key: fc.constantFrom(...KEYS, NO_KEY),
      subject: fc.constantFrom(...KEYS, NO_KEY),
    });
    fc.assert(
      fc.property(fc.array(says, { maxLength: 30 }), (all) => {
        const server = new FakeReservations(() => undefined);
        const unit = new UnitReservations();
        for (const { port, ...said } of all) {
          const says = out(said.action, said);
          const { command, written } = persistentOut(says);
          const done = server.run(port, command, written);
          if (done !== undefined && 'status' in done && done.status === 0) unit.did(port, says);
          const known = [...unit.registrations].map(([owner, { key }]) => ({ owner, key }));
          const byOwner = (one: { owner: string }, other: { owner: string }): number =>
            one.owner < other.owner ? -1 : 1;
          expect(known.sort(byOwner)).toEqual([...server.registrations].sort(byOwner));
          expect(unit.holder?.kind).toBe(server.holder?.kind);
        }
      }),
    );
  });

  it('goes with the registration of its holder, unless all who are registered have it', () => {
    const exclusive = registered('a', 'b');
    exclusive.did('a', out(ACTION.reserve, { key: KEYS[0] ?? '', kind: 5 }));
    expect(exclusive.did('a', out(ACTION.registerAnyhow))).toEqual(['a']);
    expect(exclusive.holder).toBeUndefined();
    const all = registered('a', 'b');
    all.did('a', out(ACTION.reserve, { key: KEYS[0] ?? '', kind: 7 }));
    expect(all.did('a', out(ACTION.registerAnyhow))).toEqual(['a', 'b']);
    expect(all.holder).toEqual({ port: 'b', kind: 7 });
  });

  it('after a preemption that may have been done has the victims out, and the reservation with nobody', () => {
    const unit = registered('a', 'b', 'c');
    unit.did('a', out(ACTION.reserve, { key: KEYS[0] ?? '', kind: 5 }));
    const preempt = out(ACTION.preempt, { key: KEYS[1] ?? '', subject: KEYS[0] ?? '', kind: 5 });
    expect(unit.mayHaveDone('b', preempt)).toEqual(['a']);
    expect([...unit.registrations.keys()]).toEqual(['b', 'c']);
    expect(unit.holder).toBeUndefined();
    expect(unit.mayHaveDone('b', out(ACTION.release, { key: KEYS[1] ?? '' }))).toEqual([]);
  });
});

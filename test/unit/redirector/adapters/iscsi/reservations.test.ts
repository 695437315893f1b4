import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '../../../../../core/clock/simulated.js';
import { ACTION, NO_KEY } from '../../../../../core/iscsi/reservations.js';
import type { InitiatorPort } from '../../../../../redirector/adapters/iscsi/initiator-port.js';
import { initiatorPort } from '../../../../../redirector/adapters/iscsi/initiator-port.js';
import { Reservations } from '../../../../../redirector/adapters/iscsi/reservations.js';
import { Targets } from '../../../../../redirector/adapters/iscsi/targets.js';
import { r } from '../../../../support/names.js';

const LUN = '0001000000000000';
const TARGET = {
  ...{ name: 'iqn.2026-01.test:vol', resource: r('vol-1'), serverName: 'iqn.2026-01.test:back' },
  ...{ clients: undefined, initiators: undefined, chap: undefined, mutualChap: undefined },
};

function port(nth: number): InitiatorPort {
  const initiator = `iqn.2026-01.test:client-${nth}`;
  return initiatorPort({ initiator, isid: Buffer.alloc(6), target: TARGET, scope: undefined });
}

function setting() {
  const emptied: string[] = [];
  const reservations = new Reservations({
    ...{ clock: new SimulatedClock(), sessions: undefined },
    emptied: ({ initiator }) => emptied.push(initiator),
  });
  const register = (nth: number, subject = String(nth).padStart(16, 'f')): Promise<void> =>
    reservations.did(port(nth), LUN, {
      ...{ action: ACTION.registerAnyhow, kind: 0, key: NO_KEY, subject },
      isThroughPowerLoss: false,
    });
  return { reservations, register, emptied };
}

describe('the reservations of a target', () => {
  it('are so many at most, and make room when they are given up', async () => {
    const { reservations, register } = setting();
    let nth = 0;
    while (reservations.mayRegister(port(nth), LUN)) await register(nth++);
    expect(nth).toBe(1024);
    // Who is registered may register another key.
    expect(reservations.mayRegister(port(0), LUN)).toBe(true);
    await register(0, NO_KEY);
    expect(reservations.mayRegister(port(nth), LUN)).toBe(true);
  });

  it('leave nothing behind of who has given up all', async () => {
    const { reservations, register, emptied } = setting();
    await register(1);
    reservations.reserved(port(1), LUN, true);
    reservations.reserved(port(1), LUN, false);
    expect(emptied).toEqual([]);
    await register(1, NO_KEY);
    expect(emptied).toEqual([port(1).initiator]);
    expect(reservations.portsOf(r('vol-1'))).toEqual([]);
    expect(reservations.countOf(r('vol-1'))).toBe(0);
  });

  it('are not taken from records that this product has not written, or of targets that are not there', () => {
    const { reservations } = setting();
    const kept = {
      ...{ initiator: 'iqn.2026-01.test:a', isid: '400102030405', target: TARGET.name },
      resource: TARGET.resource,
      units: [{ lun: LUN, key: 'a'.repeat(16), isThroughPowerLoss: false, kind: 5 }],
    };
    const targets = new Targets([TARGET]);
    const adopted = (state: object): number =>
      reservations.adopt(
        'member/r1',
        [{ id: 'x', protocol: 'iscsi', state: { ...state } }],
        targets,
      ).length;
    expect(adopted({ ...kept, isid: 'no isid' })).toBe(0);
    expect(adopted({ ...kept, units: [{ lun: LUN, key: 'short' }] })).toBe(0);
    expect(adopted({ ...kept, target: 'iqn.2026-01.test:none' })).toBe(0);
    expect(adopted({ ...kept, resource: 'vol-9' })).toBe(0);
    expect(adopted({})).toBe(0);
    expect(adopted(kept)).toBe(1);
    expect(reservations.countOf(r('vol-1'))).toBe(1);
  });
});

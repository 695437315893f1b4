import { describe, expect, it } from '@jest/globals';
import type { MemberId } from '../../../../core/domain.js';
import { Draft } from '../../../../core/table-store/draft.js';
import { FLOATING_ADDRESS } from '../../../../core/table-store/records/floating-address.js';
import type { MemberRecord } from '../../../../core/table-store/records/switch.js';
import { MEMBER } from '../../../../core/table-store/records/switch.js';
import { SharedClaims } from '../../../../redirector/addresses/shared-claims.js';
import { LEASES, sharedAddress } from '../../../support/address-world.js';
import { ControlPlane } from '../../../support/control-plane.js';
import { g, m } from '../../../support/names.js';

const A = sharedAddress('10.0.0.10');

function memberOf(name: string, beat: number): MemberRecord {
  return {
    ...{ boot: `${name}-process.1`, beat, leaseMs: LEASES.leaseMs, generation: g('1.1') },
    ...{ unreachable: {}, abandoned: {}, panic: false, health: null },
    addresses: { [A.ip]: null },
  };
}

/** The claims of r2, where r1 has the address and is taken for over, or not. */
async function setting(over: readonly string[], promisedUntilMs = -Infinity) {
  const plane = await ControlPlane.with([]);
  const holder = { member: m('r1'), process: 'r1-process' };
  await plane.write(
    new Draft()
      .put(MEMBER, m('r1'), memberOf('r1', 1))
      .put(MEMBER, m('r2'), memberOf('r2', 1))
      .put(FLOATING_ADDRESS, A.ip, { holder, term: 3, sinceMs: 0 }),
  );
  const claims = new SharedClaims(
    {
      view: plane.view,
      clock: plane.clock,
      store: plane.store,
      membership: {
        self: m('r2'),
        process: 'r2-process',
        isLive: () => true,
        isUsurped: false,
        isProcessOver: (member: MemberId) => over.includes(member),
        liveMembers: () => ['r1', 'r2'].filter((name) => !over.includes(name)).map(m),
        leaseMaxMs: LEASES.leaseMs + LEASES.leaseMarginMs,
        report: () => undefined,
      },
      word: { keptUntilMs: -Infinity, promisedUntilMs: () => promisedUntilMs },
    },
    { addresses: [A], ...LEASES, handBackAfterMs: 0 },
  );
  claims.observe();
  return { plane, claims };
}

describe('the claims on shared addresses', () => {
  it('take an address whose holder is over, at the next term, and no other', async () => {
    const living = await setting([]);
    expect(living.claims.standOf(A)).toMatchObject({ isMine: false, isOffered: false });
    const { claims } = await setting(['r1']);
    expect(claims.standOf(A)).toMatchObject({ isMine: false, isOffered: true, term: 3 });
    await claims.claim(A);
    expect(claims.standOf(A)).toMatchObject({ isMine: true, isOffered: false, term: 4 });
  });

  it('leave it to a holder that renews its lease in that very moment', async () => {
    const { plane, claims } = await setting(['r1']);
    const renewal = new Draft().put(MEMBER, m('r1'), memberOf('r1', 2));
    await plane.store.transact(renewal.transaction); // unseen by the view
    await claims.claim(A);
    expect(claims.standOf(A)).toMatchObject({ isMine: false, term: 3 });
  });

  it('leave it to a holder that was promised to keep it', async () => {
    const { plane, claims } = await setting(['r1'], 5000);
    expect(claims.standOf(A).isOffered).toBe(false);
    await plane.clock.advance(5000);
    expect(claims.standOf(A).isOffered).toBe(true);
  });

  it('wait for a lease when the store is not the one that it was: it may have forgotten a holder', async () => {
    const { plane, claims } = await setting(['r1']);
    Object.defineProperty(plane.view, 'storeId', { value: 'another' });
    claims.observe();
    expect(claims.standOf(A).isOffered).toBe(false);
    await plane.clock.advance(LEASES.leaseMs + LEASES.leaseMarginMs);
    expect(claims.standOf(A).isOffered).toBe(true);
  });
});

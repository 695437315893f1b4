import { beforeEach, describe, expect, it } from '@jest/globals';
import { Draft } from '../../../../core/table-store/draft.js';
import { COPY, HEAD } from '../../../../core/table-store/records/table.js';
import { Acquaintance } from '../../../../redirector/switch/acquaintance.js';
import { ControlPlane } from '../../../support/control-plane.js';
import { FewMembers } from '../../../support/few-members.js';
import { g } from '../../../support/names.js';

const LEASE_MS = 1000;

let plane: ControlPlane;
let acquaintance: Acquaintance;
let heard: Set<string>;
let isAgreed: boolean;
let isUncontested: boolean;

beforeEach(async () => {
  plane = await ControlPlane.with(['s1', 's2'], { 'vol-1': 's1@1.1' });
  heard = new Set(['s1', 's2']);
  isAgreed = true;
  isUncontested = true;
  const membership = new FewMembers();
  membership.leaseMaxMs = LEASE_MS;
  acquaintance = new Acquaintance({
    view: plane.view,
    clock: plane.clock,
    log: plane.log,
    membership,
    agents: { hasAgent: () => true } as never,
    reconciler: {
      catchUp: () => Promise.resolve(false),
      isAgreed: () => Promise.resolve(isAgreed),
      isUncontested: () => isUncontested,
    } as never,
    answeredAtMs: (server) => (heard.has(server) ? plane.clock.monotonicMs() : -Infinity),
    isStillLost: () => false,
  });
  acquaintance.note();
});

describe('before it acts, the coordinator', () => {
  it('hears every agent', async () => {
    heard.delete('s2');
    expect(await acquaintance.isMade()).toBe(false);
    heard.add('s2');
    expect(await acquaintance.isMade()).toBe(true);
  });

  it('agrees with them about who owns what', async () => {
    isAgreed = false;
    expect(await acquaintance.isMade()).toBe(false);
    isAgreed = true;
    expect(await acquaintance.isMade()).toBe(true);
  });

  it('waits while somebody offers to put back what the store forgot, and no longer than a lease', async () => {
    expect(await acquaintance.isMade()).toBe(true);
    await plane.write(new Draft().put(COPY, 'r2', { reserved: g('2.7'), revision: 9 }));
    expect(await acquaintance.isMade()).toBe(false);
    await plane.clock.advance(LEASE_MS - 1);
    expect(await acquaintance.isMade()).toBe(false);
    await plane.clock.advance(1);
    expect(await acquaintance.isMade()).toBe(true);
  });

  it('may miss members as long: their leases may be newer than what the store has', async () => {
    expect(acquaintance.mayMissMembers()).toBe(false);
    await plane.write(new Draft().put(COPY, 'r2', { reserved: g('2.7'), revision: 9 }));
    expect(acquaintance.mayMissMembers()).toBe(true);
    await plane.clock.advance(LEASE_MS);
    expect(acquaintance.mayMissMembers()).toBe(false);
  });

  it('does not wait for a copy of what the store has', async () => {
    const [reserved, generation] = [g('1.200'), g('1.200')];
    await plane.write(new Draft().put(COPY, 'r2', { reserved, revision: 9 }));
    expect(await acquaintance.isMade()).toBe(true);
    await plane.write(new Draft().put(COPY, 'r3', { reserved, generation, revision: 9 }));
    expect(await acquaintance.isMade()).toBe(true);
  });

  it('waits for a copy that knows a commit which the store forgot', async () => {
    const reserved = g('1.201');
    await plane.write(new Draft().put(HEAD, 'head', { generation: g('1.200'), reserved }));
    const copy = { reserved, generation: reserved, revision: 9 };
    await plane.write(new Draft().put(COPY, 'r2', copy));
    expect(await acquaintance.isMade()).toBe(false);
  });
});

describe('a redirector that has just begun', () => {
  it('vouches for no table until it has heard every agent, but no longer than a lease', async () => {
    heard.delete('s2');
    expect(acquaintance.mayVouch()).toBe(false);
    await plane.clock.advance(LEASE_MS);
    expect(acquaintance.mayVouch()).toBe(true);
  });

  it('vouches for none as long as an agent says otherwise', async () => {
    isUncontested = false;
    await plane.clock.advance(LEASE_MS);
    expect(acquaintance.mayVouch()).toBe(false);
    isUncontested = true;
    expect(acquaintance.mayVouch()).toBe(true);
  });

  it('vouches for it from then on: servers may be down, and tables change', () => {
    expect(acquaintance.mayVouch()).toBe(true);
    heard.clear();
    isUncontested = false;
    expect(acquaintance.mayVouch()).toBe(true);
  });

  it('vouches for none while somebody offers a newer one', async () => {
    expect(acquaintance.mayVouch()).toBe(true);
    await plane.write(new Draft().put(COPY, 'r2', { reserved: g('2.7'), revision: 9 }));
    expect(acquaintance.mayVouch()).toBe(false);
    await plane.clock.advance(LEASE_MS);
    expect(acquaintance.mayVouch()).toBe(true);
  });
});

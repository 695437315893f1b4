import { expect, it } from '@jest/globals';
import { NewOwners } from '../../../agent/new-owners.js';
import { Ownership } from '../../../agent/ownership.js';
import { RequestGate } from '../../../agent/request-gate.js';
import { EXECUTED_HEADER, OWNER_HEADER } from '../../../core/agent-protocol.js';
import { SimulatedClock } from '../../../core/clock/simulated.js';
import { MemoryTableStore } from '../../../core/table-store/memory.js';
import { g, r, s } from '../../support/names.js';

const VOL = r('vol-1');

it('names the owner to who believes otherwise: another, or itself where the resource came back since', async () => {
  const parts = { store: new MemoryTableStore(), clock: new SimulatedClock(), boot: 'b1' };
  const ownership = await Ownership.open(parts, { bootGraceMs: 2000 });
  const newOwners = new NewOwners();
  const self = () => ({ server: s('s1'), address: { host: 's1', port: 80 } });
  const gate = new RequestGate({ ownership, newOwners, self, isShared: () => false });
  const ownerFor = (since: string): string | undefined => {
    const refusal = gate.enter('vol-1', since);
    if (refusal !== undefined) expect(refusal).toMatchObject({ status: 421 });
    expect(refusal?.headers[EXECUTED_HEADER] ?? 'no').toBe('no');
    return refusal?.headers[OWNER_HEADER];
  };

  expect(ownerFor('1.3')).toBe('in-transit');
  newOwners.learn({
    resource: VOL,
    server: s('s2'),
    address: { host: 's2', port: 80 },
    since: g('1.4'),
  });
  expect(ownerFor('1.3')).toBe('s2;s2:80;1.4');

  await ownership.take(VOL, g('1.5'), 'availability');
  newOwners.forget(VOL);
  // The switch may end otherwise yet.
  expect(ownerFor('1.3')).toBe('in-transit');
  ownership.renew({ leaseMs: 3000, boot: 'b1', digest: ownership.digest(), stamp: 0 });
  expect(ownerFor('1.3')).toBe('s1;s1:80;1.5');
  expect(ownerFor('1.5')).toBeUndefined();
});

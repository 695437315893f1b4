import { describe, expect, it } from '@jest/globals';
import { addressWarnings, addressesOf } from '../../../../api/views/addresses.js';
import { Draft } from '../../../../core/table-store/draft.js';
import { FLOATING_ADDRESS } from '../../../../core/table-store/records/floating-address.js';
import { MEMBER } from '../../../../core/table-store/records/switch.js';
import { ControlPlane } from '../../../support/control-plane.js';
import { g, m } from '../../../support/names.js';

const IP = '10.0.0.10';

async function planeWith(holder: string | null, faults: Readonly<Record<string, string | null>>) {
  const plane = await ControlPlane.with([]);
  const draft = new Draft();
  for (const [name, fault] of Object.entries(faults)) {
    draft.put(MEMBER, m(name), {
      ...{ boot: `${name}-process.1`, beat: 1, leaseMs: 1000, generation: g('1.1') },
      ...{ unreachable: {}, abandoned: {}, panic: false, health: null },
      addresses: { [IP]: fault },
    });
  }
  const held = holder === null ? null : { member: m(holder), process: `${holder}-process` };
  await plane.write(draft.put(FLOATING_ADDRESS, IP, { holder: held, term: 3, sinceMs: 7 }));
  return plane.view;
}

describe('addresses in the status', () => {
  it('are with their holder, while others stand ready', async () => {
    const view = await planeWith('r1', { r1: null, r2: null });
    expect(addressesOf(view)).toEqual([
      { ip: IP, holder: 'r1', sinceMs: 7, standing: ['r1', 'r2'], faults: [] },
    ]);
    expect(addressWarnings(view)).toEqual([]);
  });

  it('warn when nobody has one, or nobody could take it over, and say why', async () => {
    const none = await planeWith('r9', { r2: 'no such interface' });
    expect(addressesOf(none)[0]?.holder).toBeNull();
    expect(addressWarnings(none)).toEqual([
      `no redirector has the address ${IP}`,
      `r2 cannot take the address ${IP}: no such interface`,
    ]);
    const alone = await planeWith('r1', { r1: null });
    expect(addressWarnings(alone)).toEqual([
      `nobody stands ready to take the address ${IP} over from r1`,
    ]);
  });
});

import { FLOATING_ADDRESS } from '../../core/table-store/records/floating-address.js';
import { MEMBER } from '../../core/table-store/records/switch.js';
import type { TableView } from '../../core/table-store/view.js';
import type { Status } from '../contract/status.js';

type AddressStatus = Status['addresses'][number];

/** Who has which of the addresses that clients use. */
export function addressesOf(view: TableView): AddressStatus[] {
  const members = [...view.all(MEMBER)];
  const listed = members.flatMap(([, { value }]) => Object.keys(value.addresses ?? {}));
  const ips = new Set([...view.all(FLOATING_ADDRESS).keys(), ...listed]);
  return [...ips].sort().map((ip) => {
    const said = members.flatMap(([redirector, { value }]) => {
      const why = value.addresses?.[ip];
      return why === undefined ? [] : [{ redirector, why }];
    });
    return {
      ip,
      ...holderOf(view, ip),
      standing: said.flatMap(({ redirector, why }) => (why === null ? [redirector] : [])).sort(),
      faults: said.flatMap(({ redirector, why }) => (why === null ? [] : [{ redirector, why }])),
    };
  });
}

export function addressWarnings(view: TableView): string[] {
  return addressesOf(view).flatMap(({ ip, holder, standing, faults }) => [
    ...(holder === null ? [`no redirector has the address ${ip}`] : []),
    ...(holder !== null && standing.every((each) => each === holder)
      ? [`nobody stands ready to take the address ${ip} over from ${holder}`]
      : []),
    ...faults.map(({ redirector, why }) => `${redirector} cannot take the address ${ip}: ${why}`),
  ]);
}

/** The record outlives its holder: whose process is not among the members any more has it no more. */
function holderOf(view: TableView, ip: string): Pick<AddressStatus, 'holder' | 'sinceMs'> {
  const record = view.get(FLOATING_ADDRESS, ip)?.value;
  if (record === undefined) return { holder: null, sinceMs: null };
  const { holder, sinceMs } = record;
  const isThere =
    holder !== null &&
    view.get(MEMBER, holder.member)?.value.boot.startsWith(`${holder.process}.`) === true;
  return { holder: isThere ? holder.member : null, sinceMs };
}

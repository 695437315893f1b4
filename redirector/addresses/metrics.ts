import type { MetricSource } from '../../core/metrics.js';
import type { Addresses } from './addresses.js';
import type { AddressHolder } from './holder.js';

/** What a redirector shows of the addresses that it shares with others. There are few of them: each is a label. */
export function addressMetrics(addresses: Addresses): MetricSource[] {
  const each = (read: (holder: AddressHolder) => number) => () =>
    addresses.holders.map((holder) => ({
      labels: { address: holder.address.ip },
      value: read(holder),
    }));
  return [
    {
      name: 'foreshift_address_held',
      help: '1 while the address is on an interface here.',
      kind: 'gauge',
      labels: ['address'],
      read: each(({ isHeld }) => (isHeld ? 1 : 0)),
    },
    {
      name: 'foreshift_address_ready',
      help: '1 while this redirector stands ready to take the address.',
      kind: 'gauge',
      labels: ['address'],
      read: each(({ obstacle }) => (obstacle === null ? 1 : 0)),
    },
    {
      name: 'foreshift_address_takeovers_total',
      help: 'How often the address came here.',
      kind: 'counter',
      labels: ['address'],
      read: each(({ takeovers }) => takeovers),
    },
    {
      name: 'foreshift_address_failures_total',
      help: 'Commands for the address that failed here.',
      kind: 'counter',
      labels: ['address'],
      read: each(({ driverFailures }) => driverFailures),
    },
    {
      name: 'foreshift_addresses_kept',
      help: '1 while addresses are held without a lease, since the table store is away for all.',
      kind: 'gauge',
      read: () => [{ value: addresses.areKept ? 1 : 0 }],
    },
  ];
}

import type { LostSourcePolicy, Redundancy } from '../../core/domain.js';
import type { AddressHolderOptions } from './holder.js';
import type { SharedAddress } from './claims.js';

export interface AddressesOptions {
  readonly redundancy: Redundancy;
  readonly addresses: readonly SharedAddress[];
  readonly handBackAfterMs: number;
  /** What a holder does that reaches neither the store nor all the others: it serves on, or gives its addresses up. */
  readonly onCutOff: LostSourcePolicy;
  /** What is not said by any news is looked at so often. */
  readonly tickMs: number;
  readonly holder: Omit<AddressHolderOptions, 'lifeMaxMs'>;
}

export const ADDRESSES_DEFAULTS: AddressesOptions = {
  redundancy: 'heartbeat',
  addresses: [],
  handBackAfterMs: 60_000,
  onCutOff: 'availability',
  tickMs: 100,
  holder: {
    drainTimeoutMs: 2000,
    finishMs: 500,
    inheritTimeoutMs: 1000,
    announceEveryMs: 30_000,
    retryMs: 500,
    retryMaxMs: 60_000,
  },
};

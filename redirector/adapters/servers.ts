import type { Address, ServerId } from '../../core/domain.js';

/** What every adapter needs to know of servers. */
export interface AdapterServers {
  /** Undefined: not known here. */
  addressOf(server: ServerId): Address | undefined;
  /** No connection to the server: find out whether it is lost. */
  suspect(server: ServerId): void;
}

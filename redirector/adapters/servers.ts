import type { Address, ServerId } from '../../core/domain.js';
import type { ProxyVersion } from '../../core/net/proxy-header.js';
import type { ClientTls } from '../../core/net/tls/client-tls.js';

/** How connections to a server are made. */
export interface ServerLink {
  /** Undefined: in the clear. */
  readonly tls: ClientTls | undefined;
  /** Undefined: it is told nothing of whom a connection is for. */
  readonly proxyProtocol: ProxyVersion | undefined;
}

export const PLAIN_LINK: ServerLink = { tls: undefined, proxyProtocol: undefined };

/** What every adapter needs to know of servers. */
export interface AdapterServers {
  /** Undefined: not known here. */
  addressOf(server: ServerId): Address | undefined;
  /** The same object as long as it stays as it is. */
  linkOf(server: ServerId): ServerLink;
  /** No connection to the server: find out whether it is lost. */
  suspect(server: ServerId): void;
}

import type { Address, ServerId } from '../../core/domain.js';
import type { ConnectOptions } from '../../core/net/port.js';
import type { ProxyVersion } from '../../core/net/proxy-header.js';
import { proxyHeaderBytes } from '../../core/net/proxy-header.js';
import type { ClientTls } from '../../core/net/tls/client-tls.js';

/** How connections to a server are made. */
export interface ServerLink {
  /** Undefined: in the clear. */
  readonly tls: ClientTls | undefined;
  /** Undefined: it is told nothing of whom a connection is for. */
  readonly proxyProtocol: ProxyVersion | undefined;
  /** Where on its host the MOUNT program of an NFS server listens; undefined: its portmapper says. */
  readonly mountPort?: number | undefined;
}

export const PLAIN_LINK: ServerLink = { tls: undefined, proxyProtocol: undefined };

/** For a connection of our own: a header of it tells of no client. */
export function ownConnection(
  { tls, proxyProtocol }: ServerLink,
  timeoutMs: number,
): ConnectOptions {
  return { timeoutMs, tls, preface: proxyProtocol && proxyHeaderBytes(proxyProtocol) };
}

/** Where a server is, and how connections to it are made. */
export interface ServerWay {
  readonly address: Address;
  readonly link: ServerLink;
}

/** Connections that were made the one way are as good as those that would be made the other. */
export function isSameWay(a: ServerWay, b: ServerWay): boolean {
  return (
    isSameAddress(a.address, b.address) &&
    a.link.tls === b.link.tls &&
    a.link.proxyProtocol === b.link.proxyProtocol
  );
}

export function isSameAddress(a: Address, b: Address): boolean {
  return a === b || (a.host === b.host && a.port === b.port);
}

/**
 * Who sees what servers do with the work they get, by the gate's indices of them: on the way of each piece of work, so it does
 * not allocate.
 */
export interface ServerWork {
  /** Work is in the gate, for that server. */
  entered(server: number): void;
  left(server: number): void;
  /** The head of an answer, so long after the request; 0 for the status where a protocol has none. */
  answered(server: number, status: number, ms: number): void;
  /** No connection; or an answer that was lost, late, or not to be understood. */
  failed(server: number): void;
}

/** Nobody looks. */
export const UNSEEN: ServerWork = {
  entered: () => undefined,
  left: () => undefined,
  answered: () => undefined,
  failed: () => undefined,
};

/** What every adapter needs to know of servers. */
export interface AdapterServers {
  /** Undefined: not known here. */
  addressOf(server: ServerId): Address | undefined;
  /** What is in it is compared: `tls` is the same object as long as nothing of it is other. */
  linkOf(server: ServerId): ServerLink;
  /** No connection to the server: find out whether it is lost. */
  suspect(server: ServerId): void;
}

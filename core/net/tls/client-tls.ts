import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { fail } from '../../errors.js';
import { messageOf } from '../../text.js';
import type { Certificate } from './server-tls.js';

export interface ClientTlsMaterial {
  /** PEM: who must have signed the server's certificate; undefined: whoever the system trusts. */
  readonly ca: string | undefined;
  /** What we show; undefined: nothing. */
  readonly certificate: Certificate | undefined;
  /** The name that the server must prove; undefined: the host that is connected to. */
  readonly serverName: string | undefined;
  /** By its name in ALPN. */
  readonly protocols: readonly string[];
  /** For a person. */
  readonly origin: string;
}

/** How connections to a server are encrypted, and whom they believe. */
export class ClientTls {
  readonly context: SecureContext;
  readonly serverName: string | undefined;
  readonly protocols: readonly string[];

  /** @throws ERR_TLS_INVALID */
  constructor({ ca, certificate, serverName, protocols, origin }: ClientTlsMaterial) {
    this.serverName = serverName;
    this.protocols = protocols;
    try {
      this.context = createSecureContext({
        minVersion: 'TLSv1.2',
        ...(ca !== undefined && { ca }),
        ...(certificate !== undefined && { cert: certificate.chain, key: certificate.key }),
      });
    } catch (error) {
      fail('ERR_TLS_INVALID', { origin, why: messageOf(error) }, { cause: error });
    }
  }
}

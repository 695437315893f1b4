import { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { SecureContextOptions, TLSSocket, TlsOptions } from 'node:tls';
import { createSecureContext, createServer } from 'node:tls';
import { fail } from '../../errors.js';
import { messageOf } from '../../text.js';

/** One name's proof, or of several: PEM, the server's own certificate first, then those that signed it. */
export interface Certificate {
  readonly chain: string;
  readonly key: string;
  /** Where it came from, for a person. */
  readonly origin: string;
}

export interface ServerTlsMaterial {
  /** The first is for clients that name nobody, or somebody else. */
  readonly certificates: readonly [Certificate, ...Certificate[]];
  /** PEM: a client must have a certificate that one of these signed; undefined: it needs none. */
  readonly clientCa: string | undefined;
  readonly minVersion: '1.2' | '1.3';
  /** What clients may speak inside, by its name in ALPN; empty: whatever they like, unnamed. */
  readonly protocols: readonly string[];
  /** 48 bytes that encrypt the tickets with which sessions go on: whoever has the same takes each other's. */
  readonly ticketKeys: Uint8Array;
}

const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Sessions of one service, whichever listener began them. */
const SESSION_CONTEXT = 'foreshift';

/** How a handshake ended: undefined, it failed. */
export type Shaken = (secured: TLSSocket | undefined) => void;

/** What TLS listeners go by, one or many; where the material changes another one takes its place, from the next handshake on. */
export class ServerTls {
  readonly #server: ReturnType<typeof createServer>;
  /** Of handshakes under way, by the four numbers of their connection. */
  readonly #waiting = new Map<string, Shaken>();

  /** @throws ERR_TLS_INVALID */
  constructor(material: ServerTlsMaterial, handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS) {
    this.#server = this.#serverOf(material, handshakeTimeoutMs);
  }

  /** The socket is TLS's from here on; one whose handshake fails is closed. */
  shake(socket: Socket, shaken: Shaken): void {
    const key = keyOf(socket);
    const { allowHalfOpen } = socket;
    // A peer that sends no more in its handshake will not come to its end: TLS takes this over from the socket.
    socket.allowHalfOpen = false;
    const settle: Shaken = (secured) => {
      if (this.#waiting.get(key) !== settle) return;
      this.#waiting.delete(key);
      if (secured !== undefined) secured.allowHalfOpen = allowHalfOpen;
      shaken(secured);
    };
    this.#waiting.set(key, settle);
    socket
      .on('error', () => undefined)
      .on('close', () => {
        settle(undefined);
      });
    this.#server.emit('connection', socket);
  }

  #serverOf(
    material: ServerTlsMaterial,
    handshakeTimeout: number,
  ): ReturnType<typeof createServer> {
    const [first, ...others] = material.certificates;
    try {
      const { clientCa, protocols } = material;
      const server = createServer({
        ...contextOptions(material, first),
        handshakeTimeout,
        requestCert: clientCa !== undefined,
        rejectUnauthorized: true,
        ...(protocols.length > 0 && { ALPNProtocols: [...protocols] }),
      });
      // The last that fits counts there, the first one here.
      for (const certificate of [first, ...others].reverse()) {
        const context = createSecureContext(contextOptions(material, certificate));
        for (const name of namesIn(certificate)) server.addContext(name, context);
      }
      server
        .on('secureConnection', (secured) => {
          const settle = this.#waiting.get(keyOf(secured));
          if (settle === undefined) secured.destroy();
          else settle(secured);
        })
        .on('tlsClientError', (_error, shaking) => {
          // Node leaves it open if it was too late. Whoever waits hears that it closes.
          shaking.destroy();
        });
      return server;
    } catch (error) {
      const origin = material.certificates.map((each) => each.origin).join(', ');
      return fail('ERR_TLS_INVALID', { origin, why: messageOf(error) }, { cause: error });
    }
  }
}

/** Of a server of Node's own, which makes its tickets itself. @throws ERR_TLS_INVALID */
export function ownServerOptions(certificate: Certificate): SecureContextOptions {
  const options = certificateOptions(certificate, '1.2');
  try {
    createSecureContext(options);
  } catch (error) {
    fail(
      'ERR_TLS_INVALID',
      { origin: certificate.origin, why: messageOf(error) },
      { cause: error },
    );
  }
  return options;
}

function certificateOptions(
  { chain, key }: Certificate,
  minVersion: ServerTlsMaterial['minVersion'],
): SecureContextOptions {
  return {
    cert: chain,
    key,
    minVersion: `TLSv${minVersion}`,
    // A client's wish to begin anew inside costs the server more than the client.
    secureOptions: NO_RENEGOTIATION,
  };
}

function contextOptions(material: ServerTlsMaterial, certificate: Certificate): TlsOptions {
  const { clientCa, minVersion, ticketKeys } = material;
  return {
    ...certificateOptions(certificate, minVersion),
    ...(clientCa !== undefined && { ca: clientCa }),
    ticketKeys: Buffer.from(ticketKeys),
    sessionIdContext: SESSION_CONTEXT,
  };
}

/** SSL_OP_NO_RENEGOTIATION (openssl/ssl.h), which Node does not name. */
const NO_RENEGOTIATION = 1 << 30;

/** DNS names that the certificate is for. */
function namesIn({ chain }: Certificate): string[] {
  const { subjectAltName = '' } = new X509Certificate(chain);
  return subjectAltName
    .split(', ')
    .flatMap((entry) =>
      entry.startsWith('DNS:') ? [entry.slice('DNS:'.length).toLowerCase()] : [],
    )
    .filter((name) => /^(?:\*\.)?[a-z0-9_.-]+$/.test(name));
}

function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress ?? ''} ${remotePort ?? 0} ${localAddress ?? ''} ${localPort ?? 0}`;
}

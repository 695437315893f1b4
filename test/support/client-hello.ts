import { Duplex } from 'node:stream';
import { connect } from 'node:tls';

/** What Node's TLS client says first. */
export function clientHello(options: { readonly servername?: string }): Promise<Buffer> {
  return new Promise((resolve) => {
    const stream = new Duplex({
      read: () => undefined,
      write: (bytes: Buffer, _encoding, done) => {
        resolve(bytes);
        done();
      },
    });
    const client = connect({ socket: stream, ...options });
    client.on('error', () => undefined);
    stream.on('error', () => undefined);
  });
}

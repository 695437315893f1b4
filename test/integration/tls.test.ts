import { afterEach, describe, expect, it } from '@jest/globals';
import type { TLSSocket } from 'node:tls';
import { connect as connectTls } from 'node:tls';
import { SystemClock } from '../../core/clock/system.js';
import type { Address } from '../../core/domain.js';
import { trustsOf } from '../../core/net/guard.js';
import { NodeNet } from '../../core/net/node.js';
import type { Listener, ListenOptions } from '../../core/net/port.js';
import { ClientTls } from '../../core/net/tls/client-tls.js';
import type { ServerTlsMaterial } from '../../core/net/tls/server-tls.js';
import { ServerTls } from '../../core/net/tls/server-tls.js';
import { ticketKeys } from '../../core/net/tls/ticket-keys.js';
import { Authority } from '../support/certificates.js';
import { Peer } from '../support/peer.js';
import { thisMachine } from '../../demo/this-machine.js';
import { untilWithin } from '../support/until.js';

const authority = new Authority();
const net = new NodeNet(new SystemClock(), thisMachine());
const AT = { host: '127.0.0.1', port: 0 };
const until = untilWithin(5000);

function materialOf(given: Partial<ServerTlsMaterial> = {}): ServerTlsMaterial {
  return {
    certificates: [
      authority.issue(['a.example.com', '127.0.0.1']),
      authority.issue(['b.example.com', '*.wide.example.com']),
    ],
    clientCa: undefined,
    minVersion: '1.2',
    protocols: ['http/1.1'],
    ticketKeys: ticketKeys('a secret', 0),
    ...given,
  };
}

describe('TLS', () => {
  let listeners: Listener[] = [];
  let peers: Peer[] = [];
  let clients: TLSSocket[] = [];

  afterEach(async () => {
    for (const client of clients) client.destroy();
    for (const peer of peers) peer.connection.destroy();
    for (const listener of listeners) await listener.close();
    [listeners, peers, clients] = [[], [], []];
  });

  /** A listener that sends back what it hears. */
  async function echo(options: ListenOptions): Promise<Address> {
    const listener = await net.listen(
      AT,
      (connection) => {
        peers.push(new EchoPeer(connection));
      },
      options,
    );
    listeners.push(listener);
    return listener.address;
  }

  function dial(to: Address, options: object = {}): TLSSocket {
    const client = connectTls({ ...to, ca: authority.certificate, ...options });
    client.on('error', () => undefined);
    clients.push(client);
    return client;
  }

  async function shaken(client: TLSSocket): Promise<'open' | 'failed'> {
    return new Promise((resolve) => {
      client
        .once('secureConnect', () => {
          resolve('open');
        })
        .once('close', () => {
          resolve('failed');
        });
    });
  }

  /** What the server says after the client has said it. */
  async function says(client: TLSSocket, text: string): Promise<string> {
    client.write(text);
    return new Promise((resolve) => {
      let heard = '';
      client.on('data', (bytes: Buffer) => {
        heard += bytes.toString();
        if (heard.length >= text.length) resolve(heard);
      });
      client.once('close', () => {
        resolve(`${heard} (closed)`);
      });
    });
  }

  it('ends at the listener: bytes come in the clear, and the connection says so', async () => {
    const tls = new ServerTls(materialOf());
    const client = dial(await echo({ tls: () => tls }), { servername: 'a.example.com' });
    expect(await says(client, 'hello')).toBe('hello');
    expect(peers[0]?.text).toBe('hello');
    expect(peers[0]?.connection.isSecure).toBe(true);
  });

  it.each([
    ['a.example.com', 'a.example.com'],
    ['b.example.com', 'b.example.com'],
    ['x.wide.example.com', 'b.example.com'],
  ])('shows to who asks for %s the certificate of %s', async (servername, subject) => {
    const tls = new ServerTls(materialOf());
    const client = dial(await echo({ tls: () => tls }), { servername });
    expect(await shaken(client)).toBe('open');
    expect(client.getPeerCertificate().subject.CN).toBe(subject);
  });

  it('shows the first certificate to who asks for nobody, or for somebody else', async () => {
    const tls = new ServerTls(materialOf());
    const at = await echo({ tls: () => tls });
    for (const options of [{}, { servername: 'x.y.wide.example.com' }]) {
      const client = dial(at, { ...options, checkServerIdentity: () => undefined });
      expect(await shaken(client)).toBe('open');
      expect(client.getPeerCertificate().subject.CN).toBe('a.example.com');
    }
  });

  it('speaks HTTP/1.1 only where it is asked to', async () => {
    const tls = new ServerTls(materialOf());
    const at = await echo({ tls: () => tls });
    const both = dial(at, { servername: 'a.example.com', ALPNProtocols: ['h2', 'http/1.1'] });
    expect(await shaken(both)).toBe('open');
    expect(both.alpnProtocol).toBe('http/1.1');
    const newer = dial(at, { servername: 'a.example.com', ALPNProtocols: ['h2'] });
    expect(await shaken(newer)).toBe('failed');
  });

  it('refuses old versions, what is not TLS, and goes on', async () => {
    const tls = new ServerTls(materialOf());
    const failures: string[] = [];
    const at = await echo({ tls: () => tls, acceptFailed: (why) => failures.push(why) });
    const old = dial(at, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'ALL@SECLEVEL=0' });
    expect(await shaken(old)).toBe('failed');
    const plain = new Peer(net.connect(at, { timeoutMs: 5000 }));
    await plain.hears('opened');
    plain.connection.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    await plain.hears('ended');
    peers.push(plain);
    expect(failures).toEqual(['the TLS handshake failed', 'the TLS handshake failed']);
    expect(peers).toEqual([plain]);
    expect(await says(dial(at, { servername: 'a.example.com' }), 'hello')).toBe('hello');
  });

  it('lets go of who goes away in the handshake, or says nothing for too long', async () => {
    const failures: string[] = [];
    const tls = new ServerTls(materialOf(), 200);
    const acceptFailed = (why: string): number => failures.push(why);
    const distrusted = await echo({ tls: () => new ServerTls(materialOf()), acceptFailed });
    expect(await shaken(dial(distrusted, { ca: [] }))).toBe('failed');
    await until('the listener lets go', () => failures.length === 1);
    const silent = new Peer(
      net.connect(await echo({ tls: () => tls, acceptFailed }), { timeoutMs: 5000 }),
    );
    await silent.hears('ended');
    silent.connection.destroy();
    await until('the listener lets go again', () => failures.length === 2);
    expect(new Set(failures)).toEqual(new Set(['the TLS handshake failed']));
    expect(peers).toEqual([]);
  });

  it('lets in clients that show a certificate of the right authority, and nobody else', async () => {
    const other = new Authority('somebody else');
    const tls = new ServerTls(materialOf({ clientCa: authority.certificate, minVersion: '1.2' }));
    const at = await echo({ tls: () => tls });
    const attempt = async (certificate?: { chain: string; key: string }) => {
      const client = dial(at, {
        servername: 'b.example.com',
        ...(certificate !== undefined && { cert: certificate.chain, key: certificate.key }),
      });
      return says(client, 'hello');
    };
    expect(await attempt(authority.issue(['client']))).toBe('hello');
    expect(await attempt()).toBe(' (closed)');
    expect(await attempt(other.issue(['client']))).toBe(' (closed)');
    expect(await attempt(authority.issue(['client'], { toMs: -1000 }))).toBe(' (closed)');
    expect(peers).toHaveLength(1);
  });

  it('takes another certificate from the next handshake on; who is connected stays', async () => {
    let tls = new ServerTls(materialOf());
    const at = await echo({ tls: () => tls });
    const first = dial(at, { servername: 'a.example.com' });
    expect(await says(first, 'one')).toBe('one');
    tls = new ServerTls(
      materialOf({ certificates: [authority.issue(['a.example.com', 'newer'])] }),
    );
    const second = dial(at, { servername: 'a.example.com' });
    expect(await shaken(second)).toBe('open');
    expect(second.getPeerCertificate().subjectaltname).toBe('DNS:a.example.com, DNS:newer');
    expect(await says(first, 'two')).toBe('two');
    const broken = materialOf({ certificates: [{ chain: 'x', key: 'y', origin: 'a.pem' }] });
    expect(() => new ServerTls(broken)).toThrow(/a\.pem cannot be used for TLS/);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'goes on with a session that began at another redirector (%s)',
    async (maxVersion) => {
      const material = materialOf();
      const [here, there, stranger] = [
        new ServerTls(material),
        new ServerTls(material),
        new ServerTls({ ...material, ticketKeys: ticketKeys('another secret', 0) }),
      ];
      const session = await new Promise<Buffer>((resolve) => {
        void echo({ tls: () => here }).then((at) => {
          const client = dial(at, { servername: 'b.example.com', maxVersion });
          client.once('session', resolve);
          void says(client, 'hello');
        });
      });
      const reused: boolean[] = [];
      for (const tls of [there, stranger]) {
        const at = await echo({ tls: () => tls });
        const client = dial(at, { servername: 'b.example.com', maxVersion, session });
        expect(await shaken(client)).toBe('open');
        reused.push(client.isSessionReused());
      }
      expect(reused).toEqual([true, false]);
    },
  );

  it('breaks off so that the peer cannot take it for an end', async () => {
    const tls = new ServerTls(materialOf());
    const client = dial(await echo({ tls: () => tls }), { servername: 'a.example.com' });
    expect(await says(client, 'hello')).toBe('hello');
    const over = new Promise<string>((resolve) => {
      client.once('error', (error: NodeJS.ErrnoException) => {
        resolve(error.code ?? '');
      });
      client.once('end', () => {
        resolve('end');
      });
    });
    peers[0]?.connection.reset();
    expect(await over).toBe('ECONNRESET');
    await peers[0]?.hears('closed');
    expect(peers[0]?.closedBy).toBe('destroyed');
  });

  it('lets one side finish and the other go on', async () => {
    const tls = new ServerTls(materialOf());
    const client = dial(await echo({ tls: () => tls }), {
      servername: 'a.example.com',
      allowHalfOpen: true,
    });
    expect(await says(client, 'hello')).toBe('hello');
    client.end();
    await peers[0]?.hears('ended');
    const rest = new Promise<string>((resolve) => {
      client.once('data', (bytes: Buffer) => {
        resolve(bytes.toString());
      });
    });
    peers[0]?.connection.write(Buffer.from('late'));
    expect(await rest).toBe('late');
  });

  it('is not needed for the header of a proxy, before which nothing is heard', async () => {
    const at = await echo({ proxies: () => trustsOf(['127.0.0.0/8']) });
    const peer = new Peer(net.connect(at, { timeoutMs: 5000 }));
    await peer.hears('opened');
    for (const part of ['PROXY TCP4 192.0.2.7', ' 10.0.0.1 1 2\r\nfirst ', 'second']) {
      peer.connection.write(Buffer.from(part));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await peer.reads('first second');
    expect(peers[0]?.connection.remote).toEqual({ host: '192.0.2.7', port: 1 });
    peers.push(peer);
  });

  describe('to a server', () => {
    function clientTls(given: Partial<ConstructorParameters<typeof ClientTls>[0]> = {}): ClientTls {
      return new ClientTls({
        ca: authority.certificate,
        certificate: undefined,
        serverName: undefined,
        protocols: [],
        origin: 'a test',
        ...given,
      });
    }

    async function reach(at: Address, tls: ClientTls): Promise<string> {
      const peer = new Peer(net.connect(at, { timeoutMs: 5000, tls }));
      peers.push(peer);
      await peer.when(() => peer.heard.length > 0);
      if (peer.heard[0] !== 'opened') return peer.heard[0] ?? '';
      peer.connection.write(Buffer.from('ping'));
      await peer.when(
        () => peer.text === 'ping' || peer.heard.length > 2 || peer.heard[1] === 'ended',
      );
      return peer.text;
    }

    it('believes the authority that it was told, for the name or IP that it wants', async () => {
      const tls = new ServerTls(materialOf());
      const at = await echo({ tls: () => tls });
      expect(await reach(at, clientTls())).toBe('ping');
      expect(await reach(at, clientTls({ serverName: 'b.example.com' }))).toBe('ping');
      expect(await reach(at, clientTls({ serverName: 'c.example.com' }))).toBe('closed untrusted');
      const other = new Authority('somebody else').certificate;
      expect(await reach(at, clientTls({ ca: other }))).toBe('closed untrusted');
      expect(await reach(at, clientTls({ ca: undefined }))).toBe('closed untrusted');
    });

    it('shows a certificate of its own', async () => {
      const tls = new ServerTls(materialOf({ clientCa: authority.certificate }));
      const at = await echo({ tls: () => tls });
      const certificate = authority.issue(['redirector']);
      expect(await reach(at, clientTls({ certificate }))).toBe('ping');
      expect(await reach(at, clientTls())).toBe('');
    });

    it('gives up a server that does not shake hands in time', async () => {
      const silent = await net.listen(AT, (connection) => peers.push(new Peer(connection)));
      listeners.push(silent);
      const peer = new Peer(net.connect(silent.address, { timeoutMs: 200, tls: clientTls() }));
      await peer.hears('closed');
      expect(peer.heard).toEqual(['closed timeout']);
    });
  });
});

class EchoPeer extends Peer {
  override data(bytes: Uint8Array): void {
    super.data(bytes);
    this.connection.write(bytes);
  }
}

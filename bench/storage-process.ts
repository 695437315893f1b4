import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { SystemClock } from '../core/clock/system.js';
import type { ServerId } from '../core/domain.js';
import { SILENT_LOG } from '../core/log.js';
import { NodeNet } from '../core/net/node.js';
import { PLAIN_LINK } from '../redirector/adapters/servers.js';
import { Gate } from '../redirector/gate.js';
import { tableOf } from '../test/support/names.js';
import { thisMachine } from '../demo/this-machine.js';
import type { ProxyReady } from './proxy-process.js';
import type { StorageProxyArguments } from './storage-messages.js';
import { STORAGE_PROTOCOLS } from './storage-protocols.js';

/* A proxy of storage in a process of its own: ours, or a plain relay of Node's. `storage-process ARGUMENTS`; it says its port by IPC. */

const given = JSON.parse(process.argv[2] ?? '') as StorageProxyArguments;
const port = given.kind === 'relay' ? await relay(given.server.port) : await ours(given);
const ready: ProxyReady = { port };
process.send?.(ready);
process.once('disconnect', () => process.exit());

/** The relay that everybody writes first: `pipe` both ways. */
async function relay(to: number): Promise<number> {
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host: '127.0.0.1', port: to, noDelay: true });
    client.pipe(upstream).pipe(client);
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Gate, adapter, sockets, with all counters; no control plane beside it. */
async function ours({ protocol, server }: StorageProxyArguments): Promise<number> {
  const clock = new SystemClock();
  const gate = new Gate({ clock, needsLease: () => false });
  gate.apply(tableOf({ 'vol-1': 's1@1.1' }));
  const adapter = STORAGE_PROTOCOLS[protocol]?.adapterOf(
    {
      ...{ net: new NodeNet(clock, thisMachine()), clock, log: SILENT_LOG, gate },
      servers: {
        addressOf: (_: ServerId) => ({ host: '127.0.0.1', port: server.port }),
        hasFence: () => false,
        linkOf: () => ({ ...PLAIN_LINK, mountPort: server.mountPort }),
        suspect: () => undefined,
        misdirected: () => undefined,
      },
      drainPolicyOf: () => 'abort',
    },
    server,
  );
  if (adapter === undefined) throw new Error(`no protocol ${protocol}`);
  await adapter.start();
  return adapter.addresses[0]?.port ?? 0;
}

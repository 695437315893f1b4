import { once } from 'node:events';
import { mkdirSync, openSync, writeSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AGENT_DEFAULTS, Agent } from '../../agent/agent.js';
import { guarded } from '../../agent/guarded.js';
import { RESOURCE_HEADER, SINCE_HEADER, agentToken } from '../../core/agent-protocol.js';
import { SystemClock } from '../../core/clock/system.js';
import { NodeDisk } from '../../core/disk/node.js';
import type { ResourceId, ServerId } from '../../core/domain.js';
import { SILENT_LOG } from '../../core/log.js';
import { NodeNet } from '../../core/net/node.js';
import type { Net } from '../../core/net/port.js';
import { SeededRng } from '../../core/rng.js';
import { EmbeddedTableStore } from '../../core/table-store/embedded.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { thisMachine } from '../../demo/this-machine.js';
import type { HostArguments, HostReady, ToHost } from './messages.js';

/*
 * A machine with servers on it, each with its agent, as a process that a test may kill, stop and cut off: whatever reaches
 * a server or its agent goes through links of this process. It ends with its parent.
 */

const HOST = '127.0.0.1';
const ID_HEADER = 'x-id';

const [args] = (await once(process, 'message')) as [HostArguments];
const clock = new SystemClock();
const rng = new SeededRng(1);
const links: FaultProxy[] = [];
// Each line with a call of its own: what was written is there, however this process ends.
const journal = openSync(args.journal, 'a');

async function linkTo(port: () => number): Promise<FaultProxy> {
  const link = await FaultProxy.start(() => ({ host: HOST, port: port() }), rng);
  links.push(link);
  return link;
}

/** As the real one, but others find its listeners behind links. */
function linkedNet(): Net {
  const net = new NodeNet(clock, thisMachine());
  return {
    connect: (to, options) => net.connect(to, options),
    call: (request) => net.call(request),
    afterArrivals: (run) => {
      net.afterArrivals(run);
    },
    listen: async (at, accept, options) => {
      const listener = await net.listen(at, accept, options);
      const link = await linkTo(() => listener.address.port);
      return { address: link.at, close: () => listener.close() };
    },
  };
}

async function startServer({
  id,
  resources,
  dataDir,
}: HostArguments['servers'][number]): Promise<void> {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { headers } = request;
    const requestId = String(headers[ID_HEADER]);
    const [resource, since] = [headers[RESOURCE_HEADER], headers[SINCE_HEADER]].map(String);
    // One clock for all processes of a machine.
    const stamp = process.hrtime.bigint();
    writeSync(journal, `${requestId} ${resource} ${since} ${stamp} ${id}\n`);
    request.resume();
    await once(request, 'end');
    response.writeHead(200, { [ID_HEADER]: requestId });
    response.end(requestId);
  };
  const http = createServer(
    guarded(
      () => agent.gate,
      (request: IncomingMessage, response: ServerResponse) =>
        // A client that has gone is not answered.
        handle(request, response).catch(() => undefined),
    ),
  );
  await new Promise<void>((resolve) => http.listen(0, HOST, resolve));
  const link = await linkTo(() => (http.address() as AddressInfo).port);
  mkdirSync(dataDir, { recursive: true });
  const agent: Agent = new Agent(
    {
      net: linkedNet(),
      clock,
      log: SILENT_LOG,
      store: await EmbeddedTableStore.open({ disk: new NodeDisk(dataDir), log: SILENT_LOG }),
      boot: `${id}-${process.pid}`,
      isServing: () => true,
      resources: () => resources as readonly ResourceId[],
    },
    {
      ...AGENT_DEFAULTS,
      server: id as ServerId,
      address: () => link.at,
      control: { host: HOST, port: 0 },
      apiUrls: [args.registration],
      token: agentToken(args.secret, id as ServerId),
      announceLeaseMs: args.announceLeaseMs,
      announceTimeoutMs: 500,
    },
  );
  await agent.start();
}

for (const server of args.servers) await startServer(server);
process.on('message', (message: ToHost) => {
  for (const link of links) {
    if (message.kind === 'reset') link.reset();
    else link.set(message.faults);
  }
});
process.once('disconnect', () => process.exit(0));
const ready: HostReady = { kind: 'ready' };
process.send?.(ready);

import { createWriteStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AGENT_DEFAULTS, Agent } from '../agent/agent.js';
import { guarded } from '../agent/guarded.js';
import { RESOURCE_HEADER, SINCE_HEADER } from '../core/agent-protocol.js';
import { SystemClock } from '../core/clock/system.js';
import { NodeDisk } from '../core/disk/node.js';
import type { ResourceId, ServerId } from '../core/domain.js';
import { SILENT_LOG } from '../core/log.js';
import { NodeNet } from '../core/net/node.js';
import { EmbeddedTableStore } from '../core/table-store/embedded.js';
import { burn } from './burn.js';
import type { ServerArguments, ServerReady } from './messages.js';
import { cpuSeconds, residentBytes } from './proc.js';
import { thisMachine } from './this-machine.js';

/*
 * One server of the demo, a process of its own: a plain Node HTTP server whose requests cost real CPU, an
 * agent inside it, and an exporter that reads what was really used. It ends with its parent.
 */

const HOST = '127.0.0.1';
const ID_HEADER = 'x-request-id';

const args = JSON.parse(process.argv[2] ?? '{}') as ServerArguments;
const clock = new SystemClock();
const journal = createWriteStream(args.journal, { flags: 'a' });
const answer = Buffer.alloc(args.answerBytes, 'x');
let networkBytes = 0;

const agent: Agent = new Agent(
  {
    net: new NodeNet(clock, thisMachine()),
    clock,
    log: SILENT_LOG,
    store: await EmbeddedTableStore.open({ disk: new NodeDisk(args.dataDir), log: SILENT_LOG }),
    boot: `${args.id}-${process.pid}`,
    isServing: () => true,
    resources: () => args.resources as readonly ResourceId[],
  },
  {
    ...AGENT_DEFAULTS,
    server: args.id as ServerId,
    address: () => ({ host: HOST, port: portOf(server.address()) }),
    control: { host: HOST, port: 0 },
    apiUrls: [args.registrationUrl],
    token: args.token,
    capacity: { cpu: args.capacityCpu },
    metrics: () => ({
      source: 'prometheus',
      url: metricsUrl(),
      mapping: {
        cpu: 'process_cpu_seconds_total',
        memory: 'process_resident_memory_bytes',
        network: 'process_network_bytes_total',
      },
    }),
  },
);

const server = createServer(guarded(() => agent.gate, handle));
const exporter = createServer((_request, response) => {
  void page().then((text) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
    response.end(text);
  });
});

await listen(exporter);
await listen(server);
await agent.start();
const ready: ServerReady = {
  kind: 'ready',
  address: { host: HOST, port: portOf(server.address()) },
  metricsUrl: metricsUrl(),
};
process.send?.(ready);
process.once('disconnect', () => {
  journal.end(() => process.exit(0));
});

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { headers } = request;
  const id = String(headers[ID_HEADER]);
  journal.write(`${id} ${String(headers[RESOURCE_HEADER])} ${String(headers[SINCE_HEADER])}\n`);
  for await (const chunk of request) networkBytes += (chunk as Buffer).length;
  burn(args.burnMs);
  networkBytes += answer.length;
  response.writeHead(200, { [ID_HEADER]: id, 'content-length': String(answer.length) });
  response.end(answer);
}

async function page(): Promise<string> {
  return [
    '# HELP process_cpu_seconds_total CPU time used, of all threads.',
    '# TYPE process_cpu_seconds_total counter',
    `process_cpu_seconds_total ${await cpuSeconds()}`,
    '# HELP process_resident_memory_bytes Resident memory.',
    '# TYPE process_resident_memory_bytes gauge',
    `process_resident_memory_bytes ${residentBytes()}`,
    '# HELP process_network_bytes_total Bytes of bodies, both directions.',
    '# TYPE process_network_bytes_total counter',
    `process_network_bytes_total ${networkBytes}`,
    '',
  ].join('\n');
}

function metricsUrl(): string {
  return `http://${HOST}:${portOf(exporter.address())}/metrics`;
}

function listen(http: typeof server): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen(0, HOST, resolve);
  });
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AGENT_DEFAULTS, Agent } from '../../agent/agent.js';
import { guarded } from '../../agent/guarded.js';
import { agentToken } from '../../core/agent-protocol.js';
import { SystemClock } from '../../core/clock/system.js';
import type { ResourceId, ServerId } from '../../core/domain.js';
import { SILENT_LOG } from '../../core/log.js';
import { NodeNet } from '../../core/net/node.js';
import { MemoryTableStore } from '../../core/table-store/memory.js';
import type { TableStore, Transaction, TransactResult } from '../../core/table-store/port.js';
import { thisMachine } from '../../demo/this-machine.js';

/* A server with an agent, in the test's own process: it outlives the service that the test kills. */

const HOST = '127.0.0.1';

export interface Ran {
  readonly server: string;
  readonly resource: string;
  readonly since: string;
  readonly id: string;
}

export interface JournaledServerOptions {
  readonly name: string;
  readonly resources: readonly string[];
  readonly registration: string;
  readonly secret: string;
  /** Every request that ran, of all servers of a test. */
  readonly journal: Ran[];
  /** An agent takes so long to write down what it owns: the switch stays in its state. */
  readonly diskMs: number;
  readonly workMs: number;
}

export class JournaledServer {
  readonly agent: Agent;
  readonly #http: Server;

  private constructor(agent: Agent, http: Server) {
    this.agent = agent;
    this.#http = http;
  }

  /** Several that are alike but for their names. */
  static startAll(
    names: readonly string[],
    options: Omit<JournaledServerOptions, 'name'>,
  ): Promise<JournaledServer[]> {
    return Promise.all(names.map((name) => JournaledServer.start({ name, ...options })));
  }

  static async start(options: JournaledServerOptions): Promise<JournaledServer> {
    const { name, resources, registration, secret, journal, workMs } = options;
    const clock = new SystemClock();
    const http = createServer(
      guarded(
        () => agent.gate,
        async (request: IncomingMessage, response: ServerResponse) => {
          const { headers } = request;
          const id = String(headers['x-id']);
          journal.push({
            server: name,
            resource: String(headers['foreshift-resource']),
            since: String(headers['foreshift-since']),
            id,
          });
          request.resume();
          await clock.sleep(workMs);
          response.writeHead(200, { 'x-id': id });
          response.end(id);
        },
      ),
    );
    await new Promise<void>((resolve) => http.listen(0, HOST, resolve));
    const { port } = http.address() as AddressInfo;
    const id = name as ServerId;
    const agent: Agent = new Agent(
      {
        net: new NodeNet(clock, thisMachine()),
        clock,
        log: SILENT_LOG,
        store: new SlowStore(options.diskMs),
        boot: `${name}-1`,
        isServing: () => true,
        resources: () => resources as readonly ResourceId[],
      },
      {
        ...AGENT_DEFAULTS,
        server: id,
        address: () => ({ host: HOST, port }),
        control: { host: HOST, port: 0 },
        apiUrls: [registration],
        token: agentToken(secret, id),
        announceLeaseMs: 900,
        announceTimeoutMs: 500,
      },
    );
    await agent.start();
    return new JournaledServer(agent, http);
  }

  async stop(): Promise<void> {
    this.#http.closeAllConnections();
    this.#http.close();
    await this.agent.stop();
  }
}

/** How often each request ran, by id. */
export function runsOf(journal: readonly Ran[]): Map<string, number> {
  const runs = new Map<string, number>();
  for (const { id } of journal) runs.set(id, (runs.get(id) ?? 0) + 1);
  return runs;
}

/** The ids of those that ran more often than once. */
export function ranTwice(journal: readonly Ran[]): string[] {
  return [...runsOf(journal)].flatMap(([id, count]) => (count > 1 ? [id] : []));
}

/** The agent's own store, on a slow disk. */
class SlowStore implements TableStore {
  readonly #store = new MemoryTableStore();
  readonly #clock = new SystemClock();
  readonly #ms: number;

  constructor(ms: number) {
    this.#ms = ms;
  }

  read(after: number) {
    return this.#store.read(after);
  }

  async transact(transaction: Transaction): Promise<TransactResult> {
    await this.#clock.sleep(this.#ms);
    return this.#store.transact(transaction);
  }

  watch(notify: () => void): () => void {
    return this.#store.watch(notify);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

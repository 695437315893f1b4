import { SystemClock } from '../core/clock/system.js';
import type { Clock } from '../core/clock/port.js';
import type { ResourceId, ServerId } from '../core/domain.js';
import { LineFile } from '../core/line-file.js';
import { SILENT_LOG } from '../core/log.js';
import { NodeNet } from '../core/net/node.js';
import { AccessLog } from '../redirector/access-log/access-log.js';
import { HttpAdapter } from '../redirector/adapters/http/http-adapter.js';
import { PLAIN_LINK } from '../redirector/adapters/servers.js';
import { TcpAdapter } from '../redirector/adapters/tcp/tcp-adapter.js';
import { Gate } from '../redirector/gate.js';
import { thisMachine } from '../demo/this-machine.js';
import type { Moved, ProxyArguments } from './dataplane-messages.js';
import { BenchTable } from './dataplane-table.js';

/** The data plane of a redirector in a process of its own: gate, adapter, sockets, with all counters; no control plane beside it. */
export class OwnDataPlane {
  readonly #clock: Clock = new SystemClock();
  readonly #net = new NodeNet(this.#clock, thisMachine());
  readonly #gate: Gate;
  readonly #adapter: HttpAdapter | TcpAdapter;
  readonly #table: BenchTable;

  constructor({ kind, backends, resources, accessLog }: ProxyArguments) {
    const clock = this.#clock;
    const net = this.#net;
    this.#gate = new Gate({
      clock,
      afterArrivals: (run) => {
        net.afterArrivals(run);
      },
      needsLease: () => false,
    });
    this.#table = new BenchTable(clock, resources);
    this.#gate.apply(this.#table.table);
    const listen = { host: '127.0.0.1', port: 0 };
    const servers = {
      addressOf: (server: ServerId) => ({
        host: '127.0.0.1',
        port: backends[Number(server.slice(1)) % backends.length] ?? 0,
      }),
      hasFence: () => false,
      linkOf: () => PLAIN_LINK,
      suspect: () => undefined,
      misdirected: () => undefined,
    };
    const file = new LineFile(clock, { path: accessLog, bufferBytesMax: 16 << 20 });
    const parts = {
      ...{ net, clock, log: SILENT_LOG, gate: this.#gate, servers },
      drainPolicyOf: () => 'abort' as const,
      ...(accessLog !== undefined && {
        accessLog: new AccessLog(clock, file, { format: 'json', share: 1, query: false }),
      }),
    };
    this.#adapter =
      kind === 'ours-tcp'
        ? new TcpAdapter(parts, [
            { listen, route: { by: 'listener', resource: 'vol-0' as ResourceId } },
          ])
        : new HttpAdapter(parts, [{ listen, route: { by: 'first-path-segment' } }]);
  }

  async start(): Promise<number> {
    await this.#adapter.start();
    return this.#adapter.addresses[0]?.port ?? 0;
  }

  /**
   * The last `count` resources of the table from their server to the other one: hold, drain, flip, resume. What a redirector
   * reads of its store in several turns of its loop – the plan, the table – comes in turns of its own here too.
   */
  async move(count: number): Promise<Moved> {
    const clock = this.#clock;
    const gate = this.#gate;
    const resources = this.#table.last(count);
    await this.#arrivals();
    const { table, makingMs } = this.#table.next(resources);
    await this.#arrivals();
    const startedMs = clock.monotonicMs();
    const indices = gate.indicesOf(resources);
    gate.holdAt(indices);
    const heldMs = clock.monotonicMs();
    await gate.drained(resources, new AbortController().signal);
    const drainedMs = clock.monotonicMs();
    gate.apply(table);
    gate.resumeAt(indices);
    const resumedMs = clock.monotonicMs();
    await this.#released();
    return {
      wholeMs: resumedMs - startedMs,
      workMs: heldMs - startedMs + (resumedMs - drainedMs),
      makingMs,
      beyondMs: clock.monotonicMs() - drainedMs,
    };
  }

  /** Nothing that was held waits any more. */
  async #released(): Promise<void> {
    while (this.#gate.heldRequests > 0) await this.#arrivals();
  }

  /** All that has arrived had its turn. */
  #arrivals(): Promise<void> {
    return new Promise((resolve) => {
      this.#net.afterArrivals(resolve);
    });
  }
}

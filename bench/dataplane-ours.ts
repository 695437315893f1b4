import { SystemClock } from '../core/clock/system.js';
import type { Clock } from '../core/clock/port.js';
import type { ResourceId, ServerId } from '../core/domain.js';
import { LineFile } from '../core/line-file.js';
import { SILENT_LOG } from '../core/log.js';
import { OutboundGuard } from '../core/net/guard.js';
import { NodeNet } from '../core/net/node.js';
import { AssignmentTable } from '../core/table.js';
import { AccessLog } from '../redirector/access-log/access-log.js';
import { HttpAdapter } from '../redirector/adapters/http/http-adapter.js';
import { PLAIN_LINK } from '../redirector/adapters/servers.js';
import { TcpAdapter } from '../redirector/adapters/tcp/tcp-adapter.js';
import { Gate } from '../redirector/gate.js';
import type { Moved, ProxyArguments } from './dataplane-messages.js';

/** Of the table that a bench begins with, and of its first switch. */
const INCARNATION = 1;

/**
 * The data plane of a redirector in a process of its own: gate, adapter, sockets, with all counters; no control plane beside it.
 * Resources are `vol-0`, `vol-1`, …, all at `s0`.
 */
export class OwnDataPlane {
  readonly #clock: Clock = new SystemClock();
  readonly #gate: Gate;
  readonly #adapter: HttpAdapter | TcpAdapter;
  #table: AssignmentTable;
  #epoch = 1;

  constructor({ kind, backends, resources, accessLog }: ProxyArguments) {
    const clock = this.#clock;
    this.#gate = new Gate({ clock, needsLease: () => false });
    this.#table = this.#tableOf(Array.from({ length: resources }, (_, at) => at));
    this.#gate.apply(this.#table);
    const listen = { host: '127.0.0.1', port: 0 };
    const net = new NodeNet(
      clock,
      new OutboundGuard({
        networks: ['127.0.0.0/8'],
        ports: [{ first: 1, last: 65_535 }],
        excluded: [],
      }),
    );
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

  /** The last `count` resources of the table from their server to the other one: hold, drain, flip, resume. */
  async move(count: number): Promise<Moved> {
    const clock = this.#clock;
    const gate = this.#gate;
    const first = this.#table.size - count;
    const numbers = Array.from({ length: count }, (_, at) => first + at);
    const resources = numbers.map((number) => `vol-${number}` as ResourceId);
    this.#epoch += 1;
    // What the view does with a commit is a part of the switch's work on this loop.
    const madeAtMs = clock.monotonicMs();
    const next = this.#tableOf(numbers, this.#table);
    const makingMs = clock.monotonicMs() - madeAtMs;
    const startedMs = clock.monotonicMs();
    gate.hold(resources);
    const heldMs = clock.monotonicMs();
    await gate.drained(resources, new AbortController().signal);
    const drainedMs = clock.monotonicMs();
    gate.apply(next);
    gate.resume(resources);
    const resumedMs = clock.monotonicMs();
    this.#table = next;
    return {
      wholeMs: resumedMs - startedMs,
      workMs: heldMs - startedMs + (resumedMs - drainedMs),
      makingMs,
      beyondMs: resumedMs - drainedMs,
    };
  }

  #tableOf(numbers: readonly number[], from = AssignmentTable.empty): AssignmentTable {
    const generation = { incarnation: INCARNATION, epoch: this.#epoch };
    const server = `s${this.#epoch - 1}` as ServerId;
    return from.with(
      numbers.map((number) => [
        `vol-${number}` as ResourceId,
        { server, since: generation, standby: null },
      ]),
      generation,
    );
  }
}

import type { Cancel, Clock } from '../core/clock/port.js';
import type { Address, ServerId } from '../core/domain.js';
import { isName } from '../core/domain.js';
import type { Startable } from '../core/lifecycle.js';
import type { MetricSource } from '../core/metrics.js';
import { trustsOf } from '../core/net/guard.js';
import type { Trusts } from '../core/net/ip.js';
import { parseIp } from '../core/net/ip.js';
import type { Connection, Listener, Net } from '../core/net/port.js';
import type { HeadroomRecord } from '../core/table-store/records/headroom.js';
import { HEADROOM, headroomsOf } from '../core/table-store/records/headroom.js';
import { LOST, SERVER } from '../core/table-store/records/server.js';
import { stateOf } from '../core/table-store/server-state.js';
import type { TableView } from '../core/table-store/view.js';
import { Tally } from '../core/tally.js';

export interface AgentCheckParts {
  readonly net: Net;
  readonly clock: Clock;
  readonly view: TableView;
}

export interface AgentCheckOptions {
  readonly listen: Address;
  /** Networks that may ask. */
  readonly from: readonly string[];
  readonly connectionsMax: number;
  /** For the name, from the connection on. */
  readonly timeoutMs: number;
}

/** A name, its line end, and whatever a careless `agent-send` puts around it. */
const LINE_BYTES_MAX = 256;

/**
 * Tells HAProxy (its `agent-check`) how servers stand and what the forecast leaves of them, for those who balance by their own
 * HAProxy: each connection asks by the server's name (`agent-send "NAME\n"`) and is told in one line. Of a server that is not known
 * nothing is said: HAProxy then goes on by what it sees itself.
 */
export class AgentCheck implements Startable {
  readonly #parts: AgentCheckParts;
  readonly #options: AgentCheckOptions;
  readonly #mayAsk: Trusts;
  readonly #connections = new Set<Connection>();
  #listener: Listener | undefined;
  /** By what was said: the word for a server's state, or why nothing was. */
  readonly #answers = new Tally<string>();

  constructor(parts: AgentCheckParts, options: AgentCheckOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#mayAsk = trustsOf(options.from);
  }

  get address(): Address {
    return this.#listener?.address ?? this.#options.listen;
  }

  /** @throws ERR_LISTEN_FAILED */
  async start(): Promise<void> {
    this.#listener = await this.#parts.net.listen(this.#options.listen, (connection) => {
      this.#take(connection);
    });
  }

  async stop(): Promise<void> {
    await this.#listener?.close();
    for (const connection of this.#connections) connection.destroy();
  }

  get metrics(): MetricSource[] {
    return [
      {
        name: 'foreshift_agent_checks_total',
        help: 'Questions of HAProxy by what they were told.',
        kind: 'counter',
        labels: ['answer'],
        read: () =>
          [...this.#answers.entries()].map(([answer, value]) => ({ labels: { answer }, value })),
      },
    ];
  }

  #take(connection: Connection): void {
    const isWelcome =
      this.#mayAsk(parseIp(connection.remote.host)) &&
      this.#connections.size < this.#options.connectionsMax;
    let isSaid = !isWelcome;
    let text = '';
    connection.handler = {
      opened: () => undefined,
      data: (bytes) => {
        if (isSaid) return;
        text += Buffer.from(bytes).toString('latin1');
        if (/[\r\n]/.test(text) || text.length > LINE_BYTES_MAX) say();
      },
      drained: () => undefined,
      ended: () => {
        say();
      },
      closed: () => {
        cancel();
        this.#connections.delete(connection);
      },
    };
    if (!isWelcome) {
      this.#answers.add('refused');
      connection.reset();
    }
    this.#connections.add(connection);
    const say = (): void => {
      if (isSaid) return;
      isSaid = true;
      const answer = this.#answerTo(text);
      if (answer !== undefined) connection.write(Buffer.from(`${answer}\n`));
      connection.end();
    };
    const cancel: Cancel = this.#parts.clock.after(this.#options.timeoutMs, () => {
      say();
      connection.destroy();
    });
  }

  #answerTo(text: string): string | undefined {
    const { view, clock } = this.#parts;
    const name = (/^[^\r\n]*/.exec(text)?.[0] ?? '').trim();
    const answer = isName(name)
      ? agentCheckAnswer(view, name as ServerId, clock.realtimeMs())
      : undefined;
    this.#answers.add(answer?.said ?? (name === '' ? 'unnamed' : 'unknown'));
    return answer?.text;
  }
}

export interface AgentCheckAnswer {
  readonly said: 'up' | 'drain' | 'maint' | 'down';
  /** As HAProxy reads it (configuration manual, "agent-check"), without the line's end. */
  readonly text: string;
}

/**
 * What HAProxy is told of a server: up with its part of its weight, which is the headroom that the forecast leaves of it; or to give
 * it nothing new. A spare is kept empty until a server is lost. Undefined: the server is not known.
 */
export function agentCheckAnswer(
  view: TableView,
  server: ServerId,
  nowMs: number,
): AgentCheckAnswer | undefined {
  switch (stateOf(view, server)) {
    case 'unknown':
      return undefined;
    case 'lost':
      return { said: 'down', text: 'down #lost: its redirectors cannot reach it' };
    case 'maintenance':
      return { said: 'maint', text: 'maint' };
    case 'draining':
      return { said: 'drain', text: 'up drain' };
    case 'ready':
      break;
  }
  const isIdleSpare = view.get(SERVER, server)?.value.spare === true && view.all(LOST).size === 0;
  if (isIdleSpare) return { said: 'drain', text: 'up drain' };
  const left = leftOf(view.get(HEADROOM, 'forecast')?.value, server, nowMs);
  // 0 % would be a drain: a full server keeps a little.
  return { said: 'up', text: `up ready ${Math.max(1, Math.round(100 * left))}%` };
}

/** What is not known of one is taken for the mean of the others; of none: all have all of it. */
function leftOf(record: HeadroomRecord | undefined, server: ServerId, nowMs: number): number {
  const known = headroomsOf(record, nowMs);
  const shares = Object.values(known);
  if (shares.length === 0) return 1;
  return known[server] ?? shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

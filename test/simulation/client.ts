import type { Clock } from '../../core/clock/port.js';
import type { Address } from '../../core/domain.js';
import { latin1Bytes } from '../../core/net/http/bytes.js';
import { NO_BODY, ofLength } from '../../core/net/http/framing.js';
import { requestHeadText } from '../../core/net/http/head-text.js';
import { headerList, headerOf } from '../../core/net/http/header-list.js';
import type { ResponseHead } from '../../core/net/http/response-head.js';
import { ResponseReader } from '../../core/net/http/response-reader.js';
import type { Connection, Net } from '../../core/net/port.js';

/** What a client knows of one of its requests in the end. */
export interface LedgerEntry {
  readonly id: string;
  readonly method: string;
  readonly resource: string;
  /** Requests of one session are sent one after the other, over one connection. */
  readonly session: string;
  readonly redirector: string;
  readonly sentAtMs: number;
  endedAtMs: number | undefined;
  /** `lost`: the connection broke, or nothing came in time. */
  outcome: 'open' | 'answered' | 'not-executed' | 'unknown' | 'refused' | 'lost' | 'foreign';
  status: number;
}

export interface RequestPlan {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly resource: string;
  readonly workMs: number;
  readonly body: string;
}

/** One session of a client: one connection to one redirector, one request at a time. */
export class SimSession {
  readonly #name: string;
  readonly #redirector: string;
  readonly #clock: Clock;
  readonly #connection: Connection;
  readonly #reader: ResponseReader;
  #isClosed = false;
  #settle: ((head: ResponseHead | undefined, body: string) => void) | undefined;
  #head: ResponseHead | undefined;
  #body = '';

  constructor(parts: { name: string; redirector: string; net: Net; clock: Clock; to: Address }) {
    this.#name = parts.name;
    this.#redirector = parts.redirector;
    this.#clock = parts.clock;
    this.#reader = new ResponseReader({
      head: (head) => {
        this.#head = head;
      },
      body: (bytes) => {
        this.#body += Buffer.from(bytes).toString('latin1');
      },
      end: () => {
        const body = this.#body;
        const head = this.#head;
        this.#body = '';
        this.#settled(head, body);
      },
      fault: () => {
        this.#connection.destroy();
      },
    });
    this.#connection = parts.net.connect(parts.to, { timeoutMs: 300 });
    this.#connection.handler = {
      opened: () => undefined,
      data: (bytes) => {
        let at = 0;
        while (at < bytes.length) at = this.#reader.read(bytes, at);
      },
      drained: () => undefined,
      ended: () => {
        this.#reader.peerEnded();
        this.#connection.destroy();
      },
      closed: () => {
        this.#isClosed = true;
        this.#settled(undefined, '');
      },
    };
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sends one request and waits for its end, at most `timeoutMs`. */
  async send(plan: RequestPlan, ledger: LedgerEntry[], timeoutMs: number): Promise<LedgerEntry> {
    const { id, method, resource } = plan;
    const entry: LedgerEntry = {
      id,
      method,
      resource,
      session: this.#name,
      redirector: this.#redirector,
      sentAtMs: this.#clock.monotonicMs(),
      endedAtMs: undefined,
      outcome: 'open',
      status: 0,
    };
    ledger.push(entry);
    if (this.#isClosed) return this.#end(entry, 'lost');
    const answered = new Promise<[ResponseHead | undefined, string]>((resolve) => {
      this.#settle = (head, body) => {
        resolve([head, body]);
      };
    });
    this.#reader.expect(method);
    this.#connection.write(this.#bytesOf(plan));
    const cancel = this.#clock.after(timeoutMs, () => {
      this.#connection.destroy();
    });
    const [head, body] = await answered;
    cancel();
    if (head === undefined) return this.#end(entry, 'lost');
    entry.status = head.status;
    if (!head.keepAlive) this.#connection.destroy();
    if (head.status === 200) return this.#end(entry, body === id ? 'answered' : 'foreign');
    const executed = headerOf(head.headers, 'foreshift-executed');
    if (executed === 'no') return this.#end(entry, 'not-executed');
    return this.#end(entry, executed === 'unknown' ? 'unknown' : 'refused');
  }

  close(): void {
    this.#connection.destroy();
  }

  #end(entry: LedgerEntry, outcome: LedgerEntry['outcome']): LedgerEntry {
    entry.outcome = outcome;
    entry.endedAtMs = this.#clock.monotonicMs();
    return entry;
  }

  #settled(head: ResponseHead | undefined, body: string): void {
    const settle = this.#settle;
    this.#settle = undefined;
    this.#head = undefined;
    settle?.(head, body);
  }

  #bytesOf({ id, method, resource, workMs, body }: RequestPlan): Uint8Array {
    const head = requestHeadText({
      method,
      path: `/${resource}/${id}`,
      query: '',
      host: 'service',
      headers: headerList({ 'x-id': id, 'x-work-ms': String(workMs) }),
      framing: method === 'GET' ? NO_BODY : ofLength(body.length),
      connection: 'persistent',
    });
    return latin1Bytes(method === 'GET' ? head : head + body);
  }
}

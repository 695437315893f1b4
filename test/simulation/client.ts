import type { Clock } from '../../core/clock/port.js';
import type { Address } from '../../core/domain.js';
import { latin1Bytes } from '../../core/net/http/bytes.js';
import { NO_BODY, ofLength } from '../../core/net/http/framing.js';
import { requestHeadText } from '../../core/net/http/head-text.js';
import { headerList, headerOf } from '../../core/net/http/header-list.js';
import type { ResponseHead } from '../../core/net/http/response-head.js';
import { ResponseReader } from '../../core/net/http/response-reader.js';
import type { Connection, Net } from '../../core/net/port.js';

/**
 * How a request ended for its client. `answered`: with its own id; `foreign`: with another's; `not-executed` and
 * `unknown`: as the redirector says; `wordless`: refused without a word about execution; `cut`: within the answer, which was no refusal;
 * `lost`: the connection broke before any answer; `unsent`: it never opened, or was to take no more; `gone`: the client left; `late`:
 * nothing came in time.
 */
export type Outcome =
  | 'open'
  | 'answered'
  | 'foreign'
  | 'not-executed'
  | 'unknown'
  | 'wordless'
  | 'cut'
  | 'lost'
  | 'unsent'
  | 'gone'
  | 'late';

/** What a client knows of one of its requests in the end. */
export interface LedgerEntry {
  readonly id: string;
  readonly method: string;
  readonly resource: string;
  /** Requests of one session are sent one after the other, over one connection. */
  readonly session: string;
  readonly redirector: string;
  readonly sentAtMs: number;
  endedAtMs: number;
  outcome: Outcome;
  status: number;
}

export interface RequestPlan {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly resource: string;
  readonly workMs: number;
  readonly body: string;
  /** Between the two halves of the body. */
  readonly pauseMs: number;
  /** The client leaves after that time; Infinity: it waits. */
  readonly patienceMs: number;
}

interface Awaited {
  readonly plan: RequestPlan;
  readonly entry: LedgerEntry;
  readonly ended: (entry: LedgerEntry) => void;
}

export interface SessionParts {
  readonly name: string;
  readonly redirector: string;
  readonly net: Net;
  readonly clock: Clock;
  readonly to: Address;
  readonly ledger: LedgerEntry[];
  /** No request takes longer, or the redirector is at fault. */
  readonly timeoutMs: number;
}

/** One session of a client: one connection to one redirector; requests may follow each other before their answers. */
export class SimSession {
  readonly #parts: SessionParts;
  readonly #connection: Connection;
  readonly #reader: ResponseReader;
  /** In the order of their sending. */
  readonly #awaited: Awaited[] = [];
  #isOpened = false;
  #isClosed = false;
  #head: ResponseHead | undefined;
  #body = '';

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#reader = new ResponseReader({
      head: (head) => {
        this.#head = head;
      },
      body: (bytes) => {
        this.#body += Buffer.from(bytes).toString('latin1');
      },
      end: () => {
        this.#answered();
      },
      fault: () => {
        this.#connection.destroy();
      },
    });
    this.#connection = parts.net.connect(parts.to, { timeoutMs: 300 });
    this.#connection.handler = {
      opened: () => {
        this.#isOpened = true;
        for (const { plan } of this.#awaited) this.#write(plan);
      },
      data: (bytes) => {
        for (let at = 0; at < bytes.length;) at = this.#reader.read(bytes, at);
      },
      drained: () => undefined,
      ended: () => {
        this.#reader.peerEnded();
        this.#connection.destroy();
      },
      closed: () => {
        this.#isClosed = true;
        this.#endAll();
      },
    };
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sends one request; resolves when it has ended, whatever its end. */
  send(plan: RequestPlan): Promise<LedgerEntry> {
    const { clock, ledger, name, redirector } = this.#parts;
    const { id, method, resource } = plan;
    const sentAtMs = clock.monotonicMs();
    const entry: LedgerEntry = {
      id,
      method,
      resource,
      session: name,
      redirector,
      sentAtMs,
      endedAtMs: Infinity,
      outcome: 'open',
      status: 0,
    };
    ledger.push(entry);
    return new Promise((ended) => {
      this.#awaited.push({ plan, entry, ended });
      if (this.#isClosed) {
        this.#end('unsent');
        return;
      }
      if (this.#awaited.length === 1) this.#reader.expect(method);
      if (this.#isOpened) this.#write(plan);
      this.#limit(entry, plan.patienceMs, 'gone');
      this.#limit(entry, this.#parts.timeoutMs, 'late');
    });
  }

  close(): void {
    this.#connection.destroy();
  }

  #limit(entry: LedgerEntry, ms: number, outcome: Outcome): void {
    if (ms === Infinity) return;
    this.#parts.clock.after(ms, () => {
      if (entry.outcome !== 'open') return;
      // Those behind it in the pipeline go with it.
      while (this.#awaited.length > 0) {
        this.#end(this.#awaited[0]?.entry === entry ? outcome : 'gone');
      }
      this.#connection.destroy();
    });
  }

  #answered(): void {
    const head = this.#head;
    const body = this.#body;
    const awaited = this.#awaited[0];
    this.#head = undefined;
    this.#body = '';
    if (head === undefined || awaited === undefined) return;
    awaited.entry.status = head.status;
    this.#end(outcomeOf(head, body === awaited.plan.id));
    if (!head.keepAlive) {
      // The redirector said that it takes no more.
      while (this.#awaited.length > 0) this.#end('unsent');
      this.#connection.destroy();
    }
    const [next] = this.#awaited;
    if (next !== undefined) this.#reader.expect(next.plan.method);
  }

  #endAll(): void {
    const head = this.#head;
    const isCut = head !== undefined;
    // What the head of a refusal says of execution holds, whether its text came or not.
    if (isCut) this.#end(head.status === 200 ? 'cut' : outcomeOf(head, false));
    // Behind one that was cut nothing has begun: a redirector takes one after the other.
    const rest = this.#isOpened && !isCut ? 'lost' : 'unsent';
    while (this.#awaited.length > 0) this.#end(rest);
  }

  #end(outcome: Outcome): void {
    const awaited = this.#awaited.shift();
    if (awaited === undefined) return;
    awaited.entry.outcome = outcome;
    awaited.entry.endedAtMs = this.#parts.clock.monotonicMs();
    awaited.ended(awaited.entry);
  }

  #write(plan: RequestPlan): void {
    const { method, body, pauseMs } = plan;
    const head = latin1Bytes(headOf(plan));
    if (method === 'GET') {
      this.#connection.write(head);
      return;
    }
    const half = pauseMs > 0 ? body.length >> 1 : body.length;
    this.#connection.write(Buffer.concat([head, latin1Bytes(body.slice(0, half))]));
    if (half === body.length) return;
    this.#parts.clock.after(pauseMs, () => {
      this.#connection.write(latin1Bytes(body.slice(half)));
    });
  }
}

function outcomeOf(head: ResponseHead, isOwn: boolean): Outcome {
  if (head.status === 200) return isOwn ? 'answered' : 'foreign';
  const executed = headerOf(head.headers, 'foreshift-executed');
  if (executed === 'no') return 'not-executed';
  return executed === 'unknown' ? 'unknown' : 'wordless';
}

function headOf({ id, method, resource, workMs, body }: RequestPlan): string {
  return requestHeadText({
    method,
    path: `/${resource}/${id}`,
    query: '',
    host: 'service',
    headers: headerList({ 'x-id': id, 'x-work-ms': String(workMs) }),
    framing: method === 'GET' ? NO_BODY : ofLength(body.length),
    connection: 'persistent',
  });
}

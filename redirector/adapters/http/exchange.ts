import { strict as assert } from 'node:assert';
import { EXECUTED_HEADER, OWNER_HEADER } from '../../../core/agent-protocol.js';
import { HttpFault } from '../../../core/net/http/fault.js';
import type { HeaderList } from '../../../core/net/http/header-list.js';
import { headerOf } from '../../../core/net/http/header-list.js';
import type { RequestHead } from '../../../core/net/http/request-head.js';
import type { ResponseHead } from '../../../core/net/http/response-head.js';
import type { CloseReason } from '../../../core/net/port.js';
import type { AccessEnd } from '../../access-log/access.js';
import type { EntryRefusal, EntryUser } from '../entry.js';
import { Entry } from '../entry.js';
import type { UnderWay } from '../under-way.js';
import { Answer } from './answer.js';
import type { HttpContext } from './context.js';
import type { HttpOptions } from './options.js';
import type { AnswerTaker } from './own-answer.js';
import { answerInPlace } from './own-answer.js';
import type { Refusal, RefusalName } from './refusals.js';
import { REFUSALS, answerTo } from './refusals.js';
import { RequestBody } from './request-body.js';
import { nameField } from './request-ids.js';
import { continueBytes, requestHeadBytes } from './request-relay.js';
import type { Resend } from './resend.js';
import { RESENDS_MAX, resendOf } from './resend.js';
import type { Upstream, UpstreamUser } from './upstream.js';
import type { PoolWaiter, UpstreamPool } from './upstream-pool.js';

/** Of an agent's refusal, which nobody sees. */
const REFUSAL_BYTES_MAX = 64 << 10;

/** The client's side of an exchange. */
export interface ExchangeClient extends AnswerTaker {
  /** For `X-Forwarded-For`. */
  readonly host: string;
  readonly scheme: 'http' | 'https';
  /** False: full, wait for `clientDrained`. */
  write(bytes: Uint8Array): boolean;
  cork(): void;
  uncork(): void;
  pauseBody(): void;
  resumeBody(): void;
  /** More of what came with the head follows at once, and then `readEnded`. */
  readonly isReading: boolean;
  /** `overdue` is called after that time, unless it is set anew; Infinity: not at all. */
  expireIn(ms: number): void;
  /** The answer is complete; `mayStay`: the connection can take another request. */
  finished(mayStay: boolean): void;
  /** The answer cannot be completed. @param isShown the client sees that by its framing: what has gone out may arrive first */
  abort(isShown: boolean): void;
  /** From now on raw bytes both ways. */
  becomeTunnel(): void;
  endTunnel(): void;
}

/**
 *   entry ⇄ queue → request → answer → relay → over        entry: at the gate, or waiting to try again
 *     ↑        ↓       ↓        ↓  └→ tunnel → over         queue: for a connection to the server
 *     └────────┴───────┴────────┘                           back: what was surely not executed, or may run twice
 */
type Phase = 'entry' | 'queue' | 'request' | 'answer' | 'relay' | 'tunnel' | 'over';

/** One request on its way through the redirector, to the one answer that its client gets. */
export class Exchange implements EntryUser, PoolWaiter, UpstreamUser, UnderWay {
  readonly #context: HttpContext;
  readonly #client: ExchangeClient;
  readonly #head: RequestHead;
  /** Of the resource. */
  readonly #at: number;
  /** Undefined: requests have no names. */
  readonly #id: string | undefined;
  readonly #startedAtMs: number;
  #phase: Phase = 'entry';
  readonly #entry: Entry;
  #pool: UpstreamPool | undefined;
  #upstream: Upstream | undefined;
  /** Until the client's bytes are read. */
  #corked: Upstream | undefined;
  #sends = 0;
  /** When the server had all that it needs to answer, or of a body that goes on, its beginning (monotonic). */
  #sentAtMs = 0;
  #resends = 0;
  /** From the client. */
  #bytesIn = 0;
  readonly #requestBody: RequestBody;
  readonly #answer: Answer;
  /** The agent refused: what it says of the resource's owner. Its answer is not for the client. */
  #refusedBy: string | undefined;
  #refusalBytes = 0;

  constructor(
    context: HttpContext,
    client: ExchangeClient,
    {
      head,
      at,
      id,
    }: { readonly head: RequestHead; readonly at: number; readonly id: string | undefined },
  ) {
    this.#context = context;
    this.#client = client;
    this.#head = head;
    this.#at = at;
    this.#id = id;
    this.#startedAtMs = context.clock.monotonicMs();
    this.#entry = new Entry(context, { user: this, work: this, at });
    this.#requestBody = new RequestBody(head.framing);
    this.#answer = new Answer(head, client, context.counters);
  }

  /* ---- from the client ---- */

  begin(): void {
    this.#toGate();
    this.#entry.enter();
  }

  bodyData(bytes: Uint8Array): void {
    if (this.#phase === 'over') return;
    this.#bytesIn += bytes.length;
    const { resendBytesMax } = this.#context.options;
    if (this.#upstream === undefined) {
      this.#requestBody.keep(bytes);
      // Before it was sent at all it must be kept.
      if (this.keptBytes >= resendBytesMax) this.#client.pauseBody();
      return;
    }
    this.#requestBody.keepUpTo(resendBytesMax, bytes);
    if (this.#context.gate.isLeaseOver(this.#at)) {
      this.cut();
      return;
    }
    this.#touch();
    if (!this.#requestBody.write(bytes, this.#upstream)) this.#client.pauseBody();
  }

  bodyEnd(trailers: HeaderList): void {
    if (this.#phase === 'over' || this.#requestBody.isRead) return;
    this.#requestBody.end(trailers, this.#upstream);
    if (this.#upstream !== undefined) this.#requestSent();
  }

  readEnded(): void {
    this.#corked?.uncork();
    this.#corked = undefined;
  }

  clientDrained(): void {
    if (this.#phase === 'relay' || this.#phase === 'tunnel') this.#touch();
    this.#upstream?.resume();
  }

  /** The client sent something that is not HTTP in the middle of its body. */
  clientFault(fault: HttpFault): void {
    if (this.#phase === 'over') return;
    const hasAnswer = this.#phase === 'relay';
    this.#end();
    this.#context.counters.faultNamed(fault.name);
    if (hasAnswer) {
      this.#log('cut', fault.name);
      this.#client.abort(this.#answer.showsItsEnd);
    } else this.#answerInPlace({ ...answerTo(fault), executed: 'unknown' });
  }

  clientGone(): void {
    if (this.#phase === 'over') return;
    this.#context.counters.clientsGone += 1;
    this.#end();
    this.#log('gone');
  }

  tunnelFromClient(bytes: Uint8Array): void {
    if (this.#context.gate.isLeaseOver(this.#at)) {
      this.cut();
      return;
    }
    this.#bytesIn += bytes.length;
    this.#touch();
    if (this.#upstream?.write(bytes) === false) this.#client.pauseBody();
  }

  clientTunnelEnded(): void {
    this.#upstream?.endTunnel();
  }

  /* ---- from a move ---- */

  get description(): string {
    if (this.#phase === 'tunnel') return 'an open WebSocket';
    return this.#requestBody.isRead
      ? `a ${this.#head.method} without its whole answer`
      : 'an open upload';
  }

  get ageMs(): number {
    return this.#context.clock.monotonicMs() - this.#startedAtMs;
  }

  cut(): void {
    if (this.#phase === 'queue') {
      this.#pool?.cancel(this);
      this.#enterAgain();
      return;
    }
    const upstream = this.#upstream;
    if (upstream === undefined) return;
    upstream.abandon();
    this.upstreamLost('destroyed');
  }

  pin(): void {
    if (this.#phase === 'queue') this.cut();
    else this.#entry.withdraw();
  }

  /* ---- from the gate ---- */

  get keptBytes(): number {
    return this.#requestBody.keptBytes;
  }

  entered(server: number): void {
    this.#phase = 'queue';
    this.#touch();
    this.#pool = this.#context.poolOf(server);
    if (this.#pool === undefined) this.notConnected('unreachable');
    else if (this.#needsFresh) this.#pool.acquireFresh(this);
    else this.#pool.acquire(this);
  }

  refused(name: EntryRefusal): void {
    this.#refuse(name);
  }

  /* ---- from the pool ---- */

  connected(upstream: Upstream): void {
    if (this.#phase !== 'queue' || !this.#entry.isAsEntered) {
      this.#pool?.release(upstream);
      if (this.#phase === 'queue') this.#enterAgain();
      return;
    }
    this.#phase = 'request';
    this.#upstream = upstream;
    this.#sends += 1;
    if (this.#sends === 1) this.#context.retries.sent(this.#entry.server);
    this.#touch();
    this.#send(upstream);
  }

  notConnected(why: CloseReason | 'full'): void {
    if (this.#phase !== 'queue') return;
    this.#toGate();
    if (why !== 'full') {
      this.#entry.notConnected();
      return;
    }
    this.#entry.withdraw();
    this.#refuse('serverFull');
  }

  /* ---- from the server ---- */

  cork(): void {
    this.#client.cork();
  }

  uncork(): void {
    this.#client.uncork();
  }

  answerHead(head: ResponseHead): void {
    this.#touch();
    if (head.status === 101) {
      this.#beginTunnel(head);
    } else if (head.status < 200) {
      this.#answer.interim(head);
    } else if (this.#agentSays(head) === 'no') {
      this.#refusedBy = headerOf(head.headers, OWNER_HEADER) ?? 'in-transit';
    } else if (this.#agentSays(head) === 'unknown') {
      this.#upstream?.abandon();
      this.upstreamLost('reset');
    } else {
      this.#relay(head);
    }
  }

  answerData(bytes: Uint8Array): void {
    if (this.#refusedBy !== undefined) {
      this.#refusalBytes += bytes.length;
      if (this.#refusalBytes > REFUSAL_BYTES_MAX) this.cut();
      return;
    }
    this.#touch();
    if (!this.#answer.write(bytes)) this.#upstream?.pause();
  }

  answerEnd(trailers: HeaderList): void {
    const upstream = this.#upstream;
    this.#upstream = undefined;
    const isClean = this.#requestBody.isRead && !this.#needsFresh;
    if (upstream !== undefined) {
      if (isClean) this.#pool?.release(upstream);
      else upstream.destroy();
    }
    if (this.#refusedBy !== undefined) {
      this.#afterRefusal(this.#refusedBy);
      return;
    }
    this.#answer.end(trailers);
    this.#end();
    this.#log('whole');
    this.#client.finished(this.#answer.mayStay && this.#requestBody.isRead);
  }

  tunnelData(bytes: Uint8Array): void {
    this.#touch();
    if (!this.#answer.writeToTunnel(bytes)) this.#upstream?.pause();
  }

  tunnelEnded(): void {
    this.#client.endTunnel();
  }

  upstreamDrained(): void {
    this.#client.resumeBody();
  }

  upstreamLost(why: HttpFault | CloseReason | 'timeout'): void {
    this.#upstream = undefined;
    if (this.#phase === 'over') return;
    if (this.#phase === 'relay' || this.#phase === 'tunnel') {
      this.#context.counters.cut += 1;
      this.#end();
      this.#log('cut');
      this.#client.abort(this.#answer.showsItsEnd);
    } else if (this.#refusedBy !== undefined) {
      this.#afterRefusal(this.#refusedBy);
    } else {
      // What was cut here is no fault of the server.
      if (why !== 'destroyed') this.#context.work.failed(this.#entry.server);
      this.#afterLoss(lossOf(why));
    }
  }

  /** A phase took too long. */
  overdue(): void {
    if (this.#phase === 'queue') {
      this.#refuse('serverFull');
    } else if (this.#phase === 'request') {
      this.#refuse('requestLate');
    } else if (this.#upstream !== undefined) {
      this.#upstream.abandon();
      this.upstreamLost('timeout');
    }
  }

  /* ---- the way ---- */

  /** Nothing was sent: from the gate on anew. */
  #enterAgain(): void {
    this.#toGate();
    this.#entry.enterAgain();
  }

  /** It is for the gate to say when it goes on. */
  #toGate(): void {
    this.#phase = 'entry';
    this.#client.expireIn(Infinity);
  }

  get #needsFresh(): boolean {
    return this.#head.isWebSocket || this.#head.hasUnusualBody;
  }

  #send(upstream: Upstream): void {
    const { method, expectsContinue } = this.#head;
    upstream.cork();
    upstream.send(this, method, this.#requestHead());
    const body = this.#requestBody;
    if (!body.isRead) this.#sentAtMs = this.#context.clock.monotonicMs();
    const hasRoom = body.begin(upstream);
    if (body.isRead) this.#requestSent();
    // A head and the beginning of its body that came together go on together.
    if (!body.isRead && this.#client.isReading) this.#corked = upstream;
    else upstream.uncork();
    body.keepAtMost(this.#context.options.resendBytesMax);
    if (body.isRead) return;
    if (expectsContinue && this.#sends === 1) {
      this.#client.write(continueBytes());
    }
    if (hasRoom) this.#client.resumeBody();
  }

  #requestHead(): Uint8Array {
    const { gate, hasFence, options } = this.#context;
    return requestHeadBytes(this.#head, {
      host: this.#client.host,
      scheme: this.#client.scheme,
      mode: options.forwarded,
      standard: options.forwardedStandard,
      fence: hasFence(this.#entry.server)
        ? { resource: gate.resourceId(this.#at), since: this.#entry.since }
        : undefined,
      named: nameField(this.#id, options),
    });
  }

  #requestSent(): void {
    if (this.#phase === 'request') this.#phase = 'answer';
    this.#sentAtMs = this.#context.clock.monotonicMs();
    this.#touch();
  }

  #relay(head: ResponseHead): void {
    this.#phase = 'relay';
    this.#answered(head.status);
    const upstream = this.#upstream;
    assert.ok(upstream !== undefined, 'an answer comes from somewhere');
    this.#answer.begin(head, upstream, this.#requestBody.isRead);
  }

  /** As whoever watches servers sees it. */
  #answered(status: number): void {
    const { clock, work } = this.#context;
    work.answered(this.#entry.server, status, clock.monotonicMs() - this.#sentAtMs);
  }

  #beginTunnel(head: ResponseHead): void {
    const upstream = this.#upstream;
    if (!head.isWebSocket || !this.#head.isWebSocket || upstream === undefined) {
      upstream?.abandon();
      this.#upstream = undefined;
      this.#refuse('answerInvalid');
      return;
    }
    this.#phase = 'tunnel';
    this.#touch();
    this.#answered(101);
    upstream.becomeTunnel();
    this.#answer.beginTunnel(head);
    this.#client.becomeTunnel();
  }

  /** Whether the request was carried out, where the agent answers in place of its server. */
  #agentSays({ status, headers }: ResponseHead): string | undefined {
    if (status !== 421 && status !== 502 && status !== 503) return undefined;
    return this.#context.hasFence(this.#entry.server)
      ? headerOf(headers, EXECUTED_HEADER)
      : undefined;
  }

  #afterRefusal(owner: string): void {
    const { gate, counters, misdirected, work } = this.#context;
    this.#refusedBy = undefined;
    this.#refusalBytes = 0;
    counters.misdirected += 1;
    this.#entry.withdraw();
    if (gate.isShared(this.#at)) {
      // Its agent was not told that it is: others were.
      work.failed(this.#entry.server);
      this.#entry.avoidServer();
    } else {
      misdirected(this.#at, owner, this.#entry.server);
    }
    if (!this.#requestBody.isKept || this.#entry.isOverdue) {
      this.#refuse('misdirected');
    } else {
      this.#toGate();
      this.#entry.enterSoon();
    }
  }

  /** Sent, and no answer came: again only if that can do no harm. */
  #afterLoss(loss: RefusalName): void {
    const { method, isWebSocket } = this.#head;
    const { gate, hasFence, retries } = this.#context;
    const { server } = this.#entry;
    const isSpent = !this.#requestBody.isKept || this.#resends >= RESENDS_MAX;
    // What is shared has no other owner that it could be sent to.
    const resend = resendOf(method, hasFence(server) && !gate.isShared(this.#at));
    if (isSpent || isWebSocket || resend === 'nowhere' || loss === 'answerLate') {
      this.#refuse(loss);
    } else if (!retries.take(server)) {
      this.#refuse('retriesSpent');
    } else {
      this.#sendAgain(resend, loss);
    }
  }

  #sendAgain(where: Exclude<Resend, 'nowhere'>, loss: RefusalName): void {
    const { clock, counters, options } = this.#context;
    counters.retries += 1;
    this.#resends += 1;
    this.#entry.avoidServer();
    this.#entry.withdraw();
    this.#toGate();
    if (where === 'anywhere') {
      this.#entry.enterSoon();
      return;
    }
    // None in time: the answer stays unknown.
    this.#entry.enterOnceMoved(clock.monotonicMs() + options.resendForMs, () => {
      this.#refuse(loss);
    });
  }

  #refuse(name: keyof typeof REFUSALS): void {
    const refusal: Refusal = REFUSALS[name];
    this.#context.counters.refusedFor(name);
    this.#end();
    // What was sent once and lost may have run, whatever became of the second try.
    const executed = this.#resends > 0 ? 'unknown' : refusal.executed;
    this.#answerInPlace({ ...refusal, executed });
  }

  #answerInPlace(refusal: Refusal): void {
    const refused = { head: this.#head, id: this.#id, isRead: this.#requestBody.isRead };
    const mayStay = answerInPlace(refusal, refused, this.#client, this.#context);
    this.#log('refused', refusal.code, refusal.status);
    this.#client.finished(mayStay);
  }

  /** What became of it, once. */
  #log(end: AccessEnd, reason?: string, status = this.#answer.status): void {
    const { accessLog, gate } = this.#context;
    const isWell = status < 500 && end !== 'cut';
    if (accessLog?.wants(isWell) !== true) return;
    accessLog.http({
      client: this.#client.host,
      scheme: this.#client.scheme,
      end,
      reason,
      id: this.#id,
      request: this.#head,
      status,
      resource: gate.resourceId(this.#at),
      server: this.#entry.server < 0 ? undefined : gate.serverId(this.#entry.server),
      bytesIn: this.#bytesIn,
      bytesOut: this.#answer.bytes,
      ms: this.ageMs,
    });
  }

  /** Over, whatever comes: nothing of it stays anywhere. */
  #end(): void {
    if (this.#phase === 'queue') this.#pool?.cancel(this);
    this.#phase = 'over';
    this.#entry.stopWaiting();
    this.#upstream?.abandon();
    this.#upstream = undefined;
    this.#requestBody.forget();
    if (this.#sends > 0) this.#entry.leave(this.#bytesIn + this.#answer.bytes);
    else this.#entry.withdraw();
  }

  /** Something moved: the deadline of the phase begins anew. */
  #touch(): void {
    this.#client.expireIn(timeoutOf(this.#phase, this.#context.options));
  }
}

function timeoutOf(phase: Phase, options: HttpOptions): number {
  switch (phase) {
    case 'queue':
      return options.serverQueueTimeoutMs;
    case 'answer':
      return options.answerTimeoutMs;
    case 'request':
    case 'relay':
      return options.stallTimeoutMs;
    case 'tunnel':
      return options.tunnelIdleTimeoutMs;
    case 'entry':
    case 'over':
      return Infinity;
  }
}

function lossOf(why: HttpFault | CloseReason | 'timeout'): RefusalName {
  if (why === 'timeout') return 'answerLate';
  return why instanceof HttpFault ? 'answerInvalid' : 'answerLost';
}

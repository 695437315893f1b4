import type { Block } from '../../../core/net/block.js';
import type { EntryRefusal, EntryUser } from '../entry.js';
import { Entry } from '../entry.js';
import type { UnderWay } from '../under-way.js';
import type { Asked } from './asked.js';
import { CallMessage } from './call-message.js';
import type { Caller } from './caller.js';
import type { NfsContext } from './context.js';
import type { NfsRefusal } from './counters.js';
import type { ServedExport } from './exports.js';
import type { FileEntry } from './file-entry.js';
import { isDone } from './done-before.js';
import { Outcomes, lookedFor } from './outcomes.js';
import { ACCES, BADHANDLE, JUKEBOX, OK, ROFS, SERVERFAULT, STALE, XDEV } from './procedures.js';
import type { Reply } from './reply.js';
import { ownReply, replyOf } from './reply.js';
import type { RecentCall } from './recent-calls.js';
import type { RpcRecord } from '../../../core/onc-rpc/record.js';
import { keptOf, marked } from '../../../core/onc-rpc/record.js';
import type { CallHead } from '../../../core/onc-rpc/message.js';
import { GARBAGE_ARGS, PROC_UNAVAIL, acceptedReply } from '../../../core/onc-rpc/message.js';
import type { Awaiting, RpcCalls, Said } from '../../../core/onc-rpc/calls.js';

/**
 * One call of NFS, from its coming to its answer, which is one. It enters the gate of its resource; the server's handles of what
 * it names are looked for, if this is the first that the server hears of it; what it says is sent, and said again to whoever
 * serves the resource then, if the answer is lost.
 *
 *   gate ⇄ finding → sent → over        gate: it waits there, or for another try
 *     ↖──────────────┘
 */
type State = 'gate' | 'finding' | 'sent' | 'over';

export class Call implements UnderWay, EntryUser, Awaiting {
  readonly #context: NfsContext;
  #caller: Caller;
  readonly #message: CallMessage;
  readonly #startedAtMs: number;
  readonly #onOver: () => void;
  #state: State = 'gate';
  #entry: Entry | undefined;
  #export: ServedExport | undefined;
  /** Ever entered. */
  #tries = 0;
  #xid = -1;
  #server: RpcCalls | undefined;
  #sentAtMs = 0;
  #writtenUntil = 0;
  /** A server may have done it. */
  #mayBeDone = false;
  /** What is known of what it names, from before the first server heard of it. */
  #outcomes: Outcomes | undefined;
  /** What must not be done twice is remembered for a while. */
  #recent: RecentCall | undefined;
  #isPinned = false;
  #isFoundAnew = false;

  constructor(of: {
    readonly context: NfsContext;
    readonly caller: Caller;
    readonly head: CallHead;
    readonly record: RpcRecord;
    readonly onOver: () => void;
  }) {
    this.#context = of.context;
    this.#caller = of.caller;
    this.#message = new CallMessage(of.head, of.record);
    this.#onOver = of.onOver;
    this.#startedAtMs = of.context.clock.monotonicMs();
  }

  get description(): string {
    return `an NFS ${this.#message.procedure.name} under way`;
  }

  get ageMs(): number {
    return this.#context.clock.monotonicMs() - this.#startedAtMs;
  }

  get keptBytes(): number {
    return this.#message.length;
  }

  /** Whoever asks twice gets the same twice. */
  get #isRepeatable(): boolean {
    return this.#message.procedure.again === 'same';
  }

  begin(): void {
    const { head, isKnown } = this.#message;
    if (!isKnown) {
      this.#say('program', acceptedReply(head.xid, PROC_UNAVAIL).done());
      return;
    }
    const unread = this.#message.read(this.#context);
    if (unread === 'garbage') {
      this.#say('garbage', acceptedReply(head.xid, GARBAGE_ARGS).done());
      return;
    }
    if (unread !== undefined) {
      this.#fetch(unread);
      return;
    }
    const [first, second] = this.#message.entries;
    if (first === undefined) {
      // NULL: nobody has to be asked.
      this.#end([marked(acceptedReply(head.xid).done())]);
      return;
    }
    if (second !== undefined && second.resource !== first.resource) {
      this.#refuse('crossResource', XDEV);
      return;
    }
    this.#enter(first);
  }

  /** Its answer is for somebody else from now on. */
  adopt(caller: Caller): void {
    this.#caller = caller;
  }

  /** The client has gone. What was not sent need not be; what was sent runs on. */
  forsaken(by: Caller): void {
    // What may have been done already is looked into all the same: the client asks again, or has done so.
    if (this.#state !== 'gate' || this.#mayBeDone || this.#caller !== by) return;
    if (this.#recent !== undefined)
      this.#context.recentCalls.forget(this.#caller.host, this.#message.head);
    this.#entry?.stopWaiting();
    this.#over();
  }

  /** A handle that this redirector does not know: another may have issued it. */
  #fetch(handle: Uint8Array): void {
    const { table } = this.#context;
    if (!table.isOwn(handle)) {
      this.#refuse('badHandle', BADHANDLE);
      return;
    }
    table.fetch(handle).then(
      (entry) => {
        if (this.#state === 'over') return;
        if (entry === undefined) this.#refuse('staleHandle', STALE);
        else this.begin();
      },
      () => {
        this.#refuse('storeAway', JUKEBOX);
      },
    );
  }

  #enter(entry: FileEntry): void {
    const context = this.#context;
    const served = context.exports.of(entry.resource);
    const at = context.gate.indexOf(entry.resource);
    if (served === undefined || at < 0) {
      this.#refuse('staleHandle', STALE);
      return;
    }
    if (!context.mayUse(served, this.#caller.host)) {
      this.#refuse('access', ACCES);
      return;
    }
    if (served.isReadOnly && this.#message.procedure.changes) {
      this.#refuse('readOnly', ROFS);
      return;
    }
    this.#export = served;
    if (!this.#isRepeatable && this.#isKnown()) return;
    this.#entry = new Entry(context, { user: this, work: this, at });
    this.#entry.enter();
  }

  /** True: it is a call that is under way, or answered, already. */
  #isKnown(): boolean {
    const { recentCalls, counters } = this.#context;
    const { host } = this.#caller;
    const { head, front } = this.#message;
    const known = recentCalls.find(host, head, front);
    if (known?.reply !== undefined) {
      counters.answeredAgain += 1;
      this.#end(known.reply);
      return true;
    }
    if (known !== undefined && known.doubt === undefined) {
      // Its answer goes to whoever asked last: who asked before is not there any more, or has to wait only once.
      known.call.adopt(this.#caller);
      this.#over();
      return true;
    }
    this.#outcomes = known?.doubt;
    this.#mayBeDone = known !== undefined;
    this.#recent = recentCalls.note(host, head, { call: this, message: front });
    return false;
  }

  /* ---- from the gate ---- */

  entered(server: number): void {
    this.#tries += 1;
    const calls = this.#context.servers.to(server);
    if (calls === undefined) this.#notConnected();
    else this.#send(calls, server);
  }

  refused(name: EntryRefusal): void {
    if (this.#mayBeDone && !this.#isRepeatable) {
      this.#context.counters.refusedFor(name);
      if (this.#recent !== undefined) this.#recent.doubt = this.#outcomes;
      this.#over();
      this.#caller.unanswered();
    } else {
      this.#refuse(name, JUKEBOX);
    }
  }

  /* ---- from a move ---- */

  cut(): void {
    if (this.#state === 'sent') this.#takeBack();
    else if (this.#state === 'finding') this.#again();
  }

  pin(): void {
    if (this.#state !== 'sent') {
      this.cut();
      return;
    }
    this.#isPinned = true;
    this.#entry?.leave(0);
  }

  /* ---- to the server ---- */

  /** Its handles of what is named: this is the first that it hears of one. */
  async #find(server: number): Promise<void> {
    const { resolver } = this.#context;
    const entry = this.#entry;
    const tries = this.#tries;
    for (const file of this.#message.entries) {
      const status = await resolver.resolve(file, server);
      // Cut meanwhile, and on its way somewhere else.
      if (this.#state !== 'finding' || entry === undefined || this.#tries !== tries) return;
      if (status === 'lost') {
        this.#notConnected();
        return;
      }
      if (status !== OK) {
        entry.withdraw();
        this.#refuse(status === STALE ? 'staleHandle' : 'access', status);
        return;
      }
    }
    const calls = this.#context.servers.to(server);
    if (entry?.isAsEntered !== true) this.#again();
    else if (calls === undefined) this.#notConnected();
    else this.#send(calls, server);
  }

  #send(calls: RpcCalls, server: number): void {
    const context = this.#context;
    const handles = this.#message.handlesAt(server);
    if (handles === undefined) {
      // New to it; or another call has found meanwhile that it says something else by now.
      this.#state = 'finding';
      void this.#find(server);
      return;
    }
    this.#state = 'sent';
    this.#server = calls;
    this.#sentAtMs = context.clock.monotonicMs();
    this.#writtenUntil = context.stability.now();
    if (!this.#isRepeatable) this.#outcomes ??= new Outcomes(this.#message);
    if (this.#mayBeDone) context.counters.repeated += 1;
    this.#xid = calls.send((xid) => this.#said(xid, handles), this);
  }

  /** Undefined: it may not be sent any more, once there is a connection. */
  #said(xid: number, handles: readonly Uint8Array[]): Said | undefined {
    const entry = this.#entry;
    const served = this.#export;
    if (this.#state !== 'sent') return undefined;
    if (entry?.isAsEntered !== true || served === undefined) return undefined;
    return this.#message.sayTo({ xid, handles, export: served, isShared: entry.isShared });
  }

  replied(came: RpcRecord): void {
    const context = this.#context;
    const entry = this.#entry;
    const { head, procedure, entries, names, length } = this.#message;
    const [first] = entries;
    const served = this.#export;
    if (entry === undefined || first === undefined || served === undefined) return;
    // What is passed on within this call need not be kept.
    const record = procedure.issues || !this.#isRepeatable ? keptOf(came) : came;
    context.work.answered(entry.server, 0, context.clock.monotonicMs() - this.#sentAtMs);
    // Field by field: an object that is put together of others takes V8 a hundred times as long, microseconds.
    const asked: Asked = {
      xid: head.xid,
      procedure,
      number: head.procedure,
      server: entry.server,
      export: served,
      entry: first,
      name: names[0] ?? '',
      writtenUntil: this.#writtenUntil,
    };
    const reply = replyOf(context, asked, record, true);
    if (reply === undefined) {
      entry.leave(length + record.length);
      this.#refuse('serverGarbage', SERVERFAULT);
      return;
    }
    if (reply.status === STALE && this.#findAnew(entry)) return;
    context.counters.answeredTo(procedure.name);
    if (this.#isPinned && this.#message.writes) context.stability.lost(asked.entry.resource);
    if (this.#outcomes === undefined) lookedFor(context.table, asked, reply.status);
    else if (this.#mayBeDone && reply.status !== OK) {
      void this.#finishDoubtful(asked, reply, this.#outcomes);
      return;
    }
    const changed = this.#outcomes?.apply(context.table, asked, reply.status) ?? [];
    entry.leave(length + record.length);
    if (reply.issued.length > 0 || changed.length > 0) {
      void this.#finishKept(asked, { record, reply, changed });
      return;
    }
    this.#end(reply.pieces, record.block);
    // What is remembered stays.
    if (this.#recent === undefined) record.block?.leave();
  }

  lost(wasSent: boolean): void {
    // What it says has been released.
    if (this.#state === 'over') return;
    this.#mayBeDone ||= wasSent;
    this.#notConnected();
  }

  /** Perhaps the server was set up anew, and calls what it had otherwise: once each call. */
  #findAnew(entry: Entry): boolean {
    if (this.#isFoundAnew || this.#isPinned) return false;
    this.#isFoundAnew = true;
    for (const file of this.#message.entries) file.setHandle(entry.server, undefined);
    this.#again();
    return true;
  }

  /** The client hears of it once the store has what it may ask for next. */
  async #finishKept(
    asked: Asked,
    of: {
      readonly record: RpcRecord;
      readonly reply: Reply;
      readonly changed: readonly FileEntry[];
    },
  ): Promise<void> {
    const { table } = this.#context;
    const { record, reply, changed } = of;
    if (await table.save([...reply.issued, ...changed])) {
      this.#end(reply.pieces);
      return;
    }
    const without = replyOf(this.#context, asked, record, false);
    if (without === undefined) this.#refuse('storeAway', JUKEBOX);
    else this.#end(without.pieces);
  }

  /** Refused when it was sent again: the first may have been carried out. It stays in the gate until that is known. */
  async #finishDoubtful(asked: Asked, reply: Reply, outcomes: Outcomes): Promise<void> {
    const { table, counters } = this.#context;
    const hasBeen = await isDone(this.#context, asked, reply.status, outcomes);
    const changed = outcomes.apply(table, asked, hasBeen ? OK : reply.status);
    this.#entry?.leave(this.#message.length);
    if (!hasBeen) {
      this.#end(reply.pieces);
      return;
    }
    counters.confirmed += 1;
    await table.save(changed);
    this.#end([marked(ownReply(asked.xid, OK, asked.procedure))]);
  }

  /** From a server that may go on with it. */
  #takeBack(): void {
    this.#mayBeDone ||= this.#server?.forget(this.#xid) === true;
    this.#again();
  }

  #again(): void {
    this.#state = 'gate';
    this.#entry?.enterAgain();
  }

  #notConnected(): void {
    this.#state = 'gate';
    if (this.#isPinned) this.refused('unreachable');
    else this.#entry?.notConnected();
  }

  /* ---- ends ---- */

  #refuse(name: NfsRefusal, status: number): void {
    const { head, procedure } = this.#message;
    this.#say(name, ownReply(head.xid, status, procedure));
  }

  #say(name: NfsRefusal, message: Uint8Array): void {
    this.#context.counters.refusedFor(name);
    if (this.#recent !== undefined) {
      this.#context.recentCalls.forget(this.#caller.host, this.#message.head);
      this.#recent = undefined;
    }
    this.#end([marked(message)]);
  }

  #end(pieces: readonly Uint8Array[], block?: Block): void {
    if (this.#state === 'over') return;
    if (this.#recent !== undefined) this.#recent.reply = pieces;
    this.#over();
    this.#caller.reply(pieces, block);
  }

  #over(): void {
    this.#state = 'over';
    this.#message.release();
    this.#onOver();
  }
}

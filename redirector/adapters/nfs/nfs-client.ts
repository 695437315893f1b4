import type { Block } from '../../../core/net/block.js';
import { Deadline } from '../../../core/net/deadline.js';
import type { Connection } from '../../../core/net/port.js';
import type { FrontClient } from '../fronts.js';
import type { Caller } from './caller.js';
import { Call } from './call.js';
import type { NfsContext } from './context.js';
import type { NfsCut } from './counters.js';
import { MOUNT_PROGRAM, PORTMAP_PROGRAM } from '../../../core/onc-rpc/mount.js';
import { mountReply } from './mount-program.js';
import { Outbox } from '../../../core/net/outbox.js';
import { PassingMap } from '../../../core/passing-map.js';
import { portmapReply } from './portmap-program.js';
import { NFS_PROGRAM, NFS_VERSION } from './procedures.js';
import type { CallHead } from '../../../core/onc-rpc/message.js';
import {
  PROG_UNAVAIL,
  acceptedReply,
  readCallHead,
  versionMismatch,
} from '../../../core/onc-rpc/message.js';
import type { RpcRecord } from '../../../core/onc-rpc/record.js';
import { RecordReader, marked, wholeOf } from '../../../core/onc-rpc/record.js';

/**
 * One client's connection: its calls run side by side, each to whichever server its resource is on, and are answered as they
 * end. A client that has too many under way, or does not take its answers, is not read for a while.
 *
 *   open → finishing → over        finishing: nothing new is read; what is under way is answered
 *     └────────────────↗
 */
export class NfsClient implements FrontClient, Caller {
  readonly host: string;
  readonly #context: NfsContext;
  readonly #connection: Connection;
  readonly #outbox: Outbox;
  readonly #reader: RecordReader;
  readonly #deadline: Deadline;
  readonly #onClosed: () => void;
  /** By their number, in the order of their coming. */
  readonly #calls = new PassingMap<Call>();
  #number = 0;
  #callBytes = 0;
  #state: 'open' | 'finishing' | 'over' = 'open';
  #isPaused = false;
  /** It takes none of what is sent to it at the moment. */
  #isFull = false;

  constructor(of: {
    readonly connection: Connection;
    readonly context: NfsContext;
    readonly onClosed: () => void;
  }) {
    const { connection, context } = of;
    this.#connection = connection;
    this.#context = context;
    this.#onClosed = of.onClosed;
    this.#outbox = new Outbox(connection);
    this.#reader = new RecordReader({}, connection.messages);
    this.host = connection.remote.host;
    this.#deadline = new Deadline(context.clock, () => {
      this.#overdue();
    });
    this.#deadline.set(context.options.idleTimeoutMs);
    connection.handler = {
      borrows: true,
      readsInto: () => this.#reader.readsInto(),
      opened: () => undefined,
      data: (bytes) => {
        this.#data(bytes);
      },
      drained: () => {
        this.#isFull = false;
        this.#look();
      },
      ended: () => {
        this.finish();
      },
      closed: () => {
        this.#closed();
      },
    };
  }

  /* ---- as a client of the listener: one that is let go connects again, and asks anew what was not answered ---- */

  leave(): void {
    // It may go on for as long as the redirector does.
  }

  finish(): void {
    if (this.#state !== 'open') return;
    this.#state = 'finishing';
    this.#look();
    this.#endIfDone();
  }

  stop(): void {
    this.finish();
  }

  destroy(): void {
    this.#cut('stopping');
  }

  /* ---- as the caller of its calls ---- */

  reply(pieces: readonly Uint8Array[], block?: Block): void {
    if (this.#state === 'over') return;
    for (const { length } of pieces) this.#context.counters.bytesOut += length;
    if (!this.#outbox.write(pieces, block)) this.#isFull = true;
  }

  unanswered(): void {
    this.#connection.reset();
  }

  /** Whether it is read depends on what it has under way, and on what all have. */
  #look(): void {
    const { options, counters } = this.#context;
    // It is looked at again when one of its own ends: where there is none, it may have one.
    const isOverAll = counters.callBytes >= options.callBytesMax && this.#calls.size > 0;
    const isOver =
      this.#isFull ||
      isOverAll ||
      this.#calls.size >= options.callsPerConnectionMax ||
      this.#callBytes >= options.callBytesPerConnectionMax ||
      this.#state !== 'open';
    if (isOver === this.#isPaused) return;
    this.#isPaused = isOver;
    if (isOver) this.#connection.pause();
    else this.#connection.resume();
  }

  /* ---- calls ---- */

  #data(bytes: Uint8Array): void {
    // What came before it was paused; a client that is let go asks for it again.
    if (this.#state !== 'open') return;
    this.#deadline.set(this.#context.options.idleTimeoutMs);
    this.#context.counters.bytesIn += bytes.length;
    const isSound = this.#reader.read(bytes, this.#called);
    if (isSound) this.#look();
    else this.#cut('records');
  }

  readonly #called = (record: RpcRecord): void => {
    const head = readCallHead(record.front);
    if (head === 'garbage') {
      record.block?.leave();
      this.#context.counters.refusedFor('garbage');
      return;
    }
    if ('answer' in head) {
      this.#context.counters.refusedFor('authentication');
      this.reply([marked(head.answer)]);
      return;
    }
    switch (head.program) {
      case NFS_PROGRAM:
        if (head.version === NFS_VERSION) this.#begin(head, record);
        else this.#refuse(versionMismatch(head.xid, NFS_VERSION, NFS_VERSION));
        return;
      case MOUNT_PROGRAM:
        mountReply(this.#context, this.host, head, wholeOf(record)).then(
          (reply) => {
            this.reply([marked(reply)]);
          },
          // What fails there fails without an answer that would be true.
          () => {
            this.unanswered();
          },
        );
        return;
      case PORTMAP_PROGRAM:
        this.reply([marked(portmapReply(this.#context, head, wholeOf(record)))]);
        return;
      default:
        this.#refuse(acceptedReply(head.xid, PROG_UNAVAIL).done());
    }
  };

  #refuse(reply: Uint8Array): void {
    this.#context.counters.refusedFor('program');
    this.reply([marked(reply)]);
  }

  #begin(head: CallHead, record: RpcRecord): void {
    const { counters } = this.#context;
    const number = (this.#number = (this.#number + 1) >>> 0);
    const call = new Call({
      context: this.#context,
      caller: this,
      head,
      record,
      onOver: () => {
        this.#ended(number, record.length);
      },
    });
    this.#calls.set(number, call);
    this.#callBytes += record.length;
    counters.calls += 1;
    counters.callBytes += record.length;
    call.begin();
  }

  #ended(number: number, bytes: number): void {
    const { counters } = this.#context;
    this.#calls.delete(number);
    this.#callBytes -= bytes;
    counters.calls -= 1;
    counters.callBytes -= bytes;
    if (!this.#isPaused) return;
    // Its answer is written right after.
    queueMicrotask(() => {
      this.#look();
      this.#endIfDone();
    });
  }

  /* ---- ends ---- */

  #endIfDone(): void {
    if (this.#state !== 'finishing' || this.#calls.size > 0) return;
    // It sees that nothing more comes, and closes; one that does not is cut when it is overdue.
    this.#connection.end();
    this.#connection.resume();
    this.#deadline.set(LINGER_MS);
  }

  #overdue(): void {
    if (this.#calls.size > 0) this.#deadline.set(this.#context.options.idleTimeoutMs);
    else this.#cut('idle');
  }

  #cut(why: NfsCut): void {
    if (this.#state === 'over') return;
    this.#context.counters.cutFor(why);
    this.#state = 'over';
    this.#connection.reset();
  }

  #closed(): void {
    this.#state = 'over';
    this.#deadline.stop();
    this.#reader.stop();
    for (const call of this.#calls.values()) call.forsaken(this);
    this.#onClosed();
  }
}

/** For a client that was told that its connection ends. */
const LINGER_MS = 2000;

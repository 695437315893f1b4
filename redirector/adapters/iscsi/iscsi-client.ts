import { copyLun } from '../../../core/iscsi/lun.js';
import type { Pdu } from '../../../core/iscsi/pdu.js';
import {
  ASYNC_MESSAGE,
  AT,
  DATA_OUT,
  FINAL,
  HAS_STATUS,
  DATA_IN,
  LOGIN,
  LOGOUT,
  LOGOUT_RESPONSE,
  NOP_IN,
  NOP_OUT,
  NO_TAG,
  REJECT,
  SCSI_COMMAND,
  TASK_MANAGEMENT,
  TEXT,
  flagsOf,
  headOf,
  isImmediate,
  lengthOf,
  opcodeOf,
  piecesOf,
  taskTagOf,
} from '../../../core/iscsi/pdu.js';
import { PduReader } from '../../../core/iscsi/pdu-reader.js';
import type { Block } from '../../../core/net/block.js';
import { Deadline } from '../../../core/net/deadline.js';
import { Outbox } from '../../../core/net/outbox.js';
import type { Connection } from '../../../core/net/port.js';
import type { FrontClient } from '../fronts.js';
import { CommandWindow } from './command-window.js';
import type { ClientLeg, ClientUnits } from './client-leg.js';
import type { IscsiContext } from './context.js';
import type { IscsiCut } from './counters.js';
import { FrontLogin } from './front-login.js';
import type { LoggedIn } from './logged-in.js';
import type { RejectReason } from './reject.js';
import { NOT_SUPPORTED, PROTOCOL_ERROR } from './reject.js';
import { TextDialogue } from './text-dialogue.js';
import { clientUnits } from './unit-router.js';

/** A client that does not close after its last word is cut. */
const LINGER_MS = 2000;

/** Of an Async Message: please log out. */
const LOGOUT_REQUEST = 1;
const LOGOUT_WITHIN_S = 10;

/**
 * One client's connection, which is its session, too. It logs in; then it asks what targets there are, or has one, and all of its
 * commands go to whichever server has that. It stays as it is while the target moves.
 *
 *   login → open → finishing → over        finishing: new commands are not taken; what is under way ends
 *     └───────┴──────────────↗
 */
export class IscsiClient implements FrontClient, ClientLeg {
  readonly #context: IscsiContext;
  readonly #connection: Connection;
  readonly #outbox: Outbox;
  readonly #reader: PduReader;
  readonly #deadline: Deadline;
  readonly #login: FrontLogin;
  readonly #onClosed: () => void;
  #state: 'login' | 'open' | 'finishing' | 'over' = 'login';
  #window: CommandWindow | undefined;
  #text: TextDialogue | undefined;
  /** Of a session with a target. */
  #nexus: ClientUnits | undefined;
  /** It was asked whether it is there. */
  #isAsked = false;

  constructor(of: {
    readonly connection: Connection;
    readonly context: IscsiContext;
    readonly onClosed: () => void;
  }) {
    const { connection, context } = of;
    this.#connection = connection;
    this.#context = context;
    this.#onClosed = of.onClosed;
    this.#outbox = new Outbox(connection);
    // As much as any option says at the moment: a client is told that once.
    const { dataSegmentBytesMax } = context.options;
    this.#reader = new PduReader({ dataBytesMax: dataSegmentBytesMax }, connection.messages);
    this.#login = new FrontLogin(context, connection.remote.host);
    this.#deadline = new Deadline(context.clock, () => {
      this.#overdue();
    });
    this.#deadline.set(context.options.loginTimeoutMs);
    connection.handler = {
      borrows: true,
      readsInto: () => this.#reader.readsInto(),
      opened: () => undefined,
      data: (bytes) => {
        this.#data(bytes);
      },
      drained: () => {
        this.#nexus?.clientTakes(true);
      },
      ended: () => {
        this.#connection.end();
      },
      closed: () => {
        this.#closed();
      },
    };
  }

  /* ---- as a client of the listener ---- */

  leave(): void {
    // It may go on for as long as the redirector does.
  }

  /** It is asked to log in anew, wherever the address leads to by then. */
  finish(): void {
    if (this.#state !== 'open') return;
    this.#state = 'finishing';
    const head = headOf(ASYNC_MESSAGE);
    head[36] = LOGOUT_REQUEST;
    head.writeUInt16BE(LOGOUT_WITHIN_S, 42);
    this.send(head);
    this.#endIfDone();
  }

  stop(): void {
    if (this.#state === 'login') this.#cut('stopping');
    else this.finish();
  }

  destroy(): void {
    this.#cut('stopping');
  }

  /* ---- for its session ---- */

  send(head: Buffer, data: readonly Uint8Array[] = [], block?: Block): void {
    if (this.#state !== 'over') {
      const isDataOnly = (head[0]! & 0x3f) === DATA_IN && (head[AT.flags]! & HAS_STATUS) === 0;
      this.#stamp(head, !isDataOnly);
      this.#write(piecesOf(head, data), block);
    }
    block?.leave();
  }

  /** What asks the client for something has no status, and takes no number. */
  ask(head: Buffer): void {
    if (this.#state === 'over') return;
    this.#stamp(head, false);
    this.#write(piecesOf(head));
  }

  reject(pdu: Pdu, reason: RejectReason): void {
    this.#context.counters.refusedFor('rejected');
    const head = headOf(REJECT);
    head[AT.response] = reason;
    this.send(head, [pdu.head]);
  }

  /** It does what the protocol forbids: nothing that it says is understood any more. */
  breach(): void {
    this.#cut('protocol');
  }

  /** The same initiator port has logged in anew. */
  reinstated(): void {
    this.#cut('reinstated');
  }

  /** It is read while its server takes what it sends. */
  takes(isOpen: boolean): void {
    if (this.#state === 'over') return;
    if (isOpen) this.#connection.resume();
    else this.#connection.pause();
  }

  /** Nothing is under way any more. */
  idle(): void {
    this.#endIfDone();
  }

  /* ---- from the client ---- */

  #data(bytes: Uint8Array): void {
    if (this.#state === 'over') return;
    const { options, counters } = this.#context;
    if (this.#state !== 'login') this.#deadline.set(options.idleTimeoutMs);
    this.#isAsked = false;
    counters.bytesIn += bytes.length;
    const isSound = this.#reader.read(bytes, this.#found);
    if (!isSound) this.#cut('protocol');
  }

  readonly #found = (pdu: Pdu): void => {
    if (this.#state === 'login') this.#loginAsked(pdu);
    else if (this.#state !== 'over') this.#said(pdu);
  };

  #loginAsked(pdu: Pdu): void {
    if (opcodeOf(pdu) !== LOGIN) {
      this.#cut('protocol');
      return;
    }
    this.#window ??= new CommandWindow(pdu.head.readUInt32BE(AT.commandNumber));
    const { head, data, outcome } = this.#login.reply(pdu);
    this.send(head, [data]);
    if (outcome === 'goes on') return;
    if (outcome === 'refused') this.#endRefused();
    else this.#loggedIn(outcome);
  }

  #loggedIn(who: LoggedIn): void {
    const { options, counters } = this.#context;
    this.#state = 'open';
    counters.sessions += 1;
    this.#deadline.set(options.idleTimeoutMs);
    this.#text = new TextDialogue(this.#context, who, this.#connection);
    if (who.target === undefined) return;
    const { target } = who;
    const scope = this.#context.scopeOf(this.#connection.local.host);
    this.#nexus = clientUnits({ context: this.#context, client: this, who, target, scope });
  }

  #said(pdu: Pdu): void {
    const opcode = opcodeOf(pdu);
    switch (opcode) {
      case DATA_OUT:
        if (this.#nexus === undefined) this.breach();
        else this.#nexus.dataOut(pdu);
        return;
      case SCSI_COMMAND:
      case TASK_MANAGEMENT:
        if (this.#nexus === undefined) this.reject(pdu, NOT_SUPPORTED);
        else this.#inOrder(pdu);
        return;
      case NOP_OUT:
      case TEXT:
      case LOGOUT:
        this.#inOrder(pdu);
        return;
      case LOGIN:
        this.breach();
        return;
      default:
        this.reject(pdu, NOT_SUPPORTED);
    }
  }

  #inOrder(pdu: Pdu): void {
    if (isImmediate(pdu)) {
      this.#run(pdu);
      return;
    }
    const isTaken = this.#window?.take(
      pdu,
      () => this.#room,
      (due) => {
        this.#run(due);
      },
    );
    if (isTaken !== true) this.#context.counters.refusedFor('outOfWindow');
  }

  #run(pdu: Pdu): void {
    switch (opcodeOf(pdu)) {
      case SCSI_COMMAND:
        // One that comes too late is not answered: its initiator gives it again after the next login.
        if (this.#state === 'open') this.#nexus?.command(pdu);
        return;
      case TASK_MANAGEMENT:
        this.#nexus?.manage(pdu);
        return;
      case NOP_OUT:
        this.#nop(pdu);
        return;
      case TEXT:
        this.#texted(pdu);
        return;
      default:
        this.#logout(pdu);
    }
  }

  #nop(pdu: Pdu): void {
    const tag = taskTagOf(pdu);
    // The answer to what we have asked.
    if (tag === NO_TAG) return;
    const head = headOf(NOP_IN, FINAL, tag);
    copyLun(pdu.head, head);
    head.writeUInt32BE(NO_TAG, AT.transfer);
    this.send(head, pdu.data);
  }

  #texted(pdu: Pdu): void {
    const reply = this.#text?.reply(pdu);
    if (reply === undefined) this.reject(pdu, PROTOCOL_ERROR);
    else this.send(reply.head, [reply.data]);
  }

  #logout(pdu: Pdu): void {
    const CLOSE_CONNECTION = 1;
    const RECOVERY_NOT_SUPPORTED = 2;
    const head = headOf(LOGOUT_RESPONSE, FINAL, taskTagOf(pdu));
    const reason = flagsOf(pdu) & 0x7f;
    if (reason > CLOSE_CONNECTION) {
      head[AT.response] = RECOVERY_NOT_SUPPORTED;
      this.send(head);
      return;
    }
    this.send(head);
    this.#state = 'finishing';
    this.#nexus?.end();
    this.#endIfDone();
  }

  /* ---- to the client ---- */

  /** For commands that may come: those that are under way take their place. */
  get #room(): number {
    return Math.max(0, this.#context.options.commandsMax - (this.#nexus?.windowed ?? 0));
  }

  #stamp(head: Buffer, hasStatus: boolean): void {
    this.#window?.stamp(head, this.#room, hasStatus);
  }

  #write(pieces: readonly Uint8Array[], block?: Block): void {
    this.#context.counters.bytesOut += lengthOf(pieces);
    if (!this.#outbox.write(pieces, block)) this.#nexus?.clientTakes(false);
  }

  /* ---- ends ---- */

  #endRefused(): void {
    this.#context.counters.cutFor('loginRefused');
    this.#state = 'finishing';
    this.#end();
  }

  #endIfDone(): void {
    if (this.#state === 'finishing' && (this.#nexus?.isIdle ?? true)) this.#end();
  }

  /** It sees that nothing more comes, and closes. */
  #end(): void {
    this.#connection.end();
    this.#connection.resume();
    this.#deadline.set(LINGER_MS);
  }

  #overdue(): void {
    if (this.#state === 'login') {
      this.#cut('loginLate');
    } else if (this.#state === 'finishing' || this.#isAsked) {
      this.#cut('idle');
    } else {
      this.#isAsked = true;
      const head = headOf(NOP_IN);
      head.writeUInt32BE(1, AT.transfer);
      this.ask(head);
      this.#deadline.set(this.#context.options.idleTimeoutMs);
    }
  }

  #cut(why: IscsiCut): void {
    if (this.#state === 'over') return;
    this.#context.counters.cutFor(why);
    this.#state = 'over';
    this.#nexus?.end();
    this.#connection.reset();
  }

  #closed(): void {
    this.#state = 'over';
    this.#deadline.stop();
    this.#reader.stop();
    this.#nexus?.end();
    this.#onClosed();
  }
}

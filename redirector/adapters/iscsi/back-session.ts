import type { Address } from '../../../core/domain.js';
import { copyLun } from '../../../core/iscsi/lun.js';
import type { Pdu } from '../../../core/iscsi/pdu.js';
import {
  ASYNC_MESSAGE,
  AT,
  DATA_IN,
  FINAL,
  HAS_STATUS,
  LOGIN_RESPONSE,
  LOGOUT,
  NOP_IN,
  NOP_OUT,
  NOTHING,
  NO_TAG,
  READY_TO_TRANSFER,
  REJECT,
  flagsOf,
  freeTag,
  headOf,
  opcodeOf,
  piecesOf,
  taskTagOf,
  wholeOf,
} from '../../../core/iscsi/pdu.js';
import { PduReader } from '../../../core/iscsi/pdu-reader.js';
import type { Block } from '../../../core/net/block.js';
import { Deadline } from '../../../core/net/deadline.js';
import { Outbox } from '../../../core/net/outbox.js';
import type { Connection } from '../../../core/net/port.js';
import { PassingMap } from '../../../core/passing-map.js';
import { ownConnection } from '../servers.js';
import { BackLogin } from './back-login.js';
import type { BackTask } from './back-task.js';
import type { IscsiContext } from './context.js';
import type { Lacking } from './hold.js';
import type { InitiatorPort } from './initiator-port.js';
import type { Agreed } from './negotiation.js';
import type { AttachedServer } from './nexuses.js';
import { askServer } from './own-command.js';
import { Readiness } from './readiness.js';
import { unregistering } from './reservation-replay.js';
import type { ProofFault } from './server-proof.js';
import { ServerWindow } from './server-window.js';

export interface BackSessionParts {
  readonly context: IscsiContext;
  readonly port: InitiatorPort;
  /** With the client. */
  readonly agreed: Agreed;
  readonly server: number;
  readonly address: Address;
  /** It takes no more at the moment, or takes more again. */
  readonly fills: (isFull: boolean) => void;
  /** It is over, before its tasks hear of it. */
  readonly closed: () => void;
}

const LOGOUT_REQUEST = 1;
const RENEGOTIATE = 4;
/** For the answer to a logout; and for a server that stays silent while it is asked for nothing but its units. */
const LOGOUT_WAIT_MS = 1000;
/** A switch that is refused tells why in a record, which takes no more. */
const REFUSAL_CHARACTERS_MAX = 200;

/**
 * Our session with one server, for one client's session: its own login, its own numbers, its own tags. Before anybody else may use
 * it, it is looked at whether it is what it should be.
 *
 *   connecting → login → looking → open → leaving → over        leaving: nothing new is sent; what was sent ends
 *       └──────────┴────────┴───────┴────────┴──────↗
 */
export class BackSession implements AttachedServer {
  readonly address: Address;
  readonly server: number;
  readonly #parts: BackSessionParts;
  readonly #context: IscsiContext;
  readonly #connection: Connection;
  readonly #outbox: Outbox;
  readonly #reader: PduReader;
  readonly #deadline: Deadline;
  readonly #login: BackLogin;
  #state: 'connecting' | 'login' | 'looking' | 'open' | 'leaving' | 'over' = 'connecting';
  readonly #sent = new PassingMap<BackTask>();
  /** Until it is open, or the server's window is. */
  #waiting: BackTask[] = [];
  readonly #window = new ServerWindow();
  readonly #readiness: Readiness;
  #tag = 0;
  #isAsked = false;
  #isFull = false;
  /** Why it may not be used, though the server answers. */
  #refusal: string | undefined;

  constructor(parts: BackSessionParts) {
    const { context, port, agreed, address, server } = parts;
    const { net, clock, linkOf, options } = context;
    this.#parts = parts;
    this.#context = context;
    this.address = address;
    this.server = server;
    this.#readiness = new Readiness(context, port, server);
    this.#login = new BackLogin(port, agreed, context.proofAt(server, port.target));
    this.#deadline = new Deadline(clock, () => {
      this.#overdue();
    });
    this.#connection = net.connect(
      address,
      ownConnection(linkOf(server), options.connectTimeoutMs),
    );
    this.#outbox = new Outbox(this.#connection);
    const { messages } = this.#connection;
    this.#reader = new PduReader({ dataBytesMax: agreed.dataBytesMax }, messages);
    this.#connection.handler = {
      borrows: true,
      readsInto: () => this.#reader.readsInto(),
      opened: () => {
        this.#state = 'login';
        this.#deadline.set(options.answerTimeoutMs);
        this.#outbox.write(this.#login.request());
      },
      data: (bytes) => {
        this.#data(bytes);
      },
      drained: () => {
        this.#isFull = false;
        parts.fills(false);
        this.#flush();
      },
      ended: () => {
        this.#connection.reset();
      },
      closed: () => {
        this.#closed();
      },
    };
  }

  /** In the data of one PDU to the server. */
  get dataBytesMax(): number {
    return this.#login.agreed.dataBytesMax;
  }

  /** In the data of a command. */
  get immediateBytesMax(): number {
    const { hasImmediateData, firstBurstBytesMax, dataBytesMax } = this.#login.agreed;
    return hasImmediateData ? Math.min(firstBurstBytesMax, dataBytesMax) : 0;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get ready(): Promise<string | undefined> {
    return this.#readiness.ready;
  }

  get replayed(): Promise<boolean> {
    return this.#readiness.replayed;
  }

  get lacking(): readonly Lacking[] {
    return this.#readiness.lacking;
  }

  accept(): void {
    this.#readiness.accept();
  }

  /** When its turn comes. */
  send(task: BackTask): void {
    if (this.#state === 'over') {
      queueMicrotask(() => {
        task.lost(false);
      });
      return;
    }
    this.#waiting.push(task);
    this.#flush();
  }

  /** Before what waits, and whatever the window says. */
  sendNow(task: BackTask): void {
    if (this.#state === 'open' || this.#state === 'looking' || this.#state === 'leaving') {
      this.#say(task, true);
    } else {
      this.send(task);
    }
  }

  /** Of a task that was sent. `block`: in which the data lie. */
  write(head: Buffer, data: readonly Uint8Array[], block?: Block): void {
    if (this.#state === 'over') return;
    this.#window.stampStatus(head);
    this.#write(piecesOf(head, data), block);
  }

  /** Nobody waits for it any more. */
  forget(tag: number): void {
    this.#sent.delete(tag);
    this.#touch();
    this.#leaveIfDone();
  }

  /** What waits here is not sent. True: it did. */
  withdraw(task: BackTask): boolean {
    const at = this.#waiting.indexOf(task);
    if (at < 0) return false;
    this.#waiting.splice(at, 1);
    return true;
  }

  reads(isOpen: boolean): void {
    if (this.#state === 'over') return;
    if (isOpen) this.#connection.resume();
    else this.#connection.pause();
  }

  /** Once what was sent has ended. */
  retire(): void {
    if (this.#state === 'over') return;
    if (this.#state === 'open') this.#state = 'leaving';
    else if (this.#state !== 'leaving') this.drop();
    this.#leaveIfDone();
  }

  /** The same; nothing of what the client holds stays there. */
  quit(): void {
    if (this.#state === 'open') {
      for (const own of unregistering(this.#context, this.#parts.port)) {
        void askServer(this, { ...own, readBytesMax: 0 });
      }
    }
    this.retire();
  }

  /** What was sent is not waited for. */
  logOut(): void {
    if (this.#state !== 'open' && this.#state !== 'leaving') {
      this.drop();
      return;
    }
    this.#sent.clear();
    this.#state = 'leaving';
    this.#leaveIfDone();
  }

  /** What it owes is lost. */
  drop(): void {
    this.#connection.reset();
  }

  /* ---- to the server ---- */

  #flush(): void {
    if (this.#state === 'open' && this.#waiting.length > 0) this.accept();
    while (this.#waiting.length > 0 && this.#maySend) {
      const [task] = this.#waiting.splice(0, 1);
      if (task !== undefined) this.#say(task, false);
    }
  }

  get #maySend(): boolean {
    return this.#state === 'open' && !this.#isFull && this.#window.isOpen;
  }

  /** For what we ask ourselves: before what waits. */
  ask(task: BackTask): void {
    if (this.#state === 'open' && !this.#maySend) {
      this.#waiting.unshift(task);
    } else if (this.#state === 'open' || this.#state === 'looking') {
      this.#say(task, false);
    } else {
      task.lost(false);
    }
  }

  #say(task: BackTask, isUrgent: boolean): void {
    const tag = this.#nextTag();
    const said = task.say(tag, this.#window.command);
    if (said === undefined) return;
    const { head, data = [], extra = NOTHING, block } = said;
    head[0]! &= 0x3f;
    head.writeUInt32BE(tag, AT.task);
    if (isUrgent) this.#window.stampUrgent(head);
    else this.#window.stamp(head);
    this.#sent.set(tag, task);
    this.#write(piecesOf(head, data, extra), block);
    this.#touch();
  }

  #nextTag(): number {
    return (this.#tag = freeTag(this.#tag, this.#sent));
  }

  /** Not of a task: for the session itself. */
  #sayOwn(head: Buffer): void {
    this.#window.stampUrgent(head);
    this.#write(piecesOf(head));
  }

  #write(pieces: readonly Uint8Array[], block?: Block): void {
    if (!this.#outbox.write(pieces, block)) this.#fill();
  }

  #fill(): void {
    if (this.#isFull) return;
    this.#isFull = true;
    this.#parts.fills(true);
  }

  /* ---- from the server ---- */

  #data(bytes: Uint8Array): void {
    this.#isAsked = false;
    const isSound = this.#reader.read(bytes, this.#found);
    if (!isSound) this.#fail('does not keep to iSCSI');
    this.#touch();
  }

  readonly #found = (pdu: Pdu): void => {
    if (this.#state === 'login') this.#loginAnswered(pdu);
    else if (this.#state !== 'over') this.#answered(pdu);
  };

  #loginAnswered(pdu: Pdu): void {
    const answer = opcodeOf(pdu) === LOGIN_RESPONSE ? this.#login.answered(pdu) : 'no login';
    if (typeof answer === 'string') {
      this.#refuse(answer);
    } else if (answer === undefined) {
      const { context, server, port } = this.#parts;
      this.#window.heard(pdu);
      this.#state = 'looking';
      context.counters.serverSessions += 1;
      context.loginFaults.mended(context.gate.serverId(server), port.target.serverName);
      void this.#look();
    } else if ('why' in answer) {
      this.#unbelieved(answer);
    } else {
      this.#outbox.write(answer);
    }
  }

  #unbelieved(fault: ProofFault): void {
    const { context, server, port } = this.#parts;
    context.counters.serverLoginRefusedFor(fault.reason);
    const id = context.gate.serverId(server);
    const { code } = context.loginFaults.add(id, port.target.serverName, fault);
    this.#refuse(`${fault.why} (${code})`);
  }

  async #look(): Promise<void> {
    const looked = await this.#readiness.look(this);
    if (looked === undefined || this.#state !== 'looking') return;
    if (looked === 'ready') {
      this.#state = 'open';
      this.#readiness.opened();
      this.#flush();
    } else if (looked === 'again') {
      this.#connection.reset();
    } else {
      this.#refuse(looked.refusal);
    }
  }

  #answered(pdu: Pdu): void {
    this.#window.heard(pdu);
    switch (opcodeOf(pdu)) {
      case NOP_IN:
        this.#nop(pdu);
        return;
      case ASYNC_MESSAGE:
        this.#heard(pdu);
        return;
      case REJECT:
        this.#rejected(pdu);
        return;
      default:
        this.#taskAnswered(pdu);
    }
    this.#flush();
    this.#leaveIfDone();
  }

  #taskAnswered(pdu: Pdu): void {
    const tag = taskTagOf(pdu);
    const task = this.#sent.get(tag);
    // Before the task is told, which makes a header for the client of it.
    if (isLast(pdu)) this.#sent.delete(tag);
    task?.answered(pdu);
  }

  #nop(pdu: Pdu): void {
    const asks = pdu.head.readUInt32BE(AT.transfer);
    if (asks === NO_TAG) return;
    const head = headOf(NOP_OUT);
    copyLun(pdu.head, head);
    head.writeUInt32BE(asks, AT.transfer);
    this.#sayOwn(head);
  }

  /** Whatever it wants, the client must not see it: it has a session with us. */
  #heard(pdu: Pdu): void {
    const event = pdu.head[36]!;
    if (event < LOGOUT_REQUEST || event > RENEGOTIATE) return;
    this.#context.counters.logoutsAsked += 1;
    this.retire();
  }

  #rejected(pdu: Pdu): void {
    const whole = Buffer.from(wholeOf(pdu.data));
    if (whole.length < AT.task + 4) return;
    const tag = whole.readUInt32BE(AT.task);
    const task = this.#sent.get(tag);
    this.#sent.delete(tag);
    task?.answered(pdu);
  }

  /* ---- ends ---- */

  /** It said no, or is not what it should be: tasks hear why. */
  #refuse(why: string): void {
    const refusal = `${this.#context.gate.serverId(this.server)} ${why}`;
    this.#refusal = refusal.slice(0, REFUSAL_CHARACTERS_MAX);
    this.#connection.reset();
  }

  /** What it says cannot be believed. */
  #fail(why: string): void {
    if (this.#state === 'login' || this.#state === 'looking') this.#refuse(why);
    else this.#connection.reset();
  }

  #leaveIfDone(): void {
    if (this.#state !== 'leaving' || this.#sent.size > 0) return;
    this.#sayOwn(headOf(LOGOUT, FINAL, this.#nextTag()));
    // Whoever waits here goes on by another session; the answer to this one closes it.
    this.#connection.end();
    this.#deadline.set(LOGOUT_WAIT_MS);
    this.#over();
  }

  #touch(): void {
    if (this.#state === 'over') return;
    const isOwed = this.#sent.size > 0 || this.#state === 'login';
    if (isOwed) this.#deadline.set(this.#context.options.answerTimeoutMs);
    else this.#deadline.clear();
  }

  /** It may wait for data that the client has not sent yet: so it is asked first. */
  #overdue(): void {
    if (this.#state === 'over' || this.#state === 'login' || this.#isAsked) {
      this.#connection.reset();
      return;
    }
    this.#isAsked = true;
    const head = headOf(NOP_OUT, FINAL, this.#nextTag());
    head.writeUInt32BE(NO_TAG, AT.transfer);
    this.#sayOwn(head);
    this.#deadline.set(this.#context.options.answerTimeoutMs);
  }

  #closed(): void {
    this.#deadline.stop();
    this.#reader.stop();
    this.#over();
  }

  #over(): void {
    if (this.#state === 'over') return;
    const { gate } = this.#context;
    const wasLeaving = this.#state === 'leaving';
    this.#state = 'over';
    this.#parts.closed();
    this.#readiness.end(this.#refusal ?? `${gate.serverId(this.server)} does not answer`);
    const sent = this.#sent.values();
    const waiting = this.#waiting;
    this.#sent.clear();
    this.#waiting = [];
    for (const task of sent) task.lost(true);
    for (const task of waiting) {
      if (wasLeaving) task.again();
      else if (this.#refusal === undefined) task.lost(false);
      else task.refusedThere(this.#refusal);
    }
  }
}

/** A task hears no more after it. */
function isLast(pdu: Pdu): boolean {
  const opcode = opcodeOf(pdu);
  if (opcode === DATA_IN) return (flagsOf(pdu) & HAS_STATUS) !== 0;
  return opcode !== READY_TO_TRANSFER;
}

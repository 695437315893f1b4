import { copyLun, lunBytesOf } from '../../../core/iscsi/lun.js';
import type { Block } from '../../../core/net/block.js';
import type { Pdu } from '../../../core/iscsi/pdu.js';
import {
  AT,
  DATA_IN,
  DATA_OUT,
  FINAL,
  HAS_STATUS,
  NO_TAG,
  READS,
  READY_TO_TRANSFER,
  REJECT,
  RESIDUALS,
  SCSI_RESPONSE,
  WRITES,
  commandIn,
  expectedLengthOf,
  flagsOf,
  headOf,
  next,
  opcodeOf,
  sliceOf,
  taskTagOf,
  wholeOf,
} from '../../../core/iscsi/pdu.js';
import type { SenseCode } from '../../../core/iscsi/scsi.js';
import {
  ABORTED,
  BUSY,
  CHECK_CONDITION,
  GOOD,
  LUN_NOT_READY,
  NEXUS_LOST,
  againOf,
  ownResponse,
  saysThatLunsChanged,
  senseData,
  senseIn,
} from '../../../core/iscsi/scsi.js';
import type { EntryRefusal, EntryUser } from '../entry.js';
import { Entry } from '../entry.js';
import type { UnderWay } from '../under-way.js';
import { AskedData } from './asked-data.js';
import type { BackSession } from './back-session.js';
import type { BackTask, Said } from './back-task.js';
import type { TaskOwner } from './client-leg.js';
import type { IscsiContext } from './context.js';
import type { IscsiRefusal } from './counters.js';
import { isAsAgreed } from './negotiation.js';
import { PROTOCOL_ERROR } from './reject.js';
import type { TaskReservation } from './task-reservation.js';
import { taskReservation } from './task-reservation.js';
import { WriteData } from './write-data.js';

/** What a server has asked for. */
interface Transfer {
  readonly tag: number;
  readonly end: number;
  /** So far it was sent. */
  at: number;
  /** DataSN of the next. */
  number: number;
}

/**
 * One SCSI command, from its coming to its status, which is one. It enters the gate of its target's resource and goes to the
 * server that has it; what the server reads goes to the client as it comes; what the client writes is kept until the status. If
 * the server is lost, the command is given anew to whoever serves the resource then: what the client has got of a read is not sent
 * to it again, and what it has written is not asked for again. What may not be done twice ends with a unit attention then.
 *
 *   gate ⇄ queued → sent → over        gate: it waits there, or for another try; queued: for its turn at the server
 *     ↖───────┴──────┘
 */
type State = 'gate' | 'queued' | 'sent' | 'over';

export class Task implements UnderWay, EntryUser, BackTask {
  readonly description = 'a SCSI command under way';
  readonly #context: IscsiContext;
  readonly #nexus: TaskOwner;
  readonly #pdu: Pdu;
  /** As it came. */
  readonly #tag: number;
  readonly #startedAtMs: number;
  readonly #onOver: () => void;
  #state: State = 'gate';
  #entry: Entry | undefined;
  #back: BackSession | undefined;
  #backTag = NO_TAG;
  #backCommand = 0;
  #sentAtMs = 0;
  #isPinned = false;
  #wasSent = false;
  /** To send what has to be kept before. */
  #attempts = 0;
  /** What the client has written. */
  readonly #written = new WriteData();
  readonly #reservation: TaskReservation | undefined;
  /** By the server, and by us. */
  #wanted: Transfer | undefined;
  readonly #asked = new AskedData();
  /** The client has got so much of what is read. */
  #delivered = 0;
  /** Data-In and R2T to the client, both lives of a repeated command together. */
  #dataNumber = 0;

  constructor(of: {
    readonly context: IscsiContext;
    readonly nexus: TaskOwner;
    readonly pdu: Pdu;
    readonly onOver: () => void;
  }) {
    this.#context = of.context;
    this.#nexus = of.nexus;
    this.#pdu = of.pdu;
    this.#onOver = of.onOver;
    this.#reservation = taskReservation(of.nexus.reserving, of.pdu, this.#written);
    this.#tag = taskTagOf(of.pdu);
    this.#startedAtMs = of.context.clock.monotonicMs();
  }

  get ageMs(): number {
    return this.#context.clock.monotonicMs() - this.#startedAtMs;
  }

  get keptBytes(): number {
    return this.#written.keptBytes;
  }

  get lun(): Buffer {
    return lunBytesOf(this.#pdu.head);
  }

  /** Where it runs; undefined: no server has been told of it. */
  get place(): { back: BackSession; tag: number; command: number } | undefined {
    if (this.#state !== 'sent' || this.#back === undefined) return undefined;
    return { back: this.#back, tag: this.#backTag, command: this.#backCommand };
  }

  get #expectedLength(): number {
    return expectedLengthOf(this.#pdu);
  }

  get #isWrite(): boolean {
    return (flagsOf(this.#pdu) & WRITES) !== 0;
  }

  get #isRead(): boolean {
    return (flagsOf(this.#pdu) & READS) !== 0;
  }

  /** Given twice, it does what it would have done once. */
  get #isRepeatable(): boolean {
    const isBidirectional = this.#isRead && this.#isWrite;
    return (
      !isBidirectional && this.#written.isWhole && againOf(this.#pdu.head[AT.command]!) === 'same'
    );
  }

  begin(): void {
    const { gate } = this.#context;
    if (!isAsAgreed(this.#pdu, this.#nexus.who.agreed)) {
      this.#over();
      this.#nexus.client.reject(this.#pdu, PROTOCOL_ERROR);
      return;
    }
    const refusal = this.#reservation?.refusal;
    if (refusal !== undefined) {
      this.#sayItself('reservation', CHECK_CONDITION, refusal);
      return;
    }
    const at = gate.indexOf(this.#nexus.resource);
    if (at < 0) {
      this.refused('unassigned');
      return;
    }
    this.#keep(this.#pdu);
    this.#entry = new Entry(this.#context, { user: this, work: this, at });
    this.#entry.enter();
  }

  /** The client has gone. */
  forsaken(): void {
    this.#stop();
  }

  /** The client does not want it any more, and no server runs it: it ends without a status. */
  aborted(): void {
    this.#stop();
  }

  #stop(): void {
    if (this.#state === 'over') return;
    if (this.#state === 'sent') this.#reservation?.mayHaveDone();
    this.#leaveBack();
    this.#entry?.stopWaiting();
    if (this.#wasSent) this.#entry?.leave(this.#bytes);
    else this.#entry?.withdraw();
    this.#over();
  }

  /* ---- from the client ---- */

  dataOut(pdu: Pdu): void {
    if (!this.#asked.take(pdu)) {
      this.#nexus.client.breach();
      return;
    }
    this.#keep(pdu);
    this.#pump();
  }

  #keep({ data, block }: Pdu): void {
    const before = this.#written.keptBytes;
    this.#written.add(data, block);
    const added = this.#written.keptBytes - before;
    if (added === 0 || this.#nexus.keep(added)) return;
    // There is no room to keep it longer than the server needs it.
    this.#drop();
  }

  #drop(): void {
    const sentUntil = this.#wanted?.at ?? 0;
    if (sentUntil > 0) this.#nexus.unkeep(this.#written.drop(sentUntil));
  }

  /* ---- from the gate ---- */

  entered(server: number): void {
    const back = this.#nexus.back(server);
    if (back === undefined) {
      this.#notConnected();
      return;
    }
    this.#state = 'queued';
    this.#back = back;
    const noted = this.#reservation?.intends();
    if (noted === undefined) back.send(this);
    else this.#sendAfter(noted, back);
  }

  #sendAfter(noted: Promise<void>, back: BackSession): void {
    const attempt = ++this.#attempts;
    void noted.then(() => {
      const isStillMeant = this.#state === 'queued' && this.#back === back;
      if (isStillMeant && this.#attempts === attempt) back.send(this);
    });
  }

  refused(name: EntryRefusal): void {
    // A server may come back, or another take over: initiators wait longer than that.
    const isToWait = name === 'unreachable' || name === 'holdTooLong';
    if (isToWait && this.ageMs < this.#context.options.retryForMs && !this.#isPinned) {
      this.#state = 'gate';
      this.#entry?.enterSoon();
      return;
    }
    this.#sayItself(name, BUSY);
  }

  /* ---- from a move ---- */

  cut(): void {
    // All that we have there is of the resource, and ends with it: the server must not go on with any of it.
    if (this.#state === 'sent') this.#back?.drop();
    else if (this.#state === 'queued') this.again();
  }

  pin(): void {
    if (this.#state !== 'sent') {
      this.cut();
      return;
    }
    this.#isPinned = true;
    this.#entry?.leave(this.#bytes);
  }

  /* ---- to the server ---- */

  say(tag: number, command: number): Said | undefined {
    const entry = this.#entry;
    const back = this.#back;
    if (this.#state !== 'queued' || back === undefined) return undefined;
    if (entry?.isAsEntered !== true) {
      this.again();
      return undefined;
    }
    const { reserving } = this.#nexus;
    const attention = reserving.hasAttention
      ? reserving.attention(this.lun, commandIn(this.#pdu))
      : undefined;
    if (attention !== undefined) {
      this.#sayItself('reservation', CHECK_CONDITION, attention);
      return undefined;
    }
    const head = Buffer.from(this.#pdu.head);
    // Data that are sent with it; the server asks for the rest.
    const immediate = Math.min(this.#written.end, back.immediateBytesMax);
    const part = immediate > 0 && this.#isWrite ? this.#written.part(0, immediate) : undefined;
    this.#state = 'sent';
    this.#backTag = tag;
    this.#backCommand = command;
    this.#sentAtMs = this.#context.clock.monotonicMs();
    if (this.#wasSent) this.#context.counters.repeated += 1;
    this.#wasSent = true;
    return { head, extra: this.#pdu.extra, data: part?.pieces ?? [], block: part?.block };
  }

  /** What the server wants, as far as it is here; the client is asked for the rest. */
  #pump(): void {
    const wanted = this.#wanted;
    const back = this.#back;
    if (wanted === undefined || back === undefined) return;
    const until = Math.min(wanted.end, this.#written.end);
    while (wanted.at < until) this.#sendData(back, wanted, until);
    if (wanted.at === wanted.end) this.#wanted = undefined;
    else if (!this.#asked.isUnderWay) this.#ask(wanted.end);
  }

  #sendData(back: BackSession, wanted: Transfer, until: number): void {
    const most = Math.min(until, wanted.at + back.dataBytesMax);
    const { pieces, end: to, block } = this.#written.part(wanted.at, most);
    const head = headOf(DATA_OUT, to === wanted.end ? FINAL : 0, this.#backTag);
    copyLun(this.#pdu.head, head);
    head.writeUInt32BE(wanted.tag, AT.transfer);
    head.writeUInt32BE(wanted.number, AT.dataNumber);
    head.writeUInt32BE(wanted.at, AT.offset);
    back.write(head, pieces, block);
    wanted.at = to;
    wanted.number += 1;
    if (!this.#written.isWhole) this.#drop();
  }

  #ask(end: number): void {
    const at = this.#written.end;
    const head = this.#asked.ask(this.#pdu, {
      ...{ at, end: Math.min(end, at + this.#nexus.who.agreed.burstBytesMax) },
      number: this.#dataNumber,
    });
    this.#dataNumber = next(this.#dataNumber);
    this.#nexus.client.ask(head);
  }

  /* ---- from the server ---- */

  answered(pdu: Pdu): void {
    if (this.#state !== 'sent') return;
    switch (opcodeOf(pdu)) {
      case DATA_IN:
        this.#dataIn(pdu);
        return;
      case READY_TO_TRANSFER:
        this.#dataWanted(pdu);
        return;
      case SCSI_RESPONSE:
        this.#response(pdu);
        return;
      case REJECT:
        this.#sayItself('serverRejected', CHECK_CONDITION, ABORTED);
        return;
      default:
        this.#garbage();
    }
  }

  #dataWanted({ head }: Pdu): void {
    const at = head.readUInt32BE(AT.offset);
    const end = at + head.readUInt32BE(AT.desiredLength);
    const isOfIt =
      this.#isWrite &&
      this.#wanted === undefined &&
      at < end &&
      end <= this.#expectedLength &&
      // What was sent once may be gone.
      at >= this.#written.begin &&
      at <= this.#written.end;
    if (!isOfIt) {
      this.#garbage();
      return;
    }
    this.#wanted = { tag: head.readUInt32BE(AT.transfer), at, end, number: 0 };
    this.#pump();
  }

  #dataIn({ head, data, dataLength, block }: Pdu): void {
    const flags = head[AT.flags]!;
    const from = head.readUInt32BE(AT.offset);
    const to = from + dataLength;
    const isOfIt = this.#isRead && from <= this.#delivered;
    if (!isOfIt || (!this.#isWrite && to > this.#expectedLength)) {
      this.#garbage();
      return;
    }
    const isLast = (flags & HAS_STATUS) !== 0;
    const isNew = to > this.#delivered;
    if (!isLast && !isNew) return;
    if (!isNew) {
      // The client has had all of it, but not its status.
      const response = headOf(SCSI_RESPONSE, FINAL | (flags & RESIDUALS), this.#tag);
      response[AT.status] = head[AT.status]!;
      head.copy(response, AT.residual, AT.residual, AT.residual + 4);
      this.#finish(response, []);
      return;
    }
    const rest = sliceOf(data, this.#delivered - from, dataLength);
    // ACKs of data belong to error recovery levels that we do not offer.
    const ACKNOWLEDGE = 0x40;
    head[AT.flags] = flags & ~ACKNOWLEDGE;
    head.writeUInt32BE(this.#tag, AT.task);
    head.writeUInt32BE(NO_TAG, AT.transfer);
    head.writeUInt32BE(this.#dataNumber, AT.dataNumber);
    head.writeUInt32BE(this.#delivered, AT.offset);
    head[4] = 0;
    this.#dataNumber = next(this.#dataNumber);
    this.#delivered = to;
    if (isLast) this.#finish(head, rest, block);
    else this.#nexus.client.send(head, rest, block);
  }

  #response({ head, data }: Pdu): void {
    const sense = head[AT.status] === CHECK_CONDITION ? senseIn(wholeOf(data)) : undefined;
    if (sense !== undefined && saysThatLunsChanged(sense)) {
      this.#context.units.forget(this.#nexus.resource);
    }
    head.writeUInt32BE(this.#tag, AT.task);
    head.writeUInt32BE(0, AT.transfer);
    head.writeUInt32BE(this.#dataNumber, AT.dataNumber);
    if (this.#reservation === undefined) {
      this.#finish(head, data);
      return;
    }
    void this.#reservation.answered(head[AT.status] === GOOD).then(() => {
      if (this.#state !== 'over') this.#finish(head, data);
    });
  }

  /** A server that does not keep to the protocol is as good as lost. */
  #garbage(): void {
    this.#back?.drop();
  }

  lost(wasSent: boolean): void {
    if (this.#state === 'over') return;
    this.#leaveBack();
    if (wasSent && (this.#isPinned || !this.#isRepeatable)) {
      this.#reservation?.mayHaveDone();
      this.#sayItself('lostAmbiguous', CHECK_CONDITION, NEXUS_LOST);
    } else {
      this.#notConnected();
    }
  }

  again(): void {
    if (this.#state === 'over') return;
    this.#leaveBack();
    this.#state = 'gate';
    this.#entry?.enterAgain();
  }

  /** Nothing may be sent to what is there: the client's data are meant for another. */
  refusedThere(): void {
    this.#sayItself('otherUnit', CHECK_CONDITION, LUN_NOT_READY);
  }

  #notConnected(): void {
    this.#state = 'gate';
    this.#entry?.notConnected();
  }

  #leaveBack(): void {
    const back = this.#back;
    this.#back = undefined;
    this.#wanted = undefined;
    if (back === undefined) return;
    if (this.#state === 'queued') back.withdraw(this);
    else if (this.#state === 'sent') back.forget(this.#backTag);
  }

  /* ---- ends ---- */

  get #bytes(): number {
    return this.#delivered + this.#written.end;
  }

  #finish(head: Buffer, data: readonly Uint8Array[], block?: Block): void {
    const { counters, work, clock } = this.#context;
    const server = this.#entry?.server ?? -1;
    counters.answered += 1;
    work.answered(server, 0, clock.monotonicMs() - this.#sentAtMs);
    this.#entry?.leave(this.#bytes);
    this.#end(head, data, block);
  }

  #sayItself(name: IscsiRefusal, status: number, sense?: SenseCode): void {
    if (this.#state === 'over') return;
    this.#context.counters.refusedFor(name);
    this.#leaveBack();
    this.#entry?.withdraw();
    const left = Math.max(0, this.#expectedLength - this.#delivered);
    const head = ownResponse(this.#tag, status, this.#isWrite ? this.#expectedLength : left);
    head.writeUInt32BE(this.#dataNumber, AT.dataNumber);
    this.#end(head, sense === undefined ? [] : [senseData(sense)]);
  }

  #end(head: Buffer, data: readonly Uint8Array[], block?: Block): void {
    // First, so that the answer says what room there is by now.
    this.#over();
    this.#nexus.client.send(head, data, block);
  }

  #over(): void {
    this.#state = 'over';
    this.#reservation?.over();
    this.#nexus.unkeep(this.#written.keptBytes);
    // What a reservation says is still being written down.
    if (this.#reservation === undefined) this.#written.leave();
    this.#onOver();
  }
}

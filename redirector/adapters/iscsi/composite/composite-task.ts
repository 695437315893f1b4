import type { Pdu } from '../../../../core/iscsi/pdu.js';
import {
  AT,
  WRITES,
  expectedLengthOf,
  flagsOf,
  isImmediate,
  lengthOf,
  next,
  taskTagOf,
  writeLengthOf,
} from '../../../../core/iscsi/pdu.js';
import type { SenseCode } from '../../../../core/iscsi/scsi.js';
import {
  ABORTED,
  CHECK_CONDITION,
  GOOD,
  ownResponse,
  senseData,
} from '../../../../core/iscsi/scsi.js';
import { AskedData } from '../asked-data.js';
import { isAsAgreed } from '../negotiation.js';
import type { Answering } from '../own-answer.js';
import { answerData, dataInBytesMax, dataInHead } from '../own-answer.js';
import { PROTOCOL_ERROR } from '../reject.js';
import { WriteData } from '../write-data.js';
import type { GiveBack } from './byte-budget.js';
import type { Geometry } from './geometry.js';
import type { Part, PartAnswer } from './part-nexus.js';
import type { Order, Plan } from './plan.js';
import { ReadData } from './read-data.js';
import type { SelfAnswer } from './self.js';
import { worseOf } from './worst.js';

/** What becomes of a command: of its parts, or without them; a sense code: nothing. */
export type Planned = Plan | SelfAnswer | SenseCode;

/** Whose command it is. */
export interface CompositeTaskOwner extends Answering {
  readonly parts: readonly Part[];
  plan(geometry: Geometry, pdu: Pdu): Planned;
  /** Calls once there is room for so many bytes under way. */
  room(bytes: number, run: () => void): GiveBack;
  /** What a part has said: it may be another than it was. */
  heard(sense: SenseCode): void;
  over(task: CompositeTask): void;
}

interface Running {
  readonly part: Part;
  readonly tag: number;
}

const DONE: PartAnswer = { status: GOOD, sense: undefined, hasResidual: false };
/** A part says that it is done, and is not. */
const SHORT: PartAnswer = { status: CHECK_CONDITION, sense: ABORTED, hasResidual: true };

/**
 * One SCSI command for a composite: several for its parts, and one answer. First it is known what the parts are; then there is room
 * for its data; then all that the client writes is here; only then are the parts told, all of them, each of which enters the gate of
 * its own resource and goes its own way, through moves and lost servers, whatever the others do. What is in the gate never waits for
 * what is not: so no two moves can wait for each other. What parts read comes to the client in its order, and the worst of their
 * answers is the client's.
 *
 *   new → room → data → parts → over        room: it waits for that; data: for those of the client
 */
export class CompositeTask {
  readonly isUrgent: boolean;
  readonly tag: number;
  readonly #owner: CompositeTaskOwner;
  readonly #pdu: Pdu;
  readonly #written = new WriteData();
  readonly #asked = new AskedData();
  #state: 'new' | 'room' | 'data' | 'parts' | 'over' = 'new';
  #plan: Plan | undefined;
  #giveBack: GiveBack | undefined;
  #running: (Running | undefined)[] = [];
  #left = 0;
  #worst = DONE;
  #read: ReadData | undefined;
  #delivered = 0;
  /** Data-In and R2T to the client. */
  #dataNumber = 0;

  constructor(owner: CompositeTaskOwner, pdu: Pdu) {
    this.#owner = owner;
    this.#pdu = pdu;
    this.tag = taskTagOf(pdu);
    this.isUrgent = isImmediate(pdu);
  }

  get isOver(): boolean {
    return this.#state === 'over';
  }

  /** It waits for what the parts are. */
  get isNew(): boolean {
    return this.#state === 'new';
  }

  /** Parts that have been told and have not answered, with the tags that the command has there. */
  get running(): readonly Running[] {
    return this.#running.filter((each) => each !== undefined);
  }

  /** False: it is none, and over. */
  begin(): boolean {
    const { client, agreed } = this.#owner;
    if (!isAsAgreed(this.#pdu, agreed)) {
      this.stop();
      client.reject(this.#pdu, PROTOCOL_ERROR);
      return false;
    }
    this.#written.add(this.#pdu.data);
    return true;
  }

  /** What the parts are. */
  known(geometry: Geometry): void {
    if (this.#state !== 'new') return;
    const plan = this.#owner.plan(geometry, this.#pdu);
    if ('data' in plan) {
      this.stop();
      answerData(this.#owner, this.#pdu, plan);
      return;
    }
    if (!('orders' in plan)) {
      this.fail(plan);
      return;
    }
    this.#plan = plan;
    this.#state = 'room';
    const giveBack = this.#owner.room(plan.readBytes + plan.writtenBytes, () => {
      this.#state = 'data';
      this.#gather(plan);
    });
    if (this.isOver) giveBack();
    else this.#giveBack = giveBack;
  }

  /** Nothing was done. */
  fail(sense: SenseCode): void {
    this.end({ status: CHECK_CONDITION, sense, hasResidual: false });
  }

  /** The client gets this, and nothing more. */
  end(answer: PartAnswer): void {
    if (this.isOver) return;
    this.#worst = answer;
    this.#finish();
  }

  /** Nobody hears of it any more. */
  stop(): void {
    if (this.isOver) return;
    this.#state = 'over';
    for (const { part, tag } of this.running) part.forget(tag);
    this.#running = [];
    this.#giveBack?.();
    this.#owner.over(this);
  }

  /* ---- what it writes ---- */

  dataOut(pdu: Pdu): void {
    if (!this.#asked.take(pdu)) {
      this.#owner.client.breach();
      return;
    }
    this.#written.add(pdu.data);
    if (this.#plan !== undefined) this.#gather(this.#plan);
  }

  #gather(plan: Plan): void {
    if (this.#state !== 'data') return;
    const wanted = Math.min(plan.writtenBytes, writeLengthOf(this.#pdu));
    const at = this.#written.end;
    if (at >= wanted) {
      this.#give(plan);
    } else if (!this.#asked.isUnderWay) {
      const end = Math.min(wanted, at + this.#owner.agreed.burstBytesMax);
      const head = this.#asked.ask(this.#pdu, { at, end, number: this.#dataNumber });
      this.#dataNumber = next(this.#dataNumber);
      this.#owner.client.ask(head);
    }
  }

  /* ---- parts ---- */

  #give(plan: Plan): void {
    const orders = plan.orders(this.#written);
    if (isSense(orders)) {
      this.fail(orders);
      return;
    }
    this.#state = 'parts';
    this.#read = new ReadData(orders.map(({ stretches }) => stretches));
    // One more, until all are told: the first may answer before the next is.
    this.#left = orders.length + 1;
    for (const [nth, order] of orders.entries()) this.#order(nth, order);
    this.#partEnded();
  }

  #order(nth: number, order: Order): void {
    const part = this.#owner.parts[order.part]!;
    const progress = { hasEnded: false };
    const tag = part.run(order, {
      read: (data) => {
        this.#partRead(nth, data);
      },
      ended: (answer) => {
        progress.hasEnded = true;
        this.#running[nth] = undefined;
        this.#partAnswered(nth, order, answer);
      },
    });
    if (!progress.hasEnded) this.#running[nth] = { part, tag };
  }

  #partRead(nth: number, data: readonly Uint8Array[]): void {
    if (this.isOver) return;
    if (this.#read?.add(nth, data) === true) this.#deliver();
    else this.#worst = worseOf(this.#worst, SHORT);
  }

  #partAnswered(nth: number, { readBytes }: Order, answer: PartAnswer): void {
    if (this.isOver) return;
    if (answer.sense !== undefined) this.#owner.heard(answer.sense);
    const isGood = answer.status === GOOD;
    const isShort = isGood && (answer.hasResidual || this.#read?.isWhole(nth) !== true);
    this.#worst = worseOf(
      this.#worst,
      isShort && (readBytes > 0 || this.#isWrite) ? SHORT : answer,
    );
    this.#partEnded();
  }

  #partEnded(): void {
    this.#left -= 1;
    if (this.#left === 0) this.#finish();
  }

  #deliver(): void {
    const { client, agreed } = this.#owner;
    const end = this.#plan?.readBytes ?? 0;
    for (;;) {
      const most = Math.min(dataInBytesMax(agreed), end - this.#delivered);
      const data = most > 0 ? (this.#read?.take(most) ?? []) : [];
      if (data.length === 0) return;
      client.send(dataInHead(this.tag, this.#dataNumber, this.#delivered), data);
      this.#dataNumber = next(this.#dataNumber);
      this.#delivered += lengthOf(data);
    }
  }

  /* ---- ends ---- */

  #finish(): void {
    const { status, sense } = this.#worst;
    const moved = status === GOOD ? (this.#plan?.movedBytes ?? 0) : this.#delivered;
    const head = ownResponse(this.tag, status, expectedLengthOf(this.#pdu), moved);
    head.writeUInt32BE(this.#dataNumber, AT.dataNumber);
    // First, so that the answer says what room there is by now.
    this.stop();
    this.#owner.client.send(head, sense === undefined ? [] : [senseData(sense)]);
  }

  get #isWrite(): boolean {
    return (flagsOf(this.#pdu) & WRITES) !== 0;
  }
}

function isSense(orders: readonly Order[] | SenseCode): orders is SenseCode {
  return typeof orders[0] === 'number';
}

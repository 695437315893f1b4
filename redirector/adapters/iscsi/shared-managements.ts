import type { Pdu } from '../../../core/iscsi/pdu.js';
import {
  AT,
  TASK_MANAGEMENT,
  TASK_MANAGEMENT_RESPONSE,
  opcodeOf,
  taskTagOf,
} from '../../../core/iscsi/pdu.js';
import type { ClientLeg } from './client-leg.js';
import { REJECTED, managementAnswer } from './management.js';
import { TASK_IN_PROGRESS } from './reject.js';

/** Of one session. */
const RUNNING_MAX = 16;

interface Running {
  left: number;
  response: number;
  readonly done: (response: number) => number;
}

/** Whoever carries out a part of one. */
interface Carrier {
  manage(pdu: Pdu): void;
}

/** Task management functions that several nexuses carry out: the client gets one answer, once all have theirs. */
export class SharedManagements {
  readonly #client: ClientLeg;
  readonly #answeredOne: () => void;
  readonly #running = new Map<number, Running>();

  /** `answeredOne` is called after each that the client got an answer to. */
  constructor(client: ClientLeg, answeredOne: () => void) {
    this.#client = client;
    this.#answeredOne = answeredOne;
  }

  get isIdle(): boolean {
    return this.#running.size === 0;
  }

  /** `done` gets the worst answer, and says which the client gets. */
  begin(
    pdu: Pdu,
    parts: readonly { readonly carrier: Carrier; readonly pdu: Pdu }[],
    done: Running['done'],
  ): void {
    const tag = taskTagOf(pdu);
    if (this.#running.has(tag) || this.#running.size >= RUNNING_MAX) {
      this.#client.reject(pdu, TASK_IN_PROGRESS);
      return;
    }
    // One more, until all have begun: the first may be answered before the next begins.
    this.#running.set(tag, { left: parts.length + 1, response: 0, done });
    for (const { carrier, pdu: part } of parts) carrier.manage(part);
    this.#answered(tag, 0);
  }

  /** What a nexus sends to the client. True: it was the answer to a part of one. */
  isAnswer(head: Buffer): boolean {
    const isOne = opcodeOf({ head }) === TASK_MANAGEMENT_RESPONSE;
    return isOne && this.#answered(head.readUInt32BE(AT.task), head[AT.response]!);
  }

  /** The same of what a nexus rejects. */
  isRejected(pdu: Pdu): boolean {
    return opcodeOf(pdu) === TASK_MANAGEMENT && this.#answered(taskTagOf(pdu), REJECTED);
  }

  #answered(tag: number, response: number): boolean {
    const running = this.#running.get(tag);
    if (running === undefined) return false;
    running.left -= 1;
    running.response = Math.max(running.response, response);
    if (running.left > 0) return true;
    this.#running.delete(tag);
    this.#client.send(managementAnswer(tag, running.done(running.response)));
    this.#answeredOne();
    return true;
  }
}

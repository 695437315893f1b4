import { lunBytesOf } from '../../../core/iscsi/lun.js';
import type { Pdu } from '../../../core/iscsi/pdu.js';
import {
  AT,
  FINAL,
  NO_TAG,
  TASK_MANAGEMENT_RESPONSE,
  flagsOf,
  headOf,
  opcodeOf,
  taskTagOf,
} from '../../../core/iscsi/pdu.js';
import type { EntryUser } from '../entry.js';
import { Entry } from '../entry.js';
import type { UnderWay } from '../under-way.js';
import type { BackSession } from './back-session.js';
import type { BackTask, Said } from './back-task.js';
import type { TaskOwner } from './client-leg.js';
import type { IscsiContext } from './context.js';
import type { Task } from './task.js';

/** Functions (RFC 7143 §11.5.1). */
export const ABORT_TASK = 1;
const ABORT_TASK_SET = 2;
const CLEAR_ACA = 3;
const CLEAR_TASK_SET = 4;
const LUN_RESET = 5;
const TARGET_WARM_RESET = 6;
const TARGET_COLD_RESET = 7;
const REASSIGN = 8;

/** Responses (§11.6.1). */
export const COMPLETE = 0;
export const NO_SUCH_TASK = 1;
export const LUN_NOT_THERE = 2;
const NO_REASSIGNMENT = 4;
const NOT_SUPPORTED = 5;
export const REJECTED = 255;

export const ENDS_TASKS_OF_LUN: ReadonlySet<number> = new Set([
  ABORT_TASK_SET,
  CLEAR_TASK_SET,
  LUN_RESET,
]);
export const ENDS_ALL_TASKS: ReadonlySet<number> = new Set([TARGET_WARM_RESET, TARGET_COLD_RESET]);
export const IS_OF_LUN: ReadonlySet<number> = new Set([...ENDS_TASKS_OF_LUN, CLEAR_ACA]);

/** Which function a task management request asks for. */
export function functionOf(pdu: Pdu): number {
  return flagsOf(pdu) & 0x7f;
}

/** What is said of one in the end. */
export function managementAnswer(tag: number, response: number): Buffer {
  const head = headOf(TASK_MANAGEMENT_RESPONSE, FINAL, tag);
  head[AT.response] = response;
  return head;
}

/** The session of which it is. */
export interface ManagementOwner extends TaskOwner {
  readonly tasks: Iterable<Task>;
  taskOf(tag: number): Task | undefined;
}

/**
 * A task management function: what it is about runs at a server, which is told; what waits here ends here. An abort goes to where
 * its task runs, even while the resource is held: what is aborted is what a move waits for.
 */
export class Management implements UnderWay, EntryUser, BackTask {
  readonly description = 'an iSCSI task management function under way';
  readonly keptBytes = 0;
  readonly #context: IscsiContext;
  readonly #nexus: ManagementOwner;
  readonly #pdu: Pdu;
  readonly #startedAtMs: number;
  readonly #onOver: () => void;
  readonly #function: number;
  /** Of the client, given before it. */
  readonly #before: readonly Task[];
  #isOver = false;
  #entry: Entry | undefined;
  #back: BackSession | undefined;
  #backTag = NO_TAG;
  /** Of an abort. */
  #task: Task | undefined;

  constructor(of: {
    readonly context: IscsiContext;
    readonly nexus: ManagementOwner;
    readonly pdu: Pdu;
    readonly onOver: () => void;
  }) {
    this.#context = of.context;
    this.#nexus = of.nexus;
    this.#pdu = of.pdu;
    this.#onOver = of.onOver;
    this.#function = functionOf(of.pdu);
    this.#before = [...of.nexus.tasks];
    this.#startedAtMs = of.context.clock.monotonicMs();
  }

  get ageMs(): number {
    return this.#context.clock.monotonicMs() - this.#startedAtMs;
  }

  begin(): void {
    if (this.#function === ABORT_TASK) this.#abort();
    else if (this.#function === REASSIGN) this.#say(NO_REASSIGNMENT);
    else if (this.#function === 0 || this.#function > REASSIGN) this.#say(NOT_SUPPORTED);
    else this.#enter();
  }

  forsaken(): void {
    this.#end();
  }

  #abort(): void {
    const task = this.#nexus.taskOf(this.#pdu.head.readUInt32BE(AT.transfer));
    if (task === undefined) {
      this.#say(NO_SUCH_TASK);
      return;
    }
    const { place } = task;
    if (place === undefined) {
      task.aborted();
      this.#say(COMPLETE);
      return;
    }
    this.#task = task;
    this.#back = place.back;
    place.back.sendNow(this);
  }

  #enter(): void {
    const at = this.#context.gate.indexOf(this.#nexus.resource);
    if (at < 0) {
      this.#say(REJECTED);
      return;
    }
    this.#entry = new Entry(this.#context, { user: this, work: this, at });
    this.#entry.enter();
  }

  /* ---- from the gate, and from a move ---- */

  entered(server: number): void {
    this.#back = this.#nexus.back(server);
    if (this.#back === undefined) this.#entry?.notConnected();
    else this.#back.sendNow(this);
  }

  refused(): void {
    this.#say(REJECTED);
  }

  cut(): void {
    this.#back?.drop();
  }

  pin(): void {
    this.#entry?.leave(0);
  }

  /* ---- to the server and back ---- */

  say(tag: number): Said | undefined {
    if (this.#isOver) return undefined;
    const head = Buffer.from(this.#pdu.head);
    head.writeUInt32BE(NO_TAG, AT.transfer);
    const task = this.#task;
    if (task === undefined) {
      if (this.#entry?.isAsEntered !== true) {
        this.again();
        return undefined;
      }
    } else {
      const { place } = task;
      if (place === undefined) {
        // It has come back from there meanwhile, or has ended.
        queueMicrotask(() => {
          this.#aborted();
        });
        return undefined;
      }
      head.writeUInt32BE(place.tag, AT.transfer);
      head.writeUInt32BE(place.command, AT.referredCommandNumber);
    }
    this.#backTag = tag;
    return { head };
  }

  answered(pdu: Pdu): void {
    if (this.#isOver) return;
    const isAnswer = opcodeOf(pdu) === TASK_MANAGEMENT_RESPONSE;
    const response = isAnswer ? pdu.head[AT.response]! : REJECTED;
    if (response === COMPLETE) this.#done();
    this.#say(response);
  }

  lost(): void {
    if (this.#isOver) return;
    if (this.#task === undefined) this.#entry?.notConnected();
    else this.#aborted();
  }

  again(): void {
    if (this.#isOver) return;
    if (this.#task === undefined) this.#entry?.enterAgain();
    else this.#aborted();
  }

  /** Nothing of the client's runs there. */
  refusedThere(): void {
    this.#say(REJECTED);
  }

  /** With the session that it ran in, a task ends anyway. */
  #aborted(): void {
    if (this.#isOver) return;
    this.#task?.aborted();
    this.#say(COMPLETE);
  }

  #done(): void {
    this.#task?.aborted();
    if (ENDS_ALL_TASKS.has(this.#function)) {
      this.#context.reservations.reset(this.#nexus.resource, undefined);
      for (const task of this.#before) task.aborted();
    } else if (ENDS_TASKS_OF_LUN.has(this.#function)) {
      const lun = lunBytesOf(this.#pdu.head);
      if (this.#function === LUN_RESET) {
        this.#context.reservations.reset(this.#nexus.resource, lun.toString('hex'));
      }
      for (const task of this.#before) if (task.lun.equals(lun)) task.aborted();
    }
  }

  /* ---- ends ---- */

  #say(response: number): void {
    if (this.#isOver) return;
    this.#end();
    this.#nexus.client.send(managementAnswer(taskTagOf(this.#pdu), response));
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#entry?.stopWaiting();
    this.#entry?.leave(0);
    this.#back?.forget(this.#backTag);
    this.#onOver();
  }
}

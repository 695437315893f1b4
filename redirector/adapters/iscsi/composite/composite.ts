import type { Pdu } from '../../../../core/iscsi/pdu.js';
import { commandIn, isImmediate, taskTagOf } from '../../../../core/iscsi/pdu.js';
import type { SenseCode } from '../../../../core/iscsi/scsi.js';
import { LUN_UNUSABLE, saysThatSizeChanged } from '../../../../core/iscsi/scsi.js';
import {
  COMPLETE,
  ENDS_TASKS_OF_LUN,
  NO_SUCH_TASK,
  functionOf,
  managementAnswer,
} from '../management.js';
import { IMMEDIATE_MAX } from '../options.js';
import type { Answering } from '../own-answer.js';
import { answerData, answerSense } from '../own-answer.js';
import { TASK_IN_PROGRESS } from '../reject.js';
import type { SharedManagements } from '../shared-managements.js';
import type { CompositeTaskOwner, Planned } from './composite-task.js';
import { CompositeTask } from './composite-task.js';
import type { Geometry, Unusable } from './geometry.js';
import { readGeometry } from './geometry.js';
import type { Identity } from './pages.js';
import type { Part, PartAnswer } from './part-nexus.js';
import { planOf } from './plan.js';
import { selfAnswer } from './self.js';

export interface CompositeParts {
  readonly answering: Answering;
  readonly managements: SharedManagements;
  readonly parts: readonly Part[];
  readonly identity: Identity;
  /** Undefined: one part after another. */
  readonly stripeBytes: number | undefined;
  readonly requestBytesMax: number;
  readonly room: CompositeTaskOwner['room'];
  /** Its parts do not go together. */
  readonly unusable: (why: Unusable) => void;
  /** Nothing is under way any more. */
  readonly idle: () => void;
}

/**
 * A logical unit made of others, for one client's session. It has an identity of its own, and says itself what it is; what it is made
 * of it learns from its parts with the first command that needs that.
 */
export class Composite implements CompositeTaskOwner {
  readonly client: Answering['client'];
  readonly agreed: Answering['agreed'];
  readonly parts: readonly Part[];
  readonly room: CompositeTaskOwner['room'];
  readonly #of: CompositeParts;
  readonly #tasks = new Map<number, CompositeTask>();
  #immediate = 0;
  #geometry: Geometry | undefined;
  #isLooking = false;

  constructor(of: CompositeParts) {
    this.#of = of;
    this.client = of.answering.client;
    this.agreed = of.answering.agreed;
    this.parts = of.parts;
    this.room = of.room;
  }

  /** Commands in the window that have no status. */
  get windowed(): number {
    return this.#tasks.size - this.#immediate;
  }

  get isIdle(): boolean {
    return this.#tasks.size === 0;
  }

  taskOf(tag: number): CompositeTask | undefined {
    return this.#tasks.get(tag);
  }

  /* ---- from the client ---- */

  command(pdu: Pdu): void {
    const own = selfAnswer(commandIn(pdu), this.#of.identity, this.#geometry);
    if (own !== undefined && own !== 'later') {
      if ('data' in own) answerData(this, pdu, own);
      else answerSense(this, pdu, own);
      return;
    }
    if (isImmediate(pdu) && this.#immediate >= IMMEDIATE_MAX) {
      this.client.reject(pdu, TASK_IN_PROGRESS);
      return;
    }
    const task = new CompositeTask(this, pdu);
    this.#tasks.set(task.tag, task);
    if (task.isUrgent) this.#immediate += 1;
    if (!task.begin()) return;
    if (this.#geometry === undefined) this.#look();
    else task.known(this.#geometry);
  }

  /** A task management function for this LUN. */
  manage(pdu: Pdu): void {
    const before = ENDS_TASKS_OF_LUN.has(functionOf(pdu)) ? this.tasks : [];
    const parts = this.parts.map((part) => part.management(pdu));
    this.#of.managements.begin(pdu, parts, ending(before));
  }

  /** What waits here ends here; what parts run, there. */
  abort(task: CompositeTask, pdu: Pdu): void {
    const { running } = task;
    if (running.length === 0) {
      task.stop();
      this.client.send(managementAnswer(taskTagOf(pdu), COMPLETE));
      return;
    }
    const parts = running.map(({ part, tag }) => part.management(pdu, tag));
    this.#of.managements.begin(pdu, parts, (response) => {
      // All have answered before they heard of it, and so have we.
      if (task.isOver) return NO_SUCH_TASK;
      // A part that has none has answered it already.
      const isDone = response === COMPLETE || response === NO_SUCH_TASK;
      if (isDone) task.stop();
      return isDone ? COMPLETE : response;
    });
  }

  /** All ends without a status. */
  stop(): void {
    for (const task of this.tasks) task.stop();
  }

  get tasks(): readonly CompositeTask[] {
    return [...this.#tasks.values()];
  }

  /* ---- for its tasks ---- */

  plan(geometry: Geometry, pdu: Pdu): Planned {
    const own = selfAnswer(commandIn(pdu), this.#of.identity, geometry);
    return own === undefined || own === 'later' ? planOf(geometry, pdu) : own;
  }

  heard(sense: SenseCode): void {
    if (saysThatSizeChanged(sense)) this.#geometry = undefined;
  }

  over(task: CompositeTask): void {
    if (!this.#tasks.delete(task.tag)) return;
    if (task.isUrgent) this.#immediate -= 1;
    if (!this.isIdle) return;
    // Its answer is sent right after.
    queueMicrotask(this.#of.idle);
  }

  /* ---- what it is made of ---- */

  #look(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const { parts, stripeBytes, requestBytesMax } = this.#of;
    void readGeometry(parts, { stripeBytes, requestBytesMax }).then((found) => {
      this.#isLooking = false;
      this.#found(found);
    });
  }

  #found(found: Geometry | PartAnswer | Unusable): void {
    const waiting = this.tasks.filter(({ isNew }) => isNew);
    if (typeof found === 'string') {
      this.#of.unusable(found);
      for (const task of waiting) task.fail(LUN_UNUSABLE);
    } else if ('status' in found) {
      for (const task of waiting) task.end(found);
    } else {
      this.#geometry = found;
      for (const task of waiting) task.known(found);
    }
  }
}

/** Once all have carried out what ends them. */
export function ending(tasks: readonly CompositeTask[]): (response: number) => number {
  return (response) => {
    if (response === COMPLETE) for (const task of tasks) task.stop();
    return response;
  };
}

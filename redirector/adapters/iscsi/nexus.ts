import type { ResourceId } from '../../../core/domain.js';
import type { Pdu } from '../../../core/iscsi/pdu.js';
import { isImmediate, taskTagOf } from '../../../core/iscsi/pdu.js';
import type { SenseCode } from '../../../core/iscsi/scsi.js';
import { PassingMap } from '../../../core/passing-map.js';
import { AbsentClient } from './absent-client.js';
import type { BackSession } from './back-session.js';
import { Backs } from './backs.js';
import type { ClientLeg, ClientUnits } from './client-leg.js';
import type { IscsiContext } from './context.js';
import type { InitiatorPort } from './initiator-port.js';
import type { LoggedIn } from './logged-in.js';
import type { ManagementOwner } from './management.js';
import { Management } from './management.js';
import type { AttachedClient } from './nexuses.js';
import { IMMEDIATE_MAX } from './options.js';
import { TASK_IN_PROGRESS } from './reject.js';
import { Reserving } from './reserving.js';
import { Task } from './task.js';

/**
 * One client's session with one target, or with those of its LUNs that are of one resource: what is under way, and our sessions with
 * the servers of the target, one each, under the client's own name; reservations, unit attentions and aborts are of such a pair, so
 * no two clients share one.
 */
export class Nexus implements ManagementOwner, AttachedClient, ClientUnits {
  readonly isHere = true;
  readonly resource: ResourceId;
  readonly port: InitiatorPort;
  readonly who: LoggedIn;
  readonly client: ClientLeg;
  readonly reserving: Reserving;
  readonly #context: IscsiContext;
  /** By the client's tags, in the order of their coming. */
  readonly #tasks = new PassingMap<Task>();
  readonly #managements = new Set<Management>();
  readonly #backs: Backs;
  #immediate = 0;
  #keptBytes = 0;
  #isOver = false;
  /** Servers that take no more at the moment. */
  readonly #full = new Set<BackSession>();

  constructor(of: {
    readonly context: IscsiContext;
    readonly client: ClientLeg;
    readonly who: LoggedIn;
    readonly port: InitiatorPort;
  }) {
    const { context, client, who, port } = of;
    this.#context = context;
    this.client = client;
    this.who = who;
    this.port = port;
    this.resource = port.target.resource;
    this.reserving = new Reserving(context, port);
    this.#backs = new Backs({
      ...{ context, port, agreed: who.agreed },
      fills: (back, isFull) => {
        this.#serverFills(back, isFull);
      },
    });
  }

  get windowed(): number {
    return this.#tasks.size - this.#immediate;
  }

  get isIdle(): boolean {
    return this.#tasks.size === 0 && this.#managements.size === 0;
  }

  get tasks(): readonly Task[] {
    return this.#tasks.values();
  }

  /* ---- from the client ---- */

  command(pdu: Pdu): void {
    const tag = taskTagOf(pdu);
    const isUrgent = isImmediate(pdu);
    if (this.#tasks.has(tag) || (isUrgent && this.#immediate >= IMMEDIATE_MAX)) {
      this.client.reject(pdu, TASK_IN_PROGRESS);
      return;
    }
    if (isUrgent) this.#immediate += 1;
    const task = new Task({
      context: this.#context,
      nexus: this,
      pdu,
      onOver: () => {
        this.#ended(tag, isUrgent);
      },
    });
    this.#tasks.set(tag, task);
    this.#context.counters.commands += 1;
    task.begin();
  }

  dataOut(pdu: Pdu): void {
    this.#tasks.get(taskTagOf(pdu))?.dataOut(pdu);
  }

  manage(pdu: Pdu): void {
    if (this.#managements.size >= IMMEDIATE_MAX) {
      this.client.reject(pdu, TASK_IN_PROGRESS);
      return;
    }
    const management = new Management({
      ...{ context: this.#context, nexus: this, pdu },
      onOver: () => {
        this.#managements.delete(management);
        if (this.isIdle) this.client.idle();
      },
    });
    this.#managements.add(management);
    management.begin();
  }

  taskOf(tag: number): Task | undefined {
    return this.#tasks.get(tag);
  }

  clientTakes(isOpen: boolean): void {
    for (const back of this.#backs.all) back.reads(isOpen);
  }

  /* ---- to servers ---- */

  /** Undefined: its address is not known. */
  back(server: number): BackSession | undefined {
    return this.#backs.at(server);
  }

  /** As far as there is one. */
  openBack(server: number): BackSession | undefined {
    return this.#backs.openAt(server);
  }

  get openBacks(): readonly BackSession[] {
    return this.#backs.all;
  }

  attend(lun: string, sense: SenseCode): void {
    this.reserving.attend(lun, sense);
  }

  /** Whether so much more that is written may be kept until its status. */
  keep(bytes: number): boolean {
    const { counters, options } = this.#context;
    const isRoom =
      this.#keptBytes + bytes <= options.keptBytesPerSessionMax &&
      counters.keptBytes + bytes <= options.keptBytesMax;
    this.#keptBytes += bytes;
    counters.keptBytes += bytes;
    return isRoom;
  }

  unkeep(bytes: number): void {
    this.#keptBytes -= bytes;
    this.#context.counters.keptBytes -= bytes;
  }

  /* ---- ends ---- */

  reinstated(): void {
    this.client.reinstated();
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const task of this.#tasks.values()) task.forsaken();
    for (const management of [...this.#managements]) management.forsaken();
    this.#backs.end();
    const { nexuses, units, reservations } = this.#context;
    if (nexuses.remove(this)) units.forget(this.resource);
    // Unless the same initiator port is here again already.
    if (nexuses.at(this.port.name) === undefined && reservations.outlives(this.port)) {
      nexuses.add(new AbsentClient(this.#context, this.port));
    }
  }

  #ended(tag: number, isUrgent: boolean): void {
    this.#tasks.delete(tag);
    if (isUrgent) this.#immediate -= 1;
    this.#context.counters.commands -= 1;
    if (!this.isIdle) return;
    // Its answer is sent right after.
    queueMicrotask(() => {
      if (this.isIdle) this.client.idle();
    });
  }

  #serverFills(back: BackSession, isFull: boolean): void {
    if (isFull) this.#full.add(back);
    else if (!this.#full.delete(back)) return;
    this.client.takes(this.#full.size === 0);
  }
}

import type { ResourceId } from '../../../core/domain.js';
import type { Pdu } from '../../../core/iscsi/pdu.js';
import { isImmediate, taskTagOf } from '../../../core/iscsi/pdu.js';
import { isSameAddress } from '../servers.js';
import { BackSession } from './back-session.js';
import type { ClientLeg, ClientUnits } from './client-leg.js';
import type { IscsiContext } from './context.js';
import type { LoggedIn } from './logged-in.js';
import type { ManagementOwner } from './management.js';
import { Management } from './management.js';
import type { AttachedClient } from './nexuses.js';
import { TASK_IN_PROGRESS } from './reject.js';
import type { IscsiTarget } from './targets.js';
import { Task } from './task.js';

/** Immediate commands are outside the window: so many at once. */
const IMMEDIATE_MAX = 16;

/**
 * One client's session with one target, or with those of its LUNs that are of one resource: what is under way, and our sessions with the servers of the target, one each, under the
 * client's own name; reservations, unit attentions and aborts are of such a pair, so no two clients share one.
 */
export class Nexus implements ManagementOwner, AttachedClient, ClientUnits {
  readonly resource: ResourceId;
  readonly port: string;
  readonly who: LoggedIn;
  readonly target: IscsiTarget;
  readonly client: ClientLeg;
  readonly #context: IscsiContext;
  /** By the client's tags, in the order of their coming. */
  readonly #tasks = new Map<number, Task>();
  readonly #managements = new Set<Management>();
  /** By server. */
  readonly #backs = new Map<number, BackSession>();
  #immediate = 0;
  #keptBytes = 0;
  #isOver = false;
  /** Servers that take no more at the moment. */
  readonly #full = new Set<BackSession>();

  constructor(of: {
    readonly context: IscsiContext;
    readonly client: ClientLeg;
    readonly who: LoggedIn;
    readonly target: IscsiTarget;
  }) {
    const { context, client, who, target } = of;
    this.#context = context;
    this.client = client;
    this.who = who;
    this.target = target;
    this.resource = target.resource;
    this.port = `${who.initiator} ${who.isid.toString('hex')} ${target.name} ${target.resource}`;
  }

  get windowed(): number {
    return this.#tasks.size - this.#immediate;
  }

  get isIdle(): boolean {
    return this.#tasks.size === 0 && this.#managements.size === 0;
  }

  get tasks(): Iterable<Task> {
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
      ...{ context: this.#context, nexus: this, pdu },
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
    for (const back of this.#backs.values()) back.reads(isOpen);
  }

  /* ---- to servers ---- */

  /** Undefined: its address is not known. */
  back(server: number): BackSession | undefined {
    const address = this.#context.addressOf(server);
    const open = this.#backs.get(server);
    if (open !== undefined && address !== undefined && isSameAddress(open.address, address)) {
      return open;
    }
    open?.drop();
    if (address === undefined || this.#isOver) return undefined;
    const back: BackSession = new BackSession({
      ...{ context: this.#context, who: this.who, target: this.target, server, address },
      fills: (isFull) => {
        this.#serverFills(back, isFull);
      },
      closed: () => {
        this.#serverFills(back, false);
        if (this.#backs.get(server) === back) this.#backs.delete(server);
      },
    });
    this.#backs.set(server, back);
    return back;
  }

  /** As far as there is one. */
  openBack(server: number): BackSession | undefined {
    return this.#backs.get(server);
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
    for (const task of [...this.#tasks.values()]) task.forsaken();
    for (const management of [...this.#managements]) management.forsaken();
    for (const back of [...this.#backs.values()]) back.logOut();
    if (this.#context.nexuses.remove(this)) this.#context.units.forget(this.resource);
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

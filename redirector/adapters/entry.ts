import { strict as assert } from 'node:assert';
import type { Cancel, Clock } from '../../core/clock/port.js';
import type { Entrance, Gate } from '../gate.js';
import { HELD, LEASE_OVER, UNASSIGNED, UNREACHABLE } from '../gate.js';
import type { Ticket } from '../held-work.js';
import type { ServerWork } from './servers.js';
import type { UnderWay, WorkUnderWay } from './under-way.js';

/** Why the gate leads to no server. */
export type EntryRefusal = 'unassigned' | 'holdFull' | 'holdTooLong' | 'unreachable' | 'leaseOver';

/** What all entries of one adapter share. */
export interface EntryContext {
  readonly gate: Gate;
  readonly clock: Clock;
  /** As they are now. */
  readonly options: EntryOptions;
  readonly work: ServerWork;
  readonly underWay: WorkUnderWay;
  /** No connection to the server: find out whether it is lost. */
  readonly suspect: (server: number) => void;
}

export interface EntryOptions {
  /** For work whose server cannot be reached, from its beginning on. */
  readonly retryForMs: number;
  /** Before the next try. */
  readonly retryPauseMs: number;
}

/** Whose entry it is. */
export interface EntryUser {
  /** What waits to be sent: it counts against the limits of what is held. */
  readonly keptBytes: number;
  /** It is in, for that server: now or later. */
  entered(server: number): void;
  refused(name: EntryRefusal): void;
}

export interface EntryOf {
  readonly user: EntryUser;
  /** What a move sees of it as long as it is in. */
  readonly work: UnderWay;
  /** Of the resource. */
  readonly at: number;
}

/**
 * The way of one piece of work through the gate, and its stay there: the same for all protocols. As long as nothing of it was
 * sent, or what was sent may be sent again, it may begin anew.
 *
 *   outside ⇄ in        outside: it waits at the gate, or for another try; or it is over
 */
export class Entry {
  readonly #context: EntryContext;
  readonly #user: EntryUser;
  readonly #work: UnderWay;
  readonly #at: number;
  #isIn = false;
  /** As work under way. */
  #number = 0;
  #server = -1;
  #since = '';
  /** A server that failed just now: others that serve the resource as well are asked before it. */
  #avoid = -1;
  #ticket: Ticket | undefined;
  #cancelRetry: Cancel | undefined;

  constructor(context: EntryContext, { user, work, at }: EntryOf) {
    this.#context = context;
    this.#user = user;
    this.#work = work;
    this.#at = at;
  }

  /** It counts as work of the resource, which a move waits for. */
  get isIn(): boolean {
    return this.#isIn;
  }

  /** The last server that it led to; −1: none. */
  get server(): number {
    return this.#server;
  }

  /** Since when that server serves the resource, as the gate said on entering. */
  get since(): string {
    return this.#since;
  }

  /** What the gate said on entering still holds: it may be sent to that server. */
  get isAsEntered(): boolean {
    const { gate } = this.#context;
    return gate.sinceText(this.#at) === this.#since && !gate.isLeaseOver(this.#at);
  }

  /** Others serve the resource at the same time. */
  get isShared(): boolean {
    return this.#context.gate.isShared(this.#at);
  }

  /** It has been tried for as long as it may. */
  get isOverdue(): boolean {
    return this.#work.ageMs >= this.#context.options.retryForMs;
  }

  enter(): void {
    const { gate } = this.#context;
    const entrance = gate.enter(this.#at, this.#avoid);
    if (entrance !== HELD) {
      this.#entered(entrance);
      return;
    }
    this.#ticket = gate.park(this.#at, this.#user.keptBytes, (later) => {
      this.#ticket = undefined;
      if (later === 'expired') this.#user.refused('holdTooLong');
      else this.#entered(later);
    });
    if (this.#ticket === undefined) this.#user.refused('holdFull');
  }

  /** Nothing was sent: from the gate on anew. */
  enterAgain(): void {
    this.withdraw();
    this.enter();
  }

  /** Again, after a pause that lets news arrive. */
  enterSoon(): void {
    this.#afterPause(() => {
      this.enter();
    });
  }

  /** Again, once the resource has another owner. None by then (monotonic): `late` is called. */
  enterOnceMoved(untilMs: number, late: () => void): void {
    const { gate, clock } = this.#context;
    this.#afterPause(() => {
      if (gate.sinceText(this.#at) !== this.#since) this.enter();
      else if (clock.monotonicMs() >= untilMs) late();
      else this.enterOnceMoved(untilMs, late);
    });
  }

  /** There was no connection to the server: for as long as it may, it is tried again. */
  notConnected(): void {
    const { gate, suspect, work } = this.#context;
    this.withdraw();
    work.failed(this.#server);
    suspect(this.#server);
    if (this.isOverdue) {
      this.#user.refused('unreachable');
    } else if (gate.isShared(this.#at)) {
      this.avoidServer();
      this.enterSoon();
    } else {
      gate.stall(this.#at);
      this.enter();
    }
  }

  /** Others that serve the resource as well are asked before the last one. */
  avoidServer(): void {
    this.#avoid = this.#server;
  }

  /** Out of the gate, if it was in, served: `bytes` went through in both directions, beside what was carried. */
  leave(bytes: number): void {
    if (!this.#isIn) return;
    this.#forget();
    this.#context.gate.leave(this.#at, bytes, this.#work.ageMs);
  }

  /** Out of the gate, if it was in, without having been served. */
  withdraw(): void {
    if (!this.#isIn) return;
    this.#forget();
    this.#context.gate.withdraw(this.#at);
  }

  /** Waits for nothing any more. */
  stopWaiting(): void {
    this.#ticket?.cancel();
    this.#ticket = undefined;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
  }

  #entered(entrance: Entrance): void {
    if (entrance < 0) {
      this.#user.refused(closedBy(entrance));
      return;
    }
    const { gate, underWay, work } = this.#context;
    this.#isIn = true;
    this.#server = entrance;
    this.#since = gate.sinceText(this.#at);
    work.entered(entrance);
    this.#number = underWay.add(this.#at, this.#work);
    this.#user.entered(entrance);
  }

  #afterPause(run: () => void): void {
    const { clock, options } = this.#context;
    this.#cancelRetry = clock.after(options.retryPauseMs, () => {
      this.#cancelRetry = undefined;
      run();
    });
  }

  #forget(): void {
    assert.ok(this.#isIn, 'only what has entered can leave');
    this.#isIn = false;
    this.#context.work.left(this.#server);
    this.#context.underWay.remove(this.#at, this.#number);
  }
}

function closedBy(entrance: Entrance): EntryRefusal {
  switch (entrance) {
    case UNREACHABLE:
      return 'unreachable';
    case LEASE_OVER:
      return 'leaseOver';
    default:
      assert.equal(entrance, UNASSIGNED);
      return 'unassigned';
  }
}

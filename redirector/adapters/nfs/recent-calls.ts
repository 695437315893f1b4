import type { Clock } from '../../../core/clock/port.js';
import type { Caller } from './caller.js';
import type { Outcomes } from './outcomes.js';
import type { CallHead } from '../../../core/onc-rpc/message.js';

/** A call under way whose answer may go to another connection than it came from. */
export interface Adoptable {
  adopt(caller: Caller): void;
}

/** A call that must not be carried out twice, and what became of it. */
export interface RecentCall {
  readonly atMs: number;
  /** From the credentials on. */
  readonly message: Uint8Array;
  readonly call: Adoptable;
  /** What the server said; undefined: nothing yet. */
  reply: readonly Uint8Array[] | undefined;
  /** It was given up, and may have been carried out. */
  doubt: Outcomes | undefined;
}

/** A client that does not hear an answer asks again within that, on another connection. */
const REMEMBERED_MS = 120_000;
/** Before them is what differs from connection to connection: nothing does. */
const CREDENTIALS_AT = 24;

/**
 * What clients called for of late that is not the same when it is done twice: one whose connection broke before it heard the
 * answer calls again, with the same xid, and gets the answer of the first.
 */
export class RecentCalls {
  readonly #clock: Clock;
  readonly #callsMax: () => number;
  readonly #calls = new Map<string, RecentCall>();

  constructor(clock: Clock, callsMax: () => number) {
    this.#clock = clock;
    this.#callsMax = callsMax;
  }

  get size(): number {
    return this.#calls.size;
  }

  /** The same call of that client, if it made it already. */
  find(host: string, head: CallHead, message: Uint8Array): RecentCall | undefined {
    const recent = this.#calls.get(keyOf(host, head));
    if (recent === undefined) return undefined;
    const isSame = Buffer.from(recent.message).equals(message.subarray(CREDENTIALS_AT));
    const isOver = this.#clock.monotonicMs() - recent.atMs > REMEMBERED_MS;
    return isSame && !isOver ? recent : undefined;
  }

  /** The oldest makes room. */
  note(host: string, head: CallHead, of: { call: Adoptable; message: Uint8Array }): RecentCall {
    const recent: RecentCall = {
      atMs: this.#clock.monotonicMs(),
      // Out of the packet that it came in, which need not be kept for it.
      message: Uint8Array.from(of.message.subarray(CREDENTIALS_AT)),
      ...{ call: of.call, reply: undefined, doubt: undefined },
    };
    const key = keyOf(host, head);
    this.#calls.delete(key);
    this.#calls.set(key, recent);
    for (const oldest of this.#calls.keys()) {
      if (this.#calls.size <= this.#callsMax()) break;
      this.#calls.delete(oldest);
    }
    return recent;
  }

  /** Nothing was done: whoever calls again calls anew. */
  forget(host: string, head: CallHead): void {
    this.#calls.delete(keyOf(host, head));
  }
}

function keyOf(host: string, { xid, procedure }: CallHead): string {
  return `${xid} ${procedure} ${host}`;
}

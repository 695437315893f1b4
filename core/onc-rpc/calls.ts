import type { Clock } from '../clock/port.js';
import type { Address } from '../domain.js';
import type { Block } from '../net/block.js';
import { Deadline } from '../net/deadline.js';
import type { ConnectOptions, Connection, Net } from '../net/port.js';
import { Outbox } from '../net/outbox.js';
import type { RpcRecord } from './record.js';
import { callHead, resultsOf, sysCredentials } from './message.js';
import { PassingMap } from '../passing-map.js';
import { RecordReader, keptOf, marked, wholeOf } from './record.js';
import { XdrCursor, numberAt } from './xdr.js';

/** Who waits for a reply. */
export interface Awaiting {
  /** It may be lent. */
  replied(record: RpcRecord): void;
  /** None comes. `wasSent`: the server may have done it all the same. */
  lost(wasSent: boolean): void;
}

export interface RpcCallsParts {
  readonly net: Net;
  readonly clock: Clock;
  readonly address: Address;
  readonly connect: ConnectOptions;
  /** Without a byte from the server while it owes a reply: then all that it owes is lost. */
  readonly answerTimeoutMs: number;
  /** It is over, and takes no more calls. */
  readonly closed: () => void;
}

/** What is said to a server. */
export interface Said {
  readonly pieces: readonly Uint8Array[];
  /** In which what is long of it lies. */
  readonly block?: Block | undefined;
}

interface Waiting {
  /** Undefined: it is not to be sent any more. */
  readonly message: (xid: number) => Said | undefined;
  readonly awaiting: Awaiting;
}

/**
 * The one connection to a server: calls of all clients share it, each under an xid of its own, so replies may come in any order.
 *
 *   opening → open → over
 */
export class RpcCalls {
  readonly address: Address;
  readonly #parts: RpcCallsParts;
  readonly #connection: Connection;
  readonly #outbox: Outbox;
  readonly #reader: RecordReader;
  readonly #deadline: Deadline;
  readonly #sent = new PassingMap<Awaiting>();
  /** Until it is open. */
  readonly #waiting = new Map<number, Waiting>();
  #state: 'opening' | 'open' | 'over' = 'opening';
  #xid = 0;

  constructor(parts: RpcCallsParts) {
    this.#parts = parts;
    this.address = parts.address;
    this.#deadline = new Deadline(parts.clock, () => {
      this.#connection.reset();
    });
    this.#connection = parts.net.connect(parts.address, parts.connect);
    this.#outbox = new Outbox(this.#connection);
    this.#reader = new RecordReader({}, this.#connection.messages, true);
    this.#connection.handler = {
      borrows: true,
      readsInto: () => this.#reader.readsInto(),
      opened: () => {
        this.#opened();
      },
      data: (bytes) => {
        this.#data(bytes);
      },
      drained: () => undefined,
      ended: () => {
        this.#connection.reset();
      },
      closed: () => {
        this.#closed();
      },
    };
  }

  /** The number by which it may be forgotten. Must not be over. */
  send(message: Waiting['message'], awaiting: Awaiting): number {
    const xid = (this.#xid = (this.#xid + 1) >>> 0);
    if (this.#state === 'open') this.#write(xid, message, awaiting);
    else this.#waiting.set(xid, { message, awaiting });
    return xid;
  }

  /** Nobody waits for it any more. False: it was never sent. */
  forget(xid: number): boolean {
    if (this.#waiting.delete(xid)) return false;
    this.#sent.delete(xid);
    this.#touch();
    return true;
  }

  /** What it owes is lost. */
  close(): void {
    this.#connection.reset();
  }

  #opened(): void {
    this.#state = 'open';
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [xid, { message, awaiting }] of waiting) this.#write(xid, message, awaiting);
  }

  #write(xid: number, message: Waiting['message'], awaiting: Awaiting): void {
    const said = message(xid);
    if (said === undefined) {
      // Not in this turn: who sends does not hear of it before it knows the number.
      queueMicrotask(() => {
        awaiting.lost(false);
      });
      return;
    }
    this.#sent.set(xid, awaiting);
    this.#outbox.write(said.pieces, said.block);
    this.#touch();
  }

  #data(bytes: Uint8Array): void {
    const isSound = this.#reader.read(bytes, this.#found);
    this.#touch();
    if (!isSound) this.#connection.reset();
  }

  readonly #found = (record: RpcRecord): void => {
    if (record.front.length < 4) return;
    const xid = numberAt(record.front, 0);
    const awaiting = this.#sent.get(xid);
    // Somebody who waited no longer, or a server that says things twice.
    if (awaiting === undefined) {
      record.block?.leave();
      return;
    }
    this.#sent.delete(xid);
    awaiting.replied(record);
  };

  #touch(): void {
    if (this.#sent.size === 0) this.#deadline.clear();
    else this.#deadline.set(this.#parts.answerTimeoutMs);
  }

  #closed(): void {
    this.#state = 'over';
    this.#deadline.stop();
    this.#reader.stop();
    this.#parts.closed();
    const sent = this.#sent.values();
    const waiting = [...this.#waiting.values()];
    this.#sent.clear();
    this.#waiting.clear();
    for (const awaiting of sent) awaiting.lost(true);
    for (const { awaiting } of waiting) awaiting.lost(false);
  }
}

export interface OwnCall {
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  readonly arguments: Uint8Array;
}

/** What a call of our own came to: its results; refused by the RPC layer; or there was no answer. */
export type OwnAnswer = XdrCursor | 'refused' | 'lost';

/** Who asks servers on behalf of the redirector itself. They must not take that for nobody. */
const OWN_CREDENTIALS = sysCredentials({ uid: 0, gid: 0, gids: [] }, 'foreshift');

export function ask(calls: RpcCalls, call: OwnCall): Promise<OwnAnswer> {
  return new Promise((resolve) => {
    const message = (xid: number): Said => ({
      pieces: [
        marked(
          callHead({ ...call, xid, credentials: OWN_CREDENTIALS })
            .raw(call.arguments)
            .done(),
        ),
      ],
    });
    calls.send(message, {
      replied: (record: RpcRecord) => {
        const whole = wholeOf(keptOf(record));
        const at = resultsOf(whole);
        if (typeof at === 'number') resolve(new XdrCursor().on(whole, at));
        else resolve('refused');
      },
      lost: () => {
        resolve('lost');
      },
    });
  });
}

/** The same, on a connection for this call alone. */
export async function askOnce(
  parts: Omit<RpcCallsParts, 'closed'>,
  call: OwnCall,
): Promise<OwnAnswer> {
  const calls = new RpcCalls({ ...parts, closed: () => undefined });
  const answer = await ask(calls, call);
  calls.close();
  return answer;
}

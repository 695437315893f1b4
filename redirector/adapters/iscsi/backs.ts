import { isSameAddress } from '../servers.js';
import { BackSession } from './back-session.js';
import type { IscsiContext } from './context.js';
import type { InitiatorPort } from './initiator-port.js';
import type { Agreed } from './negotiation.js';

export interface BacksParts {
  readonly context: IscsiContext;
  readonly port: InitiatorPort;
  readonly agreed: Agreed;
  /** A server takes no more at the moment, or takes more again. */
  readonly fills: (back: BackSession, isFull: boolean) => void;
}

/** Our sessions for one initiator port at the servers of its target: one each, opened when it is needed. */
export class Backs {
  readonly #parts: BacksParts;
  readonly #byServer = new Map<number, BackSession>();
  #isOver = false;

  constructor(parts: BacksParts) {
    this.#parts = parts;
  }

  /** Undefined: the server's address is not known. */
  at(server: number): BackSession | undefined {
    const { context, port, agreed, fills } = this.#parts;
    const address = context.addressOf(server);
    const open = this.#byServer.get(server);
    if (open !== undefined && address !== undefined && isSameAddress(open.address, address)) {
      return open;
    }
    open?.drop();
    if (address === undefined || this.#isOver) return undefined;
    const back: BackSession = new BackSession({
      ...{ context, port, agreed, server, address },
      fills: (isFull) => {
        fills(back, isFull);
      },
      closed: () => {
        fills(back, false);
        if (this.#byServer.get(server) === back) this.#byServer.delete(server);
      },
    });
    this.#byServer.set(server, back);
    return back;
  }

  /** As far as there is one. */
  openAt(server: number): BackSession | undefined {
    return this.#byServer.get(server);
  }

  get all(): readonly BackSession[] {
    return [...this.#byServer.values()];
  }

  /** No more of them; what was sent is not waited for. */
  end(): void {
    this.#isOver = true;
    for (const back of this.all) back.logOut();
  }
}

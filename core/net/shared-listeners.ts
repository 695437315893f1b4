import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../clock/port.js';
import type { Address } from '../domain.js';
import { formatAddress } from '../domain.js';
import { ForeshiftError } from '../errors.js';
import { messageOf } from '../text.js';

/** Where another thread of this process listens. */
export interface SharedListener {
  /** As it was asked for: the port may be 0. */
  readonly at: Address;
  /** Of the other thread, which does not close it meanwhile. */
  readonly descriptor: number;
}

const TIMEOUT_MS = 10_000;

/**
 * Listening sockets that this thread has in common with another one: what comes is taken by whoever is free first. Threads of a
 * process have their descriptors in common, too, and Node closes those of a thread that ends: so each thread needs a number of its
 * own for the socket. A process that lives for this only duplicates it (`duplicate-process.ts`).
 */
export class SharedListeners {
  readonly #clock: Clock;
  readonly #listeners: readonly SharedListener[];
  readonly #isTaken = new Set<number>();
  #lender: ChildProcess | undefined;

  /** Each may be opened once; of those at one address, in their order. */
  constructor(clock: Clock, listeners: readonly SharedListener[]) {
    this.#clock = clock;
    this.#listeners = listeners;
  }

  /**
   * `listen` is called with what `Server.listen` takes, in the turn in which it came: what comes to it later and finds nobody would
   * be lost. @throws ERR_LISTEN_FAILED
   */
  async open(at: Address, listen: (source: Server) => void): Promise<void> {
    try {
      const index = this.#next(at);
      this.#isTaken.add(index);
      await this.#borrow(index, listen);
    } catch (cause) {
      const facts = { address: formatAddress(at), why: messageOf(cause) };
      throw new ForeshiftError('ERR_LISTEN_FAILED', facts, { cause });
    }
  }

  /** No more are wanted. */
  close(): void {
    this.#lender?.kill('SIGKILL');
    this.#lender = undefined;
  }

  #next(at: Address): number {
    const wanted = formatAddress(at);
    const index = this.#listeners.findIndex(
      (each, place) => formatAddress(each.at) === wanted && !this.#isTaken.has(place),
    );
    if (index < 0) throw new Error('no other thread listens there');
    return index;
  }

  #borrow(index: number, listen: (source: Server) => void): Promise<void> {
    const lender = (this.#lender ??= this.#start());
    return new Promise((resolve, reject) => {
      const settle = (why: string | undefined): void => {
        cancel();
        lender.off('message', onMessage).off('exit', onExit).off('error', onExit);
        if (why === undefined) resolve();
        else reject(new Error(why));
      };
      const onMessage = (at: unknown, server: unknown): void => {
        if (at !== index) return;
        if (!(server instanceof Server)) {
          settle('its socket was not lent');
          return;
        }
        listen(server);
        settle(undefined);
      };
      const onExit = (): void => {
        settle('the process that lends its socket ended');
      };
      const cancel = this.#clock.after(TIMEOUT_MS, () => {
        settle('its socket was not lent in time');
      });
      lender.on('message', onMessage).once('exit', onExit).once('error', onExit);
      lender.send(index);
    });
  }

  #start(): ChildProcess {
    return fork(fileURLToPath(new URL('./duplicate-process.js', import.meta.url)), {
      execArgv: [],
      stdio: [
        ...(['ignore', 'inherit', 'inherit', 'ipc'] as const),
        ...this.#listeners.map(({ descriptor }) => descriptor),
      ],
    });
  }
}

import type { Cancel, Clock } from '../../core/clock/port.js';
import { sleepOn } from '../../core/clock/sleep.js';
import type { Address } from '../../core/domain.js';
import type {
  CallAnswer,
  ConnectOptions,
  Connection,
  ConnectionHandler,
  Listener,
  Net,
  OutboundCall,
} from '../../core/net/port.js';
import type { SimulatedNet } from '../../core/net/simulated.js';

/**
 * One process of the simulation: everything that reaches its code comes through `run`, so that it can be
 * stopped (SIGSTOP: time passes, nothing happens, then everything at once) and killed (nothing, ever).
 */
export class SimProcess {
  readonly clock: Clock;
  readonly net: Net;
  /** How far its host's wall clock is off. */
  wallOffsetMs = 0;
  #isPaused = false;
  #isAlive = true;
  #waiting: (() => void)[] = [];

  constructor(
    readonly name: string,
    clock: Clock,
    net: Net,
    /** Told of each write, before it leaves. */
    readonly onWrite: (connection: Connection, bytes: Uint8Array) => void = () => undefined,
  ) {
    this.clock = new ProcessClock(this, clock);
    this.net = new ProcessNet(this, net);
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  run(work: () => void): void {
    if (!this.#isAlive) return;
    if (this.#isPaused) this.#waiting.push(work);
    else work();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const work of waiting) this.run(work);
  }

  kill(net: SimulatedNet): void {
    this.#isAlive = false;
    this.#waiting = [];
    net.crash(this.name);
  }

  /** A promise of the outside world, as this process sees it: never again once it is dead. */
  async seen<T>(promise: Promise<T>): Promise<T> {
    try {
      return await promise;
    } finally {
      await new Promise<void>((resolve) => {
        this.run(resolve);
      });
    }
  }
}

class ProcessClock implements Clock {
  readonly #process: SimProcess;
  readonly #clock: Clock;

  constructor(process: SimProcess, clock: Clock) {
    this.#process = process;
    this.#clock = clock;
  }

  realtimeMs(): number {
    return this.#clock.realtimeMs() + this.#process.wallOffsetMs;
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  after(ms: number, run: () => void): Cancel {
    let isCancelled = false;
    const cancel = this.#clock.after(ms, () => {
      this.#process.run(() => {
        if (!isCancelled) run();
      });
    });
    return () => {
      isCancelled = true;
      cancel();
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }
}

class ProcessNet implements Net {
  readonly #process: SimProcess;
  readonly #net: Net;

  constructor(process: SimProcess, net: Net) {
    this.#process = process;
    this.#net = net;
  }

  listen(at: Address, accept: (connection: Connection) => void): Promise<Listener> {
    const listening = this.#net.listen(at, (connection) => {
      const wrapped = new ProcessConnection(this.#process, connection);
      this.#process.run(() => {
        accept(wrapped);
      });
    });
    return this.#process.seen(listening);
  }

  connect(to: Address, options: ConnectOptions): Connection {
    return new ProcessConnection(this.#process, this.#net.connect(to, options));
  }

  afterArrivals(run: () => void): void {
    this.#net.afterArrivals(() => {
      this.#process.run(run);
    });
  }

  call(request: OutboundCall): Promise<CallAnswer> {
    return this.#process.seen(this.#net.call(request));
  }
}

const NOBODY: ConnectionHandler = {
  opened: () => undefined,
  data: () => undefined,
  drained: () => undefined,
  ended: () => undefined,
  closed: () => undefined,
};

class ProcessConnection implements Connection {
  handler: ConnectionHandler = NOBODY;
  readonly #process: SimProcess;
  readonly #connection: Connection;

  constructor(process: SimProcess, connection: Connection) {
    this.#process = process;
    this.#connection = connection;
    const through = (tell: () => void): void => {
      process.run(tell);
    };
    connection.handler = {
      opened: () => {
        through(() => {
          this.handler.opened();
        });
      },
      data: (bytes) => {
        through(() => {
          const { handler } = this;
          handler.data(bytes);
          // Whoever keeps what was lent shall find out.
          if (handler.borrows === true) bytes.fill(0xdb);
        });
      },
      drained: () => {
        through(() => {
          this.handler.drained();
        });
      },
      ended: () => {
        through(() => {
          this.handler.ended();
        });
      },
      closed: (reason) => {
        through(() => {
          this.handler.closed(reason);
        });
      },
    };
  }

  get remote(): Address {
    return this.#connection.remote;
  }

  get local(): Address {
    return this.#connection.local;
  }

  get buffered(): number {
    return this.#connection.buffered;
  }

  write(bytes: Uint8Array): boolean {
    this.#process.onWrite(this.#connection, bytes);
    return this.#connection.write(bytes);
  }

  cork(): void {
    this.#connection.cork();
  }

  uncork(): void {
    this.#connection.uncork();
  }

  end(): void {
    this.#connection.end();
  }

  destroy(): void {
    this.#connection.destroy();
  }

  reset(): void {
    this.#connection.reset();
  }

  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }
}

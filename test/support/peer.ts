import type { CloseReason, Connection, ConnectionHandler } from '../../core/net/port.js';

/** One end of a connection in a test: writes down what it hears, and lets a test wait for it. */
export class Peer implements ConnectionHandler {
  readonly connection: Connection;
  /** `opened`, `data`, `drained`, `ended`, `closed REASON`, in their order; `data` once in a row. */
  readonly heard: string[] = [];
  bytes = 0;
  text = '';
  /** Called back while a method of the connection was running: must stay 0. */
  early = 0;
  #depth = 0;
  readonly #waiters: { readonly isMet: () => boolean; readonly resolve: () => void }[] = [];

  constructor(connection: Connection) {
    this.connection = connection;
    connection.handler = this;
  }

  /** Resolves as soon as the condition holds, looked at after each event. */
  when(isMet: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push({ isMet, resolve });
      this.#look();
    });
  }

  hears(event: string): Promise<void> {
    return this.when(() =>
      this.heard.some((heard) => heard === event || heard.startsWith(`${event} `)),
    );
  }

  reads(text: string): Promise<void> {
    return this.when(() => this.text.endsWith(text));
  }

  /** How it was closed; undefined while it is not. */
  get closedBy(): string | undefined {
    return this.heard.find((heard) => heard.startsWith('closed'))?.slice('closed '.length);
  }

  /** Calls a method and notices a call back from within. */
  does<T>(act: (connection: Connection) => T): T {
    this.#depth += 1;
    const result = act(this.connection);
    this.#depth -= 1;
    return result;
  }

  opened(): void {
    this.#hear('opened');
  }

  data(bytes: Uint8Array): void {
    this.bytes += bytes.length;
    if (this.text.length < 1 << 16) this.text += Buffer.from(bytes).toString('latin1');
    if (this.heard.at(-1) === 'data') this.#look();
    else this.#hear('data');
  }

  drained(): void {
    this.#hear('drained');
  }

  ended(): void {
    this.#hear('ended');
  }

  closed(reason: CloseReason): void {
    this.#hear(`closed ${reason}`);
  }

  #hear(event: string): void {
    if (this.#depth > 0) this.early += 1;
    this.heard.push(event);
    this.#look();
  }

  #look(): void {
    for (const waiter of [...this.#waiters]) {
      if (!waiter.isMet()) continue;
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
      waiter.resolve();
    }
  }
}

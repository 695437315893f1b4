/** The calls of something that closes: none begins once it does, and closing waits for those under way. */
export class CallsUnderWay {
  readonly #running = new Set<Promise<unknown>>();
  readonly #refuse: () => never;
  #isClosed = false;

  /** @param refuse throws, for whoever calls too late */
  constructor(refuse: () => never) {
    this.#refuse = refuse;
  }

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#isClosed) this.#refuse();
    const running = work();
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** However they end. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#running);
  }
}

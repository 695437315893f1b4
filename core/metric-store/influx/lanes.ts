/** At most so many at once; the rest wait in their order, at most so many of them. */
export class Lanes {
  readonly #lanesMax: number;
  readonly #waitingMax: number;
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  constructor({
    lanesMax,
    waitingMax,
  }: {
    readonly lanesMax: number;
    readonly waitingMax: number;
  }) {
    this.#lanesMax = lanesMax;
    this.#waitingMax = waitingMax;
  }

  get isFull(): boolean {
    return this.#waiting.length >= this.#waitingMax;
  }

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#taken < this.#lanesMax) this.#taken += 1;
    else await new Promise<void>((go) => this.#waiting.push(go));
    try {
      return await work();
    } finally {
      // Whoever waits longest takes this lane over.
      const next = this.#waiting.shift();
      if (next === undefined) this.#taken -= 1;
      else next();
    }
  }
}

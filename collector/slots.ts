/** At most so many at once; who waits is served in order. */
export class Slots {
  #max: number;
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  /** From now on; who has a slot keeps it. */
  resize(max: number): void {
    this.#max = max;
    while (this.#taken < max) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#taken += 1;
      next();
    }
  }

  /** Runs `work` in a slot, once there is one. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#taken < this.#max) this.#taken += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      this.#taken -= 1;
      this.resize(this.#max);
    }
  }
}

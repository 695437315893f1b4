interface Waiting {
  readonly bytes: number;
  readonly run: () => void;
}

/** Gives back what was taken, or stops waiting for it. Once is enough. */
export type GiveBack = () => void;

/** Of one after the other: `run` is called once there is room in both. */
export function takeOfBoth(
  first: ByteBudget,
  second: ByteBudget,
  bytes: number,
  run: () => void,
): GiveBack {
  let giveBackSecond: GiveBack = () => undefined;
  const giveBackFirst = first.take(bytes, () => {
    giveBackSecond = second.take(bytes, run);
  });
  return () => {
    giveBackSecond();
    giveBackFirst();
  };
}

/** Room for data under way. What finds none waits, first come first served. */
export class ByteBudget {
  readonly #max: () => number;
  readonly #changed: (used: number) => void;
  readonly #waiting = new Set<Waiting>();
  #used = 0;

  /** `changed`: so much is taken now. */
  constructor(max: () => number, changed: (used: number) => void = () => undefined) {
    this.#max = max;
    this.#changed = changed;
  }

  get used(): number {
    return this.#used;
  }

  /** Calls `run` once there is room: now or later. What is more than all the room there is has it alone. */
  take(bytes: number, run: () => void): GiveBack {
    const waiting = { bytes, run };
    this.#waiting.add(waiting);
    this.#serve();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      if (!this.#waiting.delete(waiting)) this.#use(-bytes);
      this.#serve();
    };
  }

  #serve(): void {
    for (const waiting of this.#waiting) {
      if (this.#used > 0 && this.#used + waiting.bytes > this.#max()) return;
      this.#waiting.delete(waiting);
      this.#use(waiting.bytes);
      waiting.run();
    }
  }

  #use(bytes: number): void {
    this.#used += bytes;
    this.#changed(this.#used);
  }
}

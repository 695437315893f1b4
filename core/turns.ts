/** One after the other, by key: who comes waits for those who came before. Nobody may take a second turn inside one. */
export class Turns<Key> {
  readonly #last = new Map<Key, Promise<unknown>>();

  take<Result>(key: Key, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(key);
    const mine = before === undefined ? work() : before.then(work);
    // Who waits for this one does not care how it ended.
    const over = mine.then(ignore, ignore).then(() => {
      if (this.#last.get(key) === over) this.#last.delete(key);
    });
    this.#last.set(key, over);
    return mine;
  }
}

function ignore(): void {
  // the caller hears of it
}

/**
 * The last answer to a question, kept as long as the facts that it rests on are the same: objects by identity, texts and
 * numbers by value. One that cannot be made, at once or later, is asked for again.
 */
export class Kept<Value> {
  #known: { readonly facts: readonly unknown[]; readonly value: Value } | undefined;

  of(facts: readonly unknown[], make: () => Value): Value {
    const known = this.#known;
    if (known !== undefined && areSameFacts(known.facts, facts)) return known.value;
    const value = make();
    const made = { facts, value };
    this.#known = made;
    if (value instanceof Promise) {
      value.catch(() => {
        if (this.#known === made) this.#known = undefined;
      });
    }
    return value;
  }
}

/** The last few answers, by question: beyond `most` what was asked for longest ago goes. */
export class KeptRecent<Key, Value> {
  readonly #most: number;
  readonly #known = new Map<Key, Value>();

  constructor(most: number) {
    this.#most = most;
  }

  of(key: Key, make: () => Value): Value {
    const value = this.#known.has(key) ? (this.#known.get(key) as Value) : make();
    this.#known.delete(key);
    this.#known.set(key, value);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= this.#most) break;
      this.#known.delete(oldest);
    }
    return value;
  }
}

export function areSameFacts(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((fact, at) => Object.is(fact, others[at]));
}

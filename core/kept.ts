/**
 * The last answer to a question, kept as long as the facts that it rests on are the same: objects by identity, texts and
 * numbers by value. One that cannot be made, at once or later, is asked for again.
 */
export class Kept<Value> {
  #known: { readonly facts: readonly unknown[]; readonly value: Value } | undefined;

  of(facts: readonly unknown[], make: () => Value): Value {
    const known = this.#known;
    const isSame =
      known?.facts.length === facts.length &&
      facts.every((fact, at) => Object.is(fact, known.facts[at]));
    if (isSame) return known.value;
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

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

export function areSameFacts(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((fact, at) => Object.is(fact, others[at]));
}

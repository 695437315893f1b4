import { strict as assert } from 'node:assert';

/** Small integers for ids (or other values, each by its identity), from 0 on: each keeps its own. */
export class Indices<Id> {
  readonly #indices = new Map<Id, number>();
  readonly #ids: Id[] = [];

  /** −1 if it has none. */
  of(id: Id): number {
    return this.#indices.get(id) ?? -1;
  }

  /** It has one from now on, the next one if it is new. */
  give(id: Id): number {
    const known = this.#indices.get(id);
    if (known !== undefined) return known;
    const at = this.#ids.length;
    this.#indices.set(id, at);
    this.#ids.push(id);
    return at;
  }

  idOf(at: number): Id {
    const id = this.#ids[at];
    assert.ok(id !== undefined, 'an index was given by whoever is asked');
    return id;
  }

  /** In the order of their indices. */
  get ids(): readonly Id[] {
    return this.#ids;
  }
}

import { areSameFacts } from './kept.js';

interface Made<Value> {
  readonly facts: readonly unknown[];
  readonly value: Promise<Value>;
  isOver: boolean;
}

/** What there is to prepare: the facts that it rests on, and from what it is made. */
export interface Ground<Source> {
  readonly facts: readonly unknown[];
  readonly source: Source;
}

/** Whether what was made of former facts still answers: as it is, or while what is newer is made. */
export type Use = 'still' | 'meanwhile' | 'no';

/**
 * What takes long to make, kept as long as the facts that it rests on are the same: the last one alone, objects by identity, texts
 * and numbers by value. Never two are made at the same time. Who asks while it is made waits for it; while one of other facts is
 * made, for that and one more, together with all others who do. What cannot be made is told to those who wait, and made anew
 * for whoever asks next.
 */
export class Prepared<Source, Value> {
  readonly #look: () => Promise<Ground<Source>>;
  readonly #make: (source: Source) => Promise<Value>;
  #last: Made<Value> | undefined;
  #next: Promise<Value> | undefined;
  #made: { readonly value: Value } | undefined;

  constructor(look: () => Promise<Ground<Source>>, make: (source: Source) => Promise<Value>) {
    this.#look = look;
    this.#make = make;
  }

  /** Of the facts of now, or of a moment that is still to come. @throws what `look` and `make` do */
  async now(): Promise<Value> {
    return this.#of(await this.#look());
  }

  /**
   * The last one that is made, if it is of some use, whatever the facts are now; otherwise that of now.
   * @param useOf is told from what it would be made now
   * @throws as `now`
   */
  async recent(useOf: (made: Value, source: Source) => Use): Promise<Value> {
    const ground = await this.#look();
    const made = this.#made;
    const use = made === undefined ? 'no' : useOf(made.value, ground.source);
    if (made === undefined || use === 'no') return this.#of(ground);
    if (use === 'meanwhile') this.#of(ground).catch(ignore);
    return made.value;
  }

  #of(ground: Ground<Source>): Promise<Value> {
    const last = this.#last;
    if (last !== undefined && areSameFacts(last.facts, ground.facts)) return last.value;
    if (last === undefined || last.isOver) return this.#begin(ground);
    this.#next ??= this.#after(last);
    return this.#next;
  }

  async #after({ value }: Made<Value>): Promise<Value> {
    await value.catch(ignore);
    this.#next = undefined;
    return this.now();
  }

  #begin({ facts, source }: Ground<Source>): Promise<Value> {
    const made: Made<Value> = { facts, value: this.#make(source), isOver: false };
    this.#last = made;
    made.value.then(
      (value) => {
        made.isOver = true;
        this.#made = { value };
      },
      () => {
        made.isOver = true;
        if (this.#last === made) this.#last = undefined;
      },
    );
    return made.value;
  }
}

function ignore(): void {
  // those who wait for that one hear of it; where nobody does, whoever asks next
}

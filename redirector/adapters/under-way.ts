import { PassingMap } from '../../core/passing-map.js';

/** A piece of work that is in the gate, as a move sees it. */
export interface UnderWay {
  readonly ageMs: number;
  /** For a person. */
  readonly description: string;
  /** Ends what runs at the server now; what may be sent again is, once the gate opens. */
  cut(): void;
  /** Goes on where it is, and no move waits for it; what was not sent yet goes where the resource goes. */
  pin(): void;
}

/** What of one protocol is in the gate, by resource: what a move must see the end of. */
export class WorkUnderWay {
  /** By the gate's index of the resource. Most have one, which needs no map. */
  readonly #works: (UnderWay | PassingMap<UnderWay> | undefined)[] = [];
  /** Of the one, where there is one. */
  readonly #numbers: number[] = [];
  #last = 0;

  /** @returns the number by which it is removed */
  add(at: number, work: UnderWay): number {
    const number = (this.#last = (this.#last + 1) >>> 0);
    // Without a gap, which would make a slow dictionary of it.
    while (this.#works.length <= at) {
      this.#works.push(undefined);
      this.#numbers.push(0);
    }
    const known = this.#works[at];
    if (known === undefined) {
      this.#works[at] = work;
      this.#numbers[at] = number;
    } else if (known instanceof PassingMap) {
      known.set(number, work);
    } else {
      const several = new PassingMap<UnderWay>();
      several.set(this.#numbers[at] ?? 0, known);
      several.set(number, work);
      this.#works[at] = several;
    }
    return number;
  }

  remove(at: number, number: number): void {
    const known = this.#works[at];
    if (known instanceof PassingMap) {
      known.delete(number);
      if (known.size === 0) this.#works[at] = undefined;
    } else if (this.#numbers[at] === number) {
      this.#works[at] = undefined;
    }
  }

  /** As it is now: what is done to one may end another. */
  of(at: number): readonly UnderWay[] {
    const known = this.#works[at];
    if (known === undefined) return [];
    return known instanceof PassingMap ? known.values() : [known];
  }
}

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
  /** Most have one, which needs no set. */
  readonly #works = new Map<number, UnderWay | Set<UnderWay>>();

  add(at: number, work: UnderWay): void {
    const known = this.#works.get(at);
    if (known === undefined) this.#works.set(at, work);
    else if (known instanceof Set) known.add(work);
    else this.#works.set(at, new Set([known, work]));
  }

  remove(at: number, work: UnderWay): void {
    const known = this.#works.get(at);
    if (known instanceof Set) {
      known.delete(work);
      if (known.size === 0) this.#works.delete(at);
    } else if (known === work) {
      this.#works.delete(at);
    }
  }

  /** As it is now: what is done to one may end another. */
  of(at: number): readonly UnderWay[] {
    const known = this.#works.get(at);
    if (known === undefined) return [];
    return known instanceof Set ? [...known] : [known];
  }
}

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
  /** By the gate's index of the resource. Most have one, which needs no set. */
  readonly #works: (UnderWay | Set<UnderWay> | undefined)[] = [];

  add(at: number, work: UnderWay): void {
    // Without a gap, which would make a slow dictionary of it.
    while (this.#works.length <= at) this.#works.push(undefined);
    const known = this.#works[at];
    if (known === undefined) this.#works[at] = work;
    else if (known instanceof Set) known.add(work);
    else this.#works[at] = new Set([known, work]);
  }

  remove(at: number, work: UnderWay): void {
    const known = this.#works[at];
    if (known instanceof Set) {
      known.delete(work);
      if (known.size === 0) this.#works[at] = undefined;
    } else if (known === work) {
      this.#works[at] = undefined;
    }
  }

  /** As it is now: what is done to one may end another. */
  of(at: number): readonly UnderWay[] {
    const known = this.#works[at];
    if (known === undefined) return [];
    return known instanceof Set ? [...known] : [known];
  }
}

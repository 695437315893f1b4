/** As long as a member is there. */
export interface Stay<Member> {
  readonly member: Member;
  /** In the list of all; −1: it has left. */
  at: number;
}

/**
 * Who is there, in no order, for those that come and go by the thousand. A Set would do, but for V8's collector: each time a Set
 * makes room, its table before leads to the next one. Once such a table has grown old it keeps all that come after it, with whoever
 * was there then, until the next collection of everything; so a quarter of all connections grew old, whole, long after their end. By number, and in the order of coming: core/passing-map.ts.
 */
export class Crowd<Member> {
  readonly #stays: Stay<Member>[] = [];

  get size(): number {
    return this.#stays.length;
  }

  add(member: Member): Stay<Member> {
    const stay = { member, at: this.#stays.length };
    this.#stays.push(stay);
    return stay;
  }

  /** The last one takes its place. */
  remove(stay: Stay<Member>): void {
    if (stay.at < 0) return;
    const last = this.#stays.pop();
    if (last !== undefined && last !== stay) {
      this.#stays[stay.at] = last;
      last.at = stay.at;
    }
    stay.at = -1;
  }

  /** As it is now: what is done to one may send another away. */
  all(): Member[] {
    return this.#stays.map(({ member }) => member);
  }

  some(test: (member: Member) => boolean): boolean {
    return this.#stays.some(({ member }) => test(member));
  }
}

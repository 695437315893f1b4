import type { ServerId } from '../../core/domain.js';

/** Servers by their places in a list that goes along: each is said once, however often it is meant. */
export class Places {
  readonly #places = new Map<ServerId, number>();

  of(server: ServerId): number {
    let place = this.#places.get(server);
    if (place === undefined) {
      place = this.#places.size;
      this.#places.set(server, place);
    }
    return place;
  }

  /** Those that were meant, in their places. */
  get servers(): readonly ServerId[] {
    return [...this.#places.keys()];
  }
}

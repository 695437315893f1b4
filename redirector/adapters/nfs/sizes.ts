import type { ResourceId } from '../../../core/domain.js';

/** Of rtmax, rtpref, wtmax, wtpref, dtpref: beyond the others a server is slower, not wrong. */
const MAXIMA = [0, 2];

/**
 * How much at once clients were told that they may read and write (RFC 1813 §3.3.19). They ask once, when they mount: a server
 * that can do less is none for the resource any more.
 */
export class Sizes {
  readonly #told = new Map<ResourceId, number[]>();

  /** What clients are told of what a server says, the numbers in their order. */
  tell(resource: ResourceId, said: readonly number[], bytesMax: number): readonly number[] {
    const told = said.map((bytes) => Math.min(bytes, bytesMax));
    const before = this.#told.get(resource);
    this.#told.set(
      resource,
      before === undefined ? told : told.map((bytes, at) => Math.max(bytes, before[at] ?? 0)),
    );
    return told;
  }

  /** Whether a server that says that does all that clients were told. */
  fits(resource: ResourceId, said: readonly number[]): boolean {
    const told = this.#told.get(resource) ?? [];
    return MAXIMA.every((at) => (told[at] ?? 0) <= (said[at] ?? 0));
  }
}

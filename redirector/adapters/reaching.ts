import type { ServerId } from '../../core/domain.js';

/** Undefined: the server answers; else why it does not. */
export type Reach = (target: ServerId, signal: AbortSignal) => Promise<string | undefined>;

/** A connection to a target, before anybody depends on it: one for all moves of a switch that go there. */
export class Reaching {
  readonly #connect: Reach;
  /** Being connected to for a switch, which the signal stands for. */
  readonly #open = new Map<
    ServerId,
    { readonly signal: AbortSignal; readonly outcome: Promise<string | undefined> }
  >();

  constructor(connect: Reach) {
    this.#connect = connect;
  }

  reach(target: ServerId, signal: AbortSignal): Promise<string | undefined> {
    const known = this.#open.get(target);
    if (known?.signal === signal) return known.outcome;
    const reaching = { signal, outcome: this.#connect(target, signal) };
    this.#open.set(target, reaching);
    return reaching.outcome.finally(() => {
      if (this.#open.get(target) === reaching) this.#open.delete(target);
    });
  }
}

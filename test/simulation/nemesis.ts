import type { Rng } from '../../core/rng.js';
import { between, pick, shuffled } from '../../core/rng.js';
import type { Fault, Mend } from './faults.js';
import { FAULTS, harmOf } from './faults.js';
import type { World } from './world.js';

/** Does harm at random, of the kinds that this seed chose, and makes everything well in the end. */
export class Nemesis {
  readonly kinds: readonly Fault[];
  readonly #world: World;
  readonly #rng: Rng;
  /** What has to be made well, by what is harmed. */
  readonly #mends = new Map<string, Mend>();
  readonly #mending = new Map<string, Promise<void>>();

  constructor(world: World, kinds?: readonly Fault[]) {
    this.#world = world;
    this.#rng = world.rng('nemesis');
    const count = 1 + Math.floor(this.#rng.next() * 4);
    this.kinds = kinds ?? shuffled(this.#rng, FAULTS).slice(0, count);
    world.say(`faults: ${this.kinds.join(', ')}`);
  }

  async run(untilMs: number): Promise<void> {
    const { clock } = this.#world;
    while (clock.monotonicMs() < untilMs) {
      await clock.sleep(between(this.#rng, 50, 700));
      if (clock.monotonicMs() >= untilMs) break;
      this.#harm(pick(this.#rng, this.kinds));
    }
  }

  /** Everything is well again. */
  async mendAll(): Promise<void> {
    const { net, store } = this.#world;
    store.lostAnswerProbability = 0;
    store.lostCallProbability = 0;
    net.faults.lostCallProbability = 0;
    net.faults.lostAnswerProbability = 0;
    net.faults.doubledCallProbability = 0;
    await Promise.all([...this.#mends.keys()].map((what) => this.#mend(what)));
    net.healAll();
    this.#world.say('all is mended');
  }

  #harm(fault: Fault): void {
    const world = this.#world;
    const harm = harmOf(fault, world, this.#rng);
    if (harm === undefined || this.#mends.has(harm.to)) return;
    world.say(`${fault}: ${harm.to}`);
    this.#mends.set(harm.to, harm.begin());
    world.clock.after(between(this.#rng, harm.minMs, harm.maxMs), () => {
      void this.#mend(harm.to);
    });
  }

  /** What is being made well is not harmed again before it is. */
  #mend(what: string): Promise<void> {
    const known = this.#mending.get(what);
    const mend = this.#mends.get(what);
    if (known !== undefined || mend === undefined) return known ?? Promise.resolve();
    this.#world.say(`mended: ${what}`);
    const mending = Promise.resolve(mend()).then(() => {
      this.#mends.delete(what);
      this.#mending.delete(what);
    });
    this.#mending.set(what, mending);
    return mending;
  }
}

import type { Rng } from '../../core/rng.js';
import { between, chance, pick, shuffled } from '../../core/rng.js';
import type { World } from './world.js';

/** The kinds of harm that a seed may do. */
export const FAULTS = [
  'crash redirector',
  'pause redirector',
  'crash server',
  'lose disk',
  'power off server',
  'pause server',
  'isolate server',
  'cut one link',
  'cut store from redirector',
  'store down',
  'crash api',
] as const;
export type Fault = (typeof FAULTS)[number];

/** Does harm at random, of the kinds that this seed chose, and makes everything well in the end. */
export class Nemesis {
  readonly #world: World;
  readonly #rng: Rng;
  readonly #kinds: readonly Fault[];
  /** What has to be made well, by what is harmed. */
  readonly #mends = new Map<string, () => void | Promise<void>>();

  constructor(world: World, kinds?: readonly Fault[]) {
    this.#world = world;
    this.#rng = world.rng('nemesis');
    const count = 1 + Math.floor(this.#rng.next() * 4);
    this.#kinds = kinds ?? shuffled(this.#rng, FAULTS).slice(0, count);
    world.say(`faults: ${this.#kinds.join(', ')}`);
  }

  async run(untilMs: number): Promise<void> {
    const { clock } = this.#world;
    while (clock.monotonicMs() < untilMs) {
      await clock.sleep(between(this.#rng, 50, 700));
      if (clock.monotonicMs() >= untilMs) break;
      this.#harm(pick(this.#rng, this.#kinds));
    }
  }

  /** Everything is well again. */
  async mendAll(): Promise<void> {
    this.#world.storeWorld.lostAnswerProbability = 0;
    this.#world.storeWorld.lostCallProbability = 0;
    for (const what of [...this.#mends.keys()]) await this.#mend(what);
    this.#world.net.healAll();
    this.#world.say('all is mended');
  }

  #harm(fault: Fault): void {
    const world = this.#world;
    const redirector = pick(this.#rng, world.redirectorNames);
    const server = pick(this.#rng, world.serverNames);
    switch (fault) {
      case 'crash redirector':
        this.#begin(redirector, fault, { min: 20, max: 1500 }, () => {
          world.redirectors.get(redirector)?.process.kill(world.net);
          return () => {
            world.startRedirector(redirector);
          };
        });
        return;
      case 'pause redirector': {
        const process = world.redirectors.get(redirector)?.process;
        this.#begin(redirector, fault, { min: 50, max: 2500 }, () => {
          process?.pause();
          return () => process?.resume();
        });
        return;
      }
      case 'crash server':
      case 'lose disk':
        this.#begin(server, fault, { min: 20, max: 2500 }, () => {
          world.servers.get(server)?.process.kill(world.net);
          if (fault === 'lose disk') world.loseDisk(server);
          return () => world.startServer(server);
        });
        return;
      case 'power off server':
        this.#begin(server, fault, { min: 200, max: 2500 }, () => {
          world.servers.get(server)?.process.kill(world.net);
          world.net.crash(server, 'power');
          return () => world.startServer(server);
        });
        return;
      case 'pause server': {
        const process = world.servers.get(server)?.process;
        this.#begin(server, fault, { min: 50, max: 2500 }, () => {
          process?.pause();
          return () => process?.resume();
        });
        return;
      }
      case 'isolate server':
        this.#begin(`net of ${server}`, fault, { min: 100, max: 2500 }, () => {
          for (const name of [...world.redirectorNames, 'api']) world.net.partition(name, server);
          return () => {
            for (const name of [...world.redirectorNames, 'api']) world.net.heal(name, server);
          };
        });
        return;
      case 'cut one link':
        this.#begin(`link ${redirector} ${server}`, fault, { min: 100, max: 2500 }, () => {
          world.net.partition(redirector, server, chance(this.#rng, 0.5) ? 'both' : 'one');
          return () => {
            world.net.heal(redirector, server);
          };
        });
        return;
      case 'cut store from redirector':
        this.#begin(`store of ${redirector}`, fault, { min: 50, max: 2500 }, () => {
          world.storeWorld.cutOff.add(redirector);
          return () => void world.storeWorld.cutOff.delete(redirector);
        });
        return;
      case 'store down':
        this.#begin('store', fault, { min: 50, max: 1500 }, () => {
          world.storeWorld.isDown = true;
          return () => {
            world.storeWorld.isDown = false;
          };
        });
        return;
      case 'crash api':
        this.#begin('api', fault, { min: 50, max: 1500 }, () => {
          world.killApi();
          return () => world.startApi();
        });
        return;
    }
  }

  #begin(
    what: string,
    fault: Fault,
    { min, max }: { readonly min: number; readonly max: number },
    harm: () => () => void | Promise<void>,
  ): void {
    if (this.#mends.has(what)) return;
    this.#world.say(`${fault}: ${what}`);
    this.#mends.set(what, harm());
    this.#world.clock.after(between(this.#rng, min, max), () => {
      void this.#mend(what);
    });
  }

  async #mend(what: string): Promise<void> {
    const mend = this.#mends.get(what);
    if (mend === undefined) return;
    this.#mends.delete(what);
    this.#world.say(`mended: ${what}`);
    await mend();
  }
}

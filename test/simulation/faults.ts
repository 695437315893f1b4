import type { Rng } from '../../core/rng.js';
import { between, chance, pick, shuffled } from '../../core/rng.js';
import type { World } from './world.js';

/** One piece of harm: what it is done to, how long it lasts, and what ends it. */
export interface Harm {
  /** Nothing is harmed twice at once. */
  readonly to: string;
  readonly minMs: number;
  readonly maxMs: number;
  readonly begin: () => Mend;
}

export type Mend = () => void | Promise<void>;

/** The kinds of harm that a seed may do. Undefined: not now. */
const KINDS = {
  'crash redirector': (world, rng) => crashedRedirector(world, pick(rng, world.shape.redirectors)),
  'crash coordinator': (world) => crashedRedirector(world, world.coordinator),
  'stop redirector': (world, rng) => {
    const name = pick(rng, world.shape.redirectors);
    return {
      to: name,
      minMs: 300,
      maxMs: 1500,
      begin: () => {
        const stopped = world.stopRedirector(name);
        return async () => {
          // Whoever waits for it loses patience.
          await Promise.race([stopped, world.clock.sleep(500)]);
          world.startRedirector(name);
        };
      },
    };
  },
  'pause redirector': (world, rng) => pausedRedirector(world, pick(rng, world.shape.redirectors)),
  'pause coordinator': (world) => pausedRedirector(world, world.coordinator),
  'crash server': (world, rng) => killedServer(world, rng, { minMs: 20 }),
  'lose disk': (world, rng) =>
    killedServer(world, rng, {
      minMs: 20,
      also: (name) => {
        world.loseDisk(name);
      },
    }),
  'power off server': (world, rng) =>
    killedServer(world, rng, {
      minMs: 200,
      also: (name) => {
        world.net.crash(name, 'power');
      },
    }),
  'pause server': (world, rng) => {
    const name = pick(rng, world.shape.servers);
    return {
      to: name,
      minMs: 50,
      maxMs: 2500,
      begin: () => {
        const process = world.servers.get(name)?.process;
        process?.pause();
        return () => process?.resume();
      },
    };
  },
  'flapping server': (world, rng) => {
    const name = pick(rng, world.shape.servers);
    return { to: name, minMs: 800, maxMs: 3000, begin: () => flap(world, rng, name) };
  },
  'isolate server': (world, rng) => {
    const name = pick(rng, world.shape.servers);
    const others = [...world.shape.redirectors, 'api'];
    return {
      to: `net of ${name}`,
      minMs: 100,
      maxMs: 2500,
      begin: () => {
        for (const other of others) world.net.partition(other, name);
        return () => {
          for (const other of others) world.net.heal(other, name);
        };
      },
    };
  },
  'slow server': (world, rng) => {
    const name = pick(rng, world.shape.servers);
    return {
      to: `pace of ${name}`,
      minMs: 200,
      maxMs: 2000,
      begin: () => {
        world.slowness.set(name, between(rng, 5, 80));
        return () => void world.slowness.delete(name);
      },
    };
  },
  'cut one link': (world, rng) => {
    const redirector = pick(rng, world.shape.redirectors);
    const server = pick(rng, world.shape.servers);
    const [from, to] = chance(rng, 0.5) ? [redirector, server] : [server, redirector];
    return {
      to: `link ${redirector} ${server}`,
      minMs: 100,
      maxMs: 2500,
      begin: () => {
        world.net.partition(from, to, chance(rng, 0.4) ? 'both' : 'one');
        return () => {
          world.net.heal(redirector, server);
        };
      },
    };
  },
  // One redirector and one server on the one side; the others and the store on the other.
  split: (world, rng) => {
    const redirector = pick(rng, world.shape.redirectors);
    const server = pick(rng, world.shape.servers);
    const others = [...world.shape.redirectors, 'api'].filter((name) => name !== redirector);
    return {
      to: `side of ${redirector}`,
      minMs: 800,
      maxMs: 2500,
      begin: () => {
        world.store.cutOff.add(redirector);
        for (const other of others) world.net.partition(other, server);
        return () => {
          world.store.cutOff.delete(redirector);
          for (const other of others) world.net.heal(other, server);
        };
      },
    };
  },
  swizzle: (world, rng) => ({
    to: 'all links',
    minMs: 1000,
    maxMs: 2500,
    begin: () => swizzle(world, rng),
  }),
  'cut store from redirector': (world, rng) => {
    const name = pick(rng, world.shape.redirectors);
    return {
      to: `store of ${name}`,
      minMs: 50,
      maxMs: 2500,
      begin: () => {
        world.store.cutOff.add(name);
        return () => void world.store.cutOff.delete(name);
      },
    };
  },
  'store down': (world) => ({
    to: 'store',
    minMs: 50,
    maxMs: 1500,
    begin: () => {
      world.store.isDown = true;
      return () => {
        world.store.isDown = false;
      };
    },
  }),
  'slow store': (world, rng) => ({
    to: 'pace of store',
    minMs: 200,
    maxMs: 2000,
    begin: () => {
      world.store.delayMs = between(rng, 5, 90);
      return () => {
        world.store.delayMs = 0;
      };
    },
  }),
  'late store': (world) => ({
    to: 'order of store',
    minMs: 300,
    maxMs: 2500,
    begin: () => {
      world.store.lateCallProbability = 0.1;
      return () => {
        world.store.lateCallProbability = 0;
      };
    },
  }),
  'put store back': (world) => restoredStore(world, () => world.putStoreBack()),
  'lose store': (world) => {
    if (world.store.isPutBack) return undefined;
    return {
      to: 'store',
      minMs: 20,
      maxMs: 200,
      begin: () => {
        world.store.isDown = true;
        return async () => {
          world.store.isDown = false;
          world.store.forgetBackup();
          await world.putStoreBack();
        };
      },
    };
  },
  // As where all is one process with its data directory: nobody's memory outlives it.
  'restore service': (world) => restoredStore(world, () => world.restartService()),
  'crash api': (world) => ({
    to: 'api',
    minMs: 50,
    maxMs: 1500,
    begin: () => {
      world.killApi();
      return () => {
        world.startApi();
      };
    },
  }),
  'pause api': (world) => ({
    to: 'api',
    minMs: 50,
    maxMs: 1500,
    begin: () => {
      const process = world.api;
      process?.pause();
      return () => process?.resume();
    },
  }),
  'wall clock': (world, rng) => {
    const name = pick(rng, [...world.shape.redirectors, 'forecaster']);
    return {
      to: `clock of ${name}`,
      minMs: 100,
      maxMs: 2500,
      begin: () => {
        world.setWallClock(name, pick(rng, [-3_600_000, -2000, 2000, 3_600_000]));
        return () => {
          world.setWallClock(name, 0);
        };
      },
    };
  },
} as const satisfies Record<string, (world: World, rng: Rng) => Harm | undefined>;

export type Fault = keyof typeof KINDS;
export const FAULTS = Object.keys(KINDS) as Fault[];

/** These touch nothing that requests need. */
export const CONTROL_FAULTS: ReadonlySet<Fault> = new Set<Fault>([
  'cut store from redirector',
  'store down',
  'slow store',
  'late store',
  'crash api',
  'pause api',
  'wall clock',
]);

export function harmOf(fault: Fault, world: World, rng: Rng): Harm | undefined {
  const kind: (world: World, rng: Rng) => Harm | undefined = KINDS[fault];
  return kind(world, rng);
}

function crashedRedirector(world: World, name: string | undefined): Harm | undefined {
  if (name === undefined) return undefined;
  return {
    to: name,
    minMs: 20,
    maxMs: 1500,
    begin: () => {
      world.killRedirector(name);
      return () => {
        world.startRedirector(name);
      };
    },
  };
}

/** Dead, with whatever else befalls it, and started again. */
function killedServer(
  world: World,
  rng: Rng,
  { minMs, also }: { readonly minMs: number; readonly also?: (name: string) => void },
): Harm {
  const name = pick(rng, world.shape.servers);
  return {
    to: name,
    minMs,
    maxMs: 2500,
    begin: () => {
      world.killServer(name);
      also?.(name);
      return () => world.startServer(name);
    },
  };
}

/** A backup is made, and put back once it is old; at most once a run. */
function restoredStore(world: World, restore: () => Promise<void>): Harm | undefined {
  if (world.store.isPutBack) return undefined;
  return {
    to: 'store',
    minMs: 20,
    maxMs: 1500,
    begin: () => {
      const made = world.store.backUp();
      return async () => {
        await made;
        await restore();
      };
    },
  };
}

function pausedRedirector(world: World, name: string | undefined): Harm | undefined {
  if (name === undefined) return undefined;
  return {
    to: name,
    minMs: 50,
    maxMs: 2500,
    begin: () => {
      const process = world.redirectors.get(name)?.process;
      process?.pause();
      return () => process?.resume();
    },
  };
}

/** Down and up again and again, until it is told to stay up. */
function flap(world: World, rng: Rng, name: string): Mend {
  let isOver = false;
  let isUp = true;
  const turn = (): void => {
    if (isOver) return;
    if (isUp) world.killServer(name);
    else void world.startServer(name);
    isUp = !isUp;
    world.say(`${name} flaps ${isUp ? 'up' : 'down'}`);
    world.clock.after(between(rng, 60, 500), turn);
  };
  turn();
  return async () => {
    isOver = true;
    if (!isUp) await world.startServer(name);
  };
}

/** FoundationDB's swizzle-clog: links stop one by one, and go on in another order. */
function swizzle(world: World, rng: Rng): Mend {
  const { redirectors, servers } = world.shape;
  const links = [...redirectors, 'api'].flatMap((from) =>
    servers.map((to): readonly [string, string] => [from, to]),
  );
  const some = links.filter(() => chance(rng, 0.6));
  let isOver = false;
  for (const [at, [from, to]] of shuffled(rng, some).entries()) {
    world.clock.after(50 * at, () => {
      if (!isOver) world.net.partition(from, to);
    });
  }
  return async () => {
    isOver = true;
    for (const [from, to] of shuffled(rng, some)) {
      world.net.heal(from, to);
      await world.clock.sleep(between(rng, 5, 50));
    }
  };
}

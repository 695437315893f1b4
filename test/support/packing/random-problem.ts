import type { Rng } from '../../../core/rng.js';
import { SeededRng, between, chance, integerBelow, pick } from '../../../core/rng.js';
import type {
  ProblemFile,
  ProblemFileInput,
} from '../../../forecaster/planner/packing/problem-file.js';
import { problemFileSchema } from '../../../forecaster/planner/packing/problem-file.js';

/** A problem of every kind that a seed can think of: limits of all sorts, some broken at the start, some hopeless. */
export function randomProblem(seed: number, { small = false } = {}): ProblemFile {
  const rng = new SeededRng(seed);
  const dimensions = ['cpu', 'disk', 'net'].slice(0, 1 + integerBelow(rng, 3));
  const steps = pick(rng, [1, 1, 2, 6]);
  const serverCount = 1 + integerBelow(rng, small ? 3 : 7);
  const count = integerBelow(rng, small ? 6 : 25);
  const fill = between(rng, 0.2, 1.1);
  const names = Array.from({ length: serverCount }, (_hole, at) => `s${at}`);
  const groups = Array.from({ length: integerBelow(rng, 5) }, (_hole, at) => `g${at}`);
  // Some in tenths, where servers are filled to the brim, but for roundings.
  const unit = chance(rng, 0.3) ? 0.1 : null;
  const mean = (fill * serverCount * 100) / Math.max(1, count);
  const input: ProblemFileInput = {
    format: 'foreshift-problem/1',
    steps,
    dimensions: dimensions.map((name) => ({
      name,
      transient: chance(rng, 0.3),
      softWeight: pick(rng, [null, 1, 10]),
    })),
    servers: names.map((name) => ({
      name,
      capacity: loads(
        rng,
        dimensions,
        () => pick(rng, [0, 50, 50, 100, 100, 100, 200, 200]) * (unit ?? 1),
      ),
      ...(chance(rng, 0.5)
        ? { soft: loads(rng, dimensions, () => between(rng, 20, 120) * (unit ?? 1)) }
        : {}),
      ...(chance(rng, 0.2) ? { base: { cpu: between(rng, 0, 20) * (unit ?? 1) } } : {}),
      zones: { rack: pick(rng, ['a', 'b', 'c']), room: pick(rng, ['x', 'y']) },
      state: pick(rng, ['ready', 'ready', 'ready', 'ready', 'ready', 'draining', 'lost', 'spare']),
    })),
    resources: Array.from({ length: count }, (_hole, at) => ({
      name: `r${at}`,
      server: chance(rng, 0.1) ? null : pick(rng, names),
      demand: loads(rng, dimensions, () => path(rng, steps, mean, unit)),
      group: groups.length > 0 && chance(rng, 0.5) ? pick(rng, groups) : null,
      ...(chance(rng, 0.15) ? { allowed: names.filter(() => chance(rng, 0.6)) } : {}),
      ...(chance(rng, 0.08) ? { pinned: pick(rng, names) } : {}),
      fixed: chance(rng, 0.05),
      moveCost: between(rng, 0, 2),
      moveWeight: between(rng, 0, 10),
      movedMs: chance(rng, 0.2) ? -between(rng, 0, 7_200_000) : null,
    })),
    groups: groups.map((name) => ({
      name,
      apart: chance(rng, 0.5),
      spread: chance(rng, 0.4) ? { over: 'rack', min: 1 + integerBelow(rng, 3) } : null,
      needs: chance(rng, 0.3)
        ? [{ group: pick(rng, groups), within: pick(rng, ['rack', 'room']) }]
        : [],
    })),
    moves: {
      max: chance(rng, 0.2) ? integerBelow(rng, 6) : null,
      weightMax: chance(rng, 0.2) ? between(rng, 0, 40) : null,
      perServerMax: chance(rng, 0.2) ? integerBelow(rng, 4) : null,
      weightPerServerMax: chance(rng, 0.15) ? between(rng, 0, 20) : null,
      perHourMax: chance(rng, 0.1) ? integerBelow(rng, 6) : null,
      weightPerHourMax: chance(rng, 0.1) ? between(rng, 0, 40) : null,
      costWeight: pick(rng, [0, 0.1, 1]),
      busiestGroupWeight: pick(rng, [0, 1]),
      distances: chance(rng, 0.3) ? names.map(() => names.map(() => integerBelow(rng, 3))) : null,
    },
    objective: { target: pick(rng, [0.6, 0.8, 1]), evenWeight: pick(rng, [0, 0, 1]) },
  };
  return problemFileSchema.parse(seed % BUSY_EVERY === 0 ? busy(input, seed) : input);
}

/** In one problem of so many, sessions and what is under way have a price. */
const BUSY_EVERY = 3;

function busy(input: ProblemFileInput, seed: number): ProblemFileInput {
  const rng = new SeededRng(seed + 1);
  return {
    ...input,
    resources: input.resources.map((resource) => ({
      ...resource,
      sessions: integerBelow(rng, 50),
      inFlight: integerBelow(rng, 10),
    })),
    moves: {
      ...input.moves,
      sessionWeight: pick(rng, [0, 0.01, 0.1]),
      inFlightWeight: pick(rng, [0, 0.05, 1]),
    },
  };
}

function loads<T>(rng: Rng, dimensions: readonly string[], value: () => T): Record<string, T> {
  const some = dimensions.filter(() => chance(rng, 0.9));
  return Object.fromEntries(some.map((name) => [name, value()]));
}

function path(rng: Rng, steps: number, mean: number, unit: number | null): number | number[] {
  const size = mean * 0.5 * (1 / (0.15 + rng.next()));
  const rounded = (value: number): number =>
    unit === null ? value : Math.ceil(value / 5) * 5 * unit;
  if (chance(rng, 0.3)) return rounded(size);
  return Array.from({ length: steps }, () => rounded(size * between(rng, 0.3, 1.7)));
}

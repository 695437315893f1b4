import type { Dimension } from '../../../core/domain.js';
import { DIMENSIONS } from '../../../core/domain.js';
import type { Rng } from '../../../core/rng.js';
import { SeededRng, between, chance, integerBelow, pick } from '../../../core/rng.js';
import type { PlannerOptions, PlanningInputs } from '../../../forecaster/planner/inputs.js';
import type { TestFleet, TestResource, TestServer } from './inputs.js';
import { START_MS, inputsOf } from './inputs.js';

/** A fleet of every kind that a seed can think of: sizes, shapes, states, pins, tight and roomy ones. */
export function randomInputs(seed: number): PlanningInputs {
  const inputs = inputsOf(randomFleet(seed));
  if (seed % NEEDS_EVERY !== 1) return { ...inputs, seed };
  const groups = needy(new SeededRng(seed + 1), inputs.options.groups);
  return { ...inputs, seed, options: { ...inputs.options, groups } };
}

/** In one fleet of so many groups need others. */
const NEEDS_EVERY = 4;

/** The same groups by name, some of which need some of the others. */
function needy(rng: Rng, given: PlannerOptions['groups']): PlannerOptions['groups'] {
  const plain = ['r1*', 'r2*', 'r*'].map((match) => {
    return { match, each: false, apart: false, zonesMin: 1 };
  });
  const groups = given.length > 1 ? given : plain;
  return groups.map((group, at) => ({
    ...group,
    // Small ones, too, so that what can be kept is not rare.
    zonesMin: pick(rng, [1, 1, group.zonesMin]),
    name: `g${at}`,
    needs: groups.flatMap(({ each }, other) =>
      other !== at && (!each || group.each) && chance(rng, 0.4) ? [`g${other}`] : [],
    ),
  }));
}

function randomFleet(seed: number): TestFleet {
  const rng = new SeededRng(seed);
  const dimensions = DIMENSIONS.slice(0, 1 + integerBelow(rng, 3));
  const steps = pick(rng, [1, 2, 6, 12]);
  const serverIds = idsOf('s', 1 + integerBelow(rng, 7));
  const isPlain = chance(rng, 0.3);
  const servers = Object.fromEntries(
    serverIds.map((id) => [id, serverOf(rng, dimensions, isPlain)]),
  );
  const count = integerBelow(rng, 30);
  // The mean resource, such that the fleet is between nearly idle and overfull.
  const fill = between(rng, 0.1, 1.3);
  const mean = (fill * serverIds.length * 100) / Math.max(1, count);
  const isResumed = chance(rng, 0.3);
  const resources = Object.fromEntries(
    idsOf('r', count).map((id) => [
      id,
      resourceOf(rng, { dimensions, steps, serverIds, mean, isPlain, isResumed }),
    ]),
  );
  return {
    servers,
    resources,
    steps,
    options: {
      gainMin: pick(rng, [0, 0.02, 0.05, 0.2]),
      reliefMin: pick(rng, [0, 0.05, 0.3]),
      movesMax: pick(rng, [1, 3, 16, 100]),
      ...(chance(rng, 0.2) ? { movesPerServerMax: 1 + integerBelow(rng, 3) } : {}),
      ...(chance(rng, 0.2) ? { movesPerHourMax: 1 + integerBelow(rng, 6) } : {}),
      batchMovesMax: pick(rng, [1, 2, 8]),
      unservedBatchMovesMax: pick(rng, [1, 3, 250]),
      target: pick(rng, [0.6, 0.8, 1]),
      quantile: pick(rng, [0.5, 0.85, 0.95]),
      imbalanceMax: pick(rng, [1.1, 1.5, 3]),
      imbalanceLoadMin: pick(rng, [0, 0.4]),
      workUnits: 20_000,
      headroom: pick(rng, ['none', 'none', 'none', 'server', 'zone']),
      groups: chance(rng, 0.4) ? groupsOf(rng) : [],
      ...(chance(rng, 0.2) ? { bytesMax: between(rng, 10, 200) } : {}),
      ...(chance(rng, 0.2) ? { bytesPerServerMax: between(rng, 10, 100) } : {}),
      ...(chance(rng, 0.2) ? { bytesPerHourMax: between(rng, 10, 300) } : {}),
    },
    restraint: isPlain || chance(rng, 0.9) ? null : { why: 'paused' },
  };
}

/** Resources are `r0`, `r1`, …: what ends alike, or begins alike, belongs together. */
function groupsOf(rng: Rng): PlannerOptions['groups'] {
  const matches = ['r1*', 'r*3', 'r*5', 'r2*', 'r*'].filter(() => chance(rng, 0.4));
  return matches.map((match) => ({
    match,
    each: match === 'r1*' && chance(rng, 0.5),
    apart: chance(rng, 0.6),
    zonesMin: pick(rng, [1, 1, 2, 3]),
  }));
}

function idsOf(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_hole, index) => `${prefix}${index}`);
}

function serverOf(rng: Rng, dimensions: readonly Dimension[], isPlain: boolean): TestServer {
  const capacity = Object.fromEntries(
    dimensions
      .filter(() => isPlain || chance(rng, 0.9))
      .map((dimension) => [dimension, isPlain ? 100 : pick(rng, [50, 100, 100, 200])]),
  );
  if (isPlain) return { capacity };
  return {
    capacity,
    state: pick(rng, ['ready', 'ready', 'ready', 'ready', 'draining', 'maintenance', 'lost']),
    spare: chance(rng, 0.15),
    zone: pick(rng, [null, 'a', 'b']),
    base: chance(rng, 0.2) ? { [dimensions[0]!]: between(rng, 0, 20) } : {},
  };
}

interface Shape {
  readonly dimensions: readonly Dimension[];
  readonly steps: number;
  readonly serverIds: readonly string[];
  readonly mean: number;
  readonly isPlain: boolean;
  /** A plan waits. */
  readonly isResumed: boolean;
}

function resourceOf(rng: Rng, shape: Shape): TestResource {
  const { dimensions, serverIds, isPlain, isResumed } = shape;
  const needs = Object.fromEntries(
    dimensions
      .filter(() => isPlain || chance(rng, 0.95))
      .map((dimension) => [dimension, needOf(rng, shape)]),
  );
  // Skewed, so that some servers are full at the start.
  const on = serverIds[Math.floor(rng.next() * rng.next() * serverIds.length)]!;
  if (isPlain) return { on, needs };
  const special = rng.next();
  return {
    needs,
    on: chance(rng, 0.1) ? null : on,
    spread: pick(rng, [0, 0.2, 1]),
    loading: pick(rng, [0, 0.3, 0.9]),
    movedAtMs: chance(rng, 0.2) ? START_MS - between(rng, 0, 7_200_000) : null,
    ...(special < 0.1 ? { pinned: pick(rng, serverIds) } : {}),
    ...(special > 0.95 ? { movingTo: pick(rng, serverIds) } : {}),
    ...(chance(rng, 0.2) ? { eligible: serverIds.filter(() => chance(rng, 0.6)) } : {}),
    ...(chance(rng, 0.5) ? { standby: pick(rng, serverIds) } : {}),
    ...(isResumed && chance(rng, 0.3) ? { wanted: pick(rng, serverIds) } : {}),
  };
}

/** Heavy-tailed sizes that rise and fall over the horizon. */
function needOf(rng: Rng, { steps, mean, isPlain }: Shape): number[] {
  const size = isPlain ? Math.ceil(mean * 2 * rng.next()) : mean * 0.5 * (1 / (0.15 + rng.next()));
  const swing = isPlain ? 0 : between(rng, 0, 1);
  const phase = rng.next();
  return Array.from({ length: steps }, (_hole, step) => {
    const wave = Math.sin(2 * Math.PI * (step / steps + phase));
    return Math.max(0, size * (1 + swing * wave));
  });
}

import { expect, it } from '@jest/globals';
import { SeededRng } from '../../core/rng.js';
import type { Workload } from '../support/workloads.js';
import { workload, WORKLOADS } from '../support/workloads.js';

/** Quantiles of steps and of the peak, in order of time; quantiles ascending. */
export interface SaidOfLoad {
  /** [quantiles × horizon] */
  readonly paths: Float32Array;
  readonly peaks: Float32Array;
}

/** No forecast is above so many times the highest value that was seen. */
const CEILING = 10;
/** What is spoilt; loads as they were are of all kinds. */
const SPOILT: readonly Workload[] = ['daily', 'bursty', 'idle'];

/** What is done to a load; the same each time. */
const FAULTS: Readonly<Record<string, (values: Float32Array) => Float32Array>> = {
  'NaN here and there': (values) => scattered(values, 0.05, () => NaN),
  'infinities of both signs': (values) =>
    scattered(values, 0.05, (rng) => (rng.next() < 0.5 ? Infinity : -Infinity)),
  'a fifth missing': (values) => scattered(values, 0.2, () => NaN),
  'all missing but the last': (values) =>
    values.map((value, step) => (step === values.length - 1 ? value : NaN)),
  'nothing but gaps at the end': (values) =>
    values.map((value, step) => (step > values.length / 2 ? NaN : value)),
  'all zero': (values) => values.map(() => 0),
  constant: (values) => values.map(() => 42),
  negative: (values) => scattered(values, 0.1, () => -5),
  'four times as much from the last steps on': (values) =>
    values.map((value, step) => (step >= values.length - 6 ? 4 * value : value)),
  'absurd spikes': (values) => scattered(values, 0.01, () => 1e30),
  'the largest number there is': (values) => scattered(values, 0.01, () => 3.4e38),
  'smaller than can be counted': (values) => values.map((value) => value * 1e-38),
};

/** Lengths of history, the last one whole; three samples and fewer are history too. */
const LENGTHS = [1, 2, 3, 4, 40] as const;

/** Whatever a load was, what is said of it is finite, not negative, in order, and not absurd. */
export function describeBadInput(steps: number, say: (values: Float32Array) => SaidOfLoad): void {
  const problemsOf = (kind: Workload, spoil: (values: Float32Array) => Float32Array): string[] =>
    [...LENGTHS, steps].flatMap((length) => {
      const values = spoil(workload(kind, length));
      return problemsIn(say(values), highestOf(values)).map(
        (problem) => `${kind} of ${length}: ${problem}`,
      );
    });

  it('makes quantiles that are finite, not negative, in order and not absurd, on every load', () => {
    expect(WORKLOADS.flatMap((kind) => problemsOf(kind, (values) => values))).toEqual([]);
  });

  for (const [fault, spoil] of Object.entries(FAULTS)) {
    it(`makes such quantiles of a load with bad input: ${fault}`, () => {
      expect(SPOILT.flatMap((kind) => problemsOf(kind, spoil))).toEqual([]);
    });
  }
}

function problemsIn({ paths, peaks }: SaidOfLoad, highest: number): string[] {
  const quantiles = peaks.length;
  const horizon = paths.length / quantiles;
  const steps = Array.from({ length: horizon }, (_, h) =>
    Array.from({ length: quantiles }, (_, q) => paths[q * horizon + h]!),
  );
  return [...steps, [...peaks]].flatMap((ascending, h) => {
    const what = h === horizon ? 'peak' : `step ${h + 1}`;
    const isSound = ascending.every(
      (value, q) => Number.isFinite(value) && value >= 0 && value >= (ascending[q - 1] ?? 0),
    );
    const isLow = (ascending.at(-1) ?? NaN) <= CEILING * highest * (1 + 1e-4);
    return isSound && isLow ? [] : [`${what} ${ascending.join(' ')}, highest ${highest}`];
  });
}

/** A share of the values is another. */
function scattered(
  values: Float32Array,
  share: number,
  other: (rng: SeededRng) => number,
): Float32Array {
  const rng = new SeededRng(7);
  return values.map((value) => (rng.next() < share ? other(rng) : value));
}

function highestOf(values: Float32Array): number {
  return values.reduce((most, value) => (Number.isFinite(value) && value > most ? value : most), 0);
}

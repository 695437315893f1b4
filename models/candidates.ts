import { select } from './selection.js';
import { strideOf } from './targets.js';

// Held here: a look at a global on every step is slow where globals are guarded, as in test sandboxes.
const { abs, fround, max, min, sqrt } = Math;

/** For quantiles of steps so large a part of the origins counts: errors of neighbours are alike, and those who made the least were chosen. */
const STEPS_ALONE = 0.5;
/** Quantiles whose losses are added up side by side. */
const AT_ONCE = 3;

export interface CandidatesShape {
  readonly horizonSteps: number;
  /** Origins of a rehearsal. */
  readonly origins: number;
  /** Paths of all models together, at most 127. */
  readonly paths: number;
  /** Ascending, 0.5 among them. */
  readonly quantiles: readonly number[];
}

/** What came of one target, and where: cells of what was said, or for peaks the first cells of horizons. */
interface Came {
  readonly cells: Int32Array;
  readonly values: Float32Array;
  readonly roots: Float32Array;
  count: number;
}

/** What one path said of a target and by how much it missed what came, as values and as roots. */
interface Pairs {
  readonly came: Float32Array;
  readonly said: Float32Array;
  readonly saidRoots: Float32Array;
  /** To be reordered, each; as single as what they are made of. */
  readonly errors: Float64Array;
  readonly rootErrors: Float64Array;
  count: number;
}

/**
 * How every candidate for one target of a series would have done at past origins: its shift and its loss for each quantile,
 * those of the target that was judged last. Candidate `path · 2` is the path moved by a difference of values, `path · 2 + 1`
 * by one of roots.
 */
export class Candidates {
  /** [quantiles × candidates]; `Infinity`: could not be judged. */
  readonly losses: Float64Array;
  readonly shifts: Float64Array;
  readonly #shape: CandidatesShape;
  readonly #actual: Float32Array;
  readonly #came: Came;
  readonly #pairs: Pairs;
  #originsKnown = 0;

  /** @param actual [origins × horizon] what came of the series, whoever fills it; NaN: not known */
  constructor(shape: CandidatesShape, actual: Float32Array) {
    const { paths, quantiles } = shape;
    this.#shape = shape;
    this.#actual = actual;
    const cells = actual.length;
    const room = (): Float32Array => new Float32Array(cells);
    this.#came = { cells: new Int32Array(cells), values: room(), roots: room(), count: 0 };
    this.#pairs = {
      came: room(),
      said: room(),
      saidRoots: room(),
      errors: new Float64Array(cells),
      rootErrors: new Float64Array(cells),
      count: 0,
    };
    this.losses = new Float64Array(quantiles.length * paths * 2);
    this.shifts = new Float64Array(quantiles.length * paths * 2);
  }

  /** Another series, whose `actual` is there. @param origins how many of it are known */
  begin(origins: number): void {
    this.#originsKnown = origins;
  }

  /** Of a group of steps, a few of which are looked at. @param said [paths × origins × horizon] */
  judgeSteps(said: Float32Array, from: number, to: number): void {
    this.#takeSteps(from, to);
    for (let path = 0; path < this.#shape.paths; path++) {
      this.#pairSteps(said, path);
      this.#judge(path, true);
    }
  }

  /** Of the peak over the horizon. */
  judgePeaks(said: Float32Array): void {
    this.#takePeaks();
    for (let path = 0; path < this.#shape.paths; path++) {
      this.#pairPeaks(said, path);
      this.#judge(path, false);
    }
  }

  #takeSteps(from: number, to: number): void {
    const { horizonSteps, origins } = this.#shape;
    const stride = strideOf(from, to);
    this.#came.count = 0;
    for (let k = 0; k < origins; k++) {
      for (let cell = k * horizonSteps + from; cell < k * horizonSteps + to; cell += stride) {
        this.#take(cell, this.#actual[cell]!);
      }
    }
  }

  /** Peaks of horizons that are known by half at least. */
  #takePeaks(): void {
    const { horizonSteps, origins } = this.#shape;
    this.#came.count = 0;
    for (let k = 0; k < origins; k++) {
      const cell = k * horizonSteps;
      let known = 0;
      for (let h = 0; h < horizonSteps; h++) {
        if (!Number.isNaN(this.#actual[cell + h]!)) known++;
      }
      if (known * 2 >= horizonSteps) this.#take(cell, peakOf(this.#actual, cell, horizonSteps));
    }
  }

  #take(cell: number, value: number): void {
    if (Number.isNaN(value)) return;
    const came = this.#came;
    const at = came.count++;
    came.cells[at] = cell;
    came.values[at] = value;
    came.roots[at] = sqrt(value);
  }

  #pairSteps(said: Float32Array, path: number): void {
    const { horizonSteps, origins } = this.#shape;
    const { cells, count } = this.#came;
    const base = path * origins * horizonSteps;
    this.#pairs.count = 0;
    for (let at = 0; at < count; at++) this.#pair(said[base + cells[at]!]!, at);
  }

  #pairPeaks(said: Float32Array, path: number): void {
    const { horizonSteps, origins } = this.#shape;
    const { cells, count } = this.#came;
    const base = path * origins * horizonSteps;
    this.#pairs.count = 0;
    for (let at = 0; at < count; at++) {
      this.#pair(peakOf(said, base + cells[at]!, horizonSteps), at);
    }
  }

  #pair(value: number, of: number): void {
    if (Number.isNaN(value)) return;
    const { values, roots } = this.#came;
    const pairs = this.#pairs;
    const at = pairs.count++;
    pairs.came[at] = values[of]!;
    pairs.said[at] = value;
    pairs.saidRoots[at] = sqrt(value);
    pairs.errors[at] = fround(values[of]! - value);
    pairs.rootErrors[at] = fround(roots[of]! - pairs.saidRoots[at]);
  }

  /** Shift and loss of the two candidates that a path makes, for each quantile. */
  #judge(path: number, isStep: boolean): void {
    const { quantiles, paths } = this.#shape;
    const { errors, rootErrors, count } = this.#pairs;
    const alone = this.#originsKnown * (isStep ? STEPS_ALONE : 1);
    const stride = paths * 2;
    for (const isRoot of [false, true]) {
      const candidate = path * 2 + (isRoot ? 1 : 0);
      const missed = isRoot ? rootErrors : errors;
      let smaller = 0;
      for (const [q, quantile] of quantiles.entries()) {
        const at = q * stride + candidate;
        this.shifts[at] = 0;
        if (isStep && quantile === 0.5) continue;
        const place = placeIn(count, quantile, alone);
        this.shifts[at] = conformalQuantile(missed, { count, place, from: smaller });
        smaller = max(0, Math.floor(place));
      }
      for (let q = 0; q < quantiles.length; q += AT_ONCE) this.#weigh(q, candidate, isRoot);
      // The median of the steps is not shifted: once is enough.
      if (isStep && isRoot) this.losses[quantiles.indexOf(0.5) * stride + candidate] = Infinity;
    }
  }

  /** Mean pinball losses of a candidate from quantile `q` on, `AT_ONCE` of them: no sum waits for the others. */
  #weigh(q: number, candidate: number, isRoot: boolean): void {
    const { quantiles, paths } = this.#shape;
    const { count, said, saidRoots, came } = this.#pairs;
    const last = quantiles.length - 1;
    const atOf = (more: number): number => min(q + more, last) * paths * 2 + candidate;
    const [at0, at1, at2] = [atOf(0), atOf(1), atOf(2)];
    const shift0 = this.shifts[at0]!;
    const shift1 = this.shifts[at1]!;
    const shift2 = this.shifts[at2]!;
    // Sums of what is missed and of its sizes say how much of it is above and how much below: without a branch that nobody could foresee.
    let miss0 = 0;
    let miss1 = 0;
    let miss2 = 0;
    let size0 = 0;
    let size1 = 0;
    let size2 = 0;
    for (let at = 0; at < count; at++) {
      const value = came[at]!;
      let over0: number;
      let over1: number;
      let over2: number;
      if (isRoot) {
        const root = saidRoots[at]!;
        over0 = value - squareOf(root + shift0);
        over1 = value - squareOf(root + shift1);
        over2 = value - squareOf(root + shift2);
      } else {
        const error = value - said[at]!;
        over0 = error - shift0;
        over1 = error - shift1;
        over2 = error - shift2;
      }
      miss0 += over0;
      miss1 += over1;
      miss2 += over2;
      size0 += abs(over0);
      size1 += abs(over1);
      size2 += abs(over2);
    }
    const lossOf = (quantile: number, missed: number, size: number): number =>
      count === 0 ? Infinity : (size + (2 * quantile - 1) * missed) / (2 * count);
    this.losses[at0] = lossOf(quantiles[q]!, miss0, size0);
    this.losses[at1] = lossOf(quantiles[min(q + 1, last)]!, miss1, size1);
    this.losses[at2] = lossOf(quantiles[min(q + 2, last)]!, miss2, size2);
  }
}

/** Of a root, which is none below zero. */
function squareOf(root: number): number {
  const twice = root + abs(root);
  return 0.25 * twice * twice;
}

/**
 * The error that is large enough in a share q of cases, as far as so few origins can tell: split conformal
 * prediction takes the ⌈(n + 1)·q⌉-th of n, and it is the origins that are independent, not the steps of one.
 * Between the two errors next to the place; the largest (smallest) if there are too few. Errors are
 * reordered; those before `from` are known to be smaller.
 */
function conformalQuantile(
  errors: Float64Array,
  { count, place, from }: { readonly count: number; readonly place: number; readonly from: number },
): number {
  if (count === 0) return NaN;
  const below = min(count - 1, max(0, Math.floor(place)));
  const low = select(errors, below, min(from, below), count);
  const share = min(1, max(0, place - below));
  if (share === 0 || below + 1 === count) return low;
  let high = Infinity;
  for (let at = below + 1; at < count; at++) if (errors[at]! < high) high = errors[at]!;
  return low + share * (high - low);
}

/** Where the quantile stands among `count` sorted errors that count as from `origins` independent origins. */
function placeIn(count: number, quantile: number, origins: number): number {
  const far = abs(quantile - 0.5) * (1 + 1 / origins);
  return (0.5 + Math.sign(quantile - 0.5) * far) * count - 0.5;
}

/** NaN only if all are. */
export function peakOf(values: Float32Array, from: number, length: number): number {
  let peak = NaN;
  for (let at = from; at < from + length; at++) {
    if (!(values[at]! <= peak) && !Number.isNaN(values[at]!)) peak = values[at]!;
  }
  return peak;
}

import { resourceId } from '../domain.js';
import { between, chance, gaussian, pick, seedFor, SeededRng } from '../rng.js';
import type { Rng } from '../rng.js';
import type { Trace } from './trace.js';

export interface GeneratedTraceOptions {
  readonly resources?: number;
  readonly days?: number;
  readonly stepMs?: number;
  /** Epoch milliseconds, a midnight; default Monday 2024-01-01 UTC. */
  readonly startMs?: number;
  readonly seed?: number;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const DEFAULTS = {
  resources: 40,
  days: 8,
  stepMs: 300_000,
  startMs: Date.UTC(2024, 0, 1),
  seed: 1,
} as const;

/** Share of the next step's noise that is this step's: load that is up stays up for a while. */
const PERSISTENCE = 0.8;
/** Standard deviation of the noise's logarithm, and of that of the sizes. */
const NOISE = 0.1;
const SIZE_SPREAD = 0.4;
/** Where people work: the hour of their day's peak, UTC. */
const SITES = [2, 10, 18] as const;

/**
 * A load like that of a storage house with people and jobs in it, made from a seed: what the demo runs
 * when it is given no trace, and what tests run on. Each resource is of one kind (below), with a size
 * from a heavy-tailed distribution, a phase of its own, noise with memory, and a cost per hit; now and
 * then it has a burst nobody could foresee. Units are those of the product: cores, bytes, bytes/s, hits/s.
 */
export function generatedTrace(options: GeneratedTraceOptions = {}): Trace {
  const { resources: count, days, stepMs, startMs, seed } = { ...DEFAULTS, ...options };
  const steps = Math.max(1, Math.round((days * DAY_MS) / stepMs));
  const make = (): Float32Array => new Float32Array(count * steps);
  const loads = { cpu: make(), memory: make(), network: make(), hits: make() };
  const digits = String(Math.max(1, count - 1)).length;
  const resources = Array.from({ length: count }, (_, index) =>
    resourceId(`vol-${String(index).padStart(digits, '0')}`),
  );
  for (const [index, resource] of resources.entries()) {
    const rng = new SeededRng(seedFor(seed, resource));
    const shape = SHAPES[index % SHAPES.length] ?? flat;
    const rate = shape(rng);
    const size = 40 * Math.exp(SIZE_SPREAD * gaussian(rng));
    const cpuPerHit = between(rng, 0.8e-3, 2.5e-3);
    const bytesPerHit = 2 ** between(rng, 12, 16);
    const memoryBase = 2 ** between(rng, 27, 30);
    const burst = new Bursts(rng, stepMs);
    let noise = 0;
    for (let step = 0; step < steps; step++) {
      noise = PERSISTENCE * noise + Math.sqrt(1 - PERSISTENCE ** 2) * NOISE * gaussian(rng);
      const atMs = startMs + step * stepMs;
      const hits = size * rate(atMs, step / steps) * Math.exp(noise) * burst.next();
      const at = index * steps + step;
      loads.hits[at] = rounded(hits);
      loads.cpu[at] = rounded(hits * cpuPerHit);
      loads.network[at] = rounded(hits * bytesPerHit);
      loads.memory[at] = rounded(memoryBase * (1 + (0.2 * hits) / size));
    }
  }
  return { resources, grid: { startMs, stepMs, steps }, loads };
}

/** Relative rate of a kind of resource at a time; `progress` 0…1 is how much of the trace is over. */
type Rate = (atMs: number, progress: number) => number;

/** People at work: a hump by day, little at night, half on the weekend. */
function office(rng: Rng): Rate {
  const peakHour = pick(rng, SITES) + between(rng, -1, 1);
  return (atMs) => {
    const weekday = new Date(atMs).getUTCDay();
    const isWeekend = weekday === 0 || weekday === 6;
    return 0.1 + (isWeekend ? 0.5 : 1.2) * hump(hourOf(atMs), peakHour, 2.5);
  };
}

/** A job by night: nearly nothing, then an hour or three at full rate, at the same time each day. */
function batch(rng: Rng): Rate {
  const fromHour = between(rng, 0, 6);
  const hours = between(rng, 1, 3);
  return (atMs) => {
    const since = (hourOf(atMs) - fromHour + 24) % 24;
    return since < hours ? 2.5 : 0.08;
  };
}

/** A job on the hour, over a daily swing. */
function hourly(rng: Rng): Rate {
  const peakHour = between(rng, 0, 24);
  const share = between(rng, 0.15, 0.4);
  return (atMs) => {
    const isOn = (atMs % HOUR_MS) / HOUR_MS < share;
    return (isOn ? 1.4 : 0.4) * (0.5 + hump(hourOf(atMs), peakHour, 5));
  };
}

/** Grows over the whole trace, with a daily swing. */
function growing(rng: Rng): Rate {
  const peakHour = between(rng, 8, 22);
  const factor = between(rng, 1.2, 2.2);
  return (atMs, progress) =>
    (0.4 + 0.6 * hump(hourOf(atMs), peakHour, 4)) * (1 + (factor - 1) * progress);
}

/** Evenly loaded, with one lasting change of level somewhere. */
function shifted(rng: Rng): Rate {
  const at = between(rng, 0.2, 0.8);
  const factor = chance(rng, 0.5) ? between(rng, 1.5, 2.5) : between(rng, 0.4, 0.7);
  return (_, progress) => 0.6 * (progress < at ? 1 : factor);
}

function flat(): Rate {
  return () => 0.6;
}

/** By turns, so that any number of resources is a mixture; people are the commonest. */
const SHAPES: readonly ((rng: Rng) => Rate)[] = [
  office,
  batch,
  office,
  hourly,
  growing,
  office,
  shifted,
  flat,
];

/** Surges that come about twice a week, at any time, and die down within an hour or so. */
class Bursts {
  readonly #rng: Rng;
  readonly #perStep: number;
  readonly #decay: number;
  #height = 0;

  constructor(rng: Rng, stepMs: number) {
    this.#rng = rng;
    this.#perStep = Math.min(1, (stepMs / DAY_MS) * (2 / 7));
    this.#decay = Math.exp(-stepMs / (HOUR_MS / 2));
  }

  /** The factor of the next step, at least 1. */
  next(): number {
    this.#height *= this.#decay;
    if (chance(this.#rng, this.#perStep)) this.#height += between(this.#rng, 0.5, 1.5);
    return 1 + this.#height;
  }
}

function hourOf(atMs: number): number {
  return (atMs % DAY_MS) / HOUR_MS;
}

/** 1 at the peak, falling off on both sides over `width` hours, around midnight too. */
function hump(hour: number, peakHour: number, width: number): number {
  const apart = Math.abs(hour - peakHour);
  const distance = Math.min(apart, 24 - apart);
  return Math.exp(-0.5 * (distance / width) ** 2);
}

/** Four significant digits, as in the recorded traces. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

import type { Sample, SeriesKey } from '../../core/sample.js';
import { formatSeries } from '../../core/sample.js';
import type { Rng } from '../../core/rng.js';
import { integerBelow, pick, shuffled } from '../../core/rng.js';
import { resourceSeries, sample, serverSeries } from './series.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export const MESSY: readonly SeriesKey[] = [
  serverSeries('s1'),
  serverSeries('s1', 'memory'),
  resourceSeries('vol-7'),
  resourceSeries('vol-9'),
];

/** Few times, so that many come twice; batches that are in order, shuffled, and repeated. */
export function messyBatches(
  rng: Rng,
  { startMs, spanMs }: { startMs: number; spanMs: number },
): Sample[][] {
  const batches: Sample[][] = [];
  for (let count = 0; count < 60; count++) {
    const fromMs = startMs + integerBelow(rng, spanMs - HOUR_MS);
    const batch = Array.from({ length: 1 + integerBelow(rng, 40) }, (_, at) =>
      sample(
        pick(rng, MESSY),
        fromMs + at * MINUTE_MS - ((at * MINUTE_MS) % 30_000),
        integerBelow(rng, 1000),
      ),
    );
    const turn = integerBelow(rng, 4);
    if (turn === 0) batches.push(shuffled(rng, batch));
    else if (turn === 1 && batches.length > 0) batches.push(pick(rng, batches));
    else batches.push(batch);
  }
  return batches;
}

/** What the port of metric stores says of samples, as plainly as can be. */
export class PlainSamples {
  readonly #samples = new Map<string, Map<number, number>>();

  write(samples: readonly Sample[]): void {
    for (const { series, timeMs, value } of samples) {
      const name = formatSeries(series);
      const known = this.#samples.get(name) ?? new Map<number, number>();
      this.#samples.set(name, known.set(timeMs, value));
    }
  }

  means(
    series: readonly SeriesKey[],
    { startMs, stepMs, steps }: { startMs: number; stepMs: number; steps: number },
  ): number[] {
    return series.flatMap((key) =>
      Array.from({ length: steps }, (_, step) => {
        const fromMs = startMs + step * stepMs;
        const values = [...(this.#samples.get(formatSeries(key)) ?? [])]
          .filter(([timeMs]) => timeMs >= fromMs && timeMs < fromMs + stepMs)
          .map(([, value]) => value);
        return values.reduce((sum, value) => sum + value, 0) / values.length;
      }),
    );
  }
}

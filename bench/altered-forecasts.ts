import type { ForecastBlock } from '../core/forecast.js';
import type { Panel } from '../core/panel.js';
import { rowOf } from '../core/panel.js';
import type { Rng } from '../core/rng.js';
import { gaussian } from '../core/rng.js';
import { formatSeries } from '../core/sample.js';
import type { SeriesKey } from '../core/sample.js';
import type { Analysis, Outlook } from '../forecaster/analysis.js';

/** Changes a forecast in place; `latest`: the last known value of each series, by `formatSeries`. */
export type Alter = (block: ForecastBlock, latest: ReadonlyMap<string, number>) => void;

/** The product's analysis, but that its forecasts are changed before anybody sees them: what worse ones do to the plans. */
export class AlteredForecasts implements Analysis {
  readonly #analysis: Analysis;
  readonly #alter: Alter;
  readonly #latest = new Map<string, number>();

  constructor(analysis: Analysis, alter: Alter) {
    this.#analysis = analysis;
    this.#alter = alter;
  }

  async observe(panel: Panel): Promise<void> {
    for (const [row, key] of panel.series.entries()) {
      const latest = rowOf(panel, row).findLast((value) => Number.isFinite(value));
      if (latest !== undefined) this.#latest.set(formatSeries(key), latest);
    }
    await this.#analysis.observe(panel);
  }

  async forecast(series: readonly SeriesKey[]): Promise<Outlook> {
    const outlook = await this.#analysis.forecast(series);
    const { paths, peaks, loadings } = outlook.block;
    const block = {
      ...outlook.block,
      paths: paths.slice(),
      peaks: peaks.slice(),
      loadings: loadings.slice(),
    };
    this.#alter(block, this.#latest);
    return { ...outlook, block };
  }

  plan: Analysis['plan'] = (inputs) => this.#analysis.plan(inputs);
  rescue: Analysis['rescue'] = (inputs) => this.#analysis.rescue(inputs);

  learn(): void {
    this.#analysis.learn();
  }
}

/** All stays as it was last, for certain. */
export const lastValue: Alter = (block, latest) => {
  for (const [row, key] of block.series.entries()) {
    const value = latest.get(formatSeries(key)) ?? 0;
    const quantiles = block.quantiles.length;
    block.paths.fill(
      value,
      row * quantiles * block.grid.steps,
      (row + 1) * quantiles * block.grid.steps,
    );
    block.peaks.fill(value, row * quantiles, (row + 1) * quantiles);
  }
  block.loadings.fill(0);
};

/** Each series by a factor of its own, drawn anew for each forecast. */
export function times(factorOf: () => number): Alter {
  return (block) => {
    const quantiles = block.quantiles.length;
    const { steps } = block.grid;
    for (let row = 0; row < block.series.length; row++) {
      const factor = factorOf();
      for (let at = row * quantiles * steps; at < (row + 1) * quantiles * steps; at++) {
        block.paths[at]! *= factor;
      }
      for (let at = row * quantiles; at < (row + 1) * quantiles; at++) block.peaks[at]! *= factor;
    }
  };
}

/** A log-normal factor around 1. @param spread standard deviation of its logarithm */
export function noise(rng: Rng, spread: number): () => number {
  return () => Math.exp(spread * gaussian(rng));
}

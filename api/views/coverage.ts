import type { ForecastRun, MetricStore, Score } from '../../core/metric-store/port.js';

/** With fewer nothing can be said. */
const SCORES_MIN = 20;

/**
 * Share of the scored steps that came out within P10 to P90: 0.8 is right. It is read once a forecast, not at every look at the
 * status: a day of scores is much, and new ones come with a forecast only.
 */
export class Coverage {
  readonly #metricStore: Pick<MetricStore, 'readScores'>;
  #known: { readonly madeAtMs: number; readonly share: number | null } | undefined;

  constructor(metricStore: Pick<MetricStore, 'readScores'>) {
    this.#metricStore = metricStore;
  }

  /** Of the scores before the forecast. Null: too few. @throws ERR_STORE_UNAVAILABLE */
  async before({ madeAtMs }: ForecastRun, windowMs: number): Promise<number | null> {
    if (this.#known?.madeAtMs !== madeAtMs) {
      const scores = await this.#metricStore.readScores(madeAtMs - windowMs, madeAtMs + 1);
      this.#known = { madeAtMs, share: shareOf(scores) };
    }
    return this.#known.share;
  }
}

function shareOf(scores: readonly Score[]): number | null {
  if (scores.length < SCORES_MIN) return null;
  return scores.reduce((sum, { inBand }) => sum + inBand, 0) / scores.length;
}

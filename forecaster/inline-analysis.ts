import type { Panel } from '../core/panel.js';
import type { SeriesKey } from '../core/sample.js';
import type { OpenedNeural } from '../models/neural/open.js';
import { openNeural } from '../models/neural/open.js';
import type { LastingAnalysis, NeuralState, NeuralUse, Outlook } from './analysis.js';
import type { ForecastingOptions } from './forecasting.js';
import { Forecasting } from './forecasting.js';
import type { PlanningInputs, PlanningResult } from './planner/inputs.js';
import { planned, resultOf, translatedBy } from './planner/planner.js';
import type { Rescue } from './planner/rescue.js';
import { rescueFor } from './planner/rescue.js';
import type { Translated } from './planner/translation.js';

export type AnalysisOptions = ForecastingOptions;

/** The analysis in place: for replay and tests, and inside the thread of `AnalysisThread`. */
export class InlineAnalysis implements LastingAnalysis {
  readonly #options: AnalysisOptions;
  #forecasting: Forecasting;
  #neural: OpenedNeural | undefined;
  /** What the last plan began with: a server that is lost before the next forecast is rescued by it. */
  #translated: Translated | undefined;

  constructor(options: AnalysisOptions) {
    this.#options = options;
    this.#forecasting = new Forecasting(options);
  }

  async observe(panel: Panel): Promise<void> {
    await Promise.resolve();
    this.#forecasting.observe(panel);
  }

  async forecast(series: readonly SeriesKey[]): Promise<Outlook> {
    await Promise.resolve();
    const { block, models } = this.#forecasting.forecast(series, { learns: 'new' });
    const stepsKnown = series.reduce(
      (most, key) => Math.max(most, this.#forecasting.stepsKnown(key)),
      0,
    );
    return { block, models, stepsKnown };
  }

  async plan(inputs: PlanningInputs): Promise<PlanningResult> {
    await Promise.resolve();
    const made = planned(inputs, { before: this.#translated });
    this.#translated = translatedBy(made);
    return resultOf(made);
  }

  async rescue(inputs: PlanningInputs): Promise<Rescue> {
    await Promise.resolve();
    return rescueFor(inputs, this.#translated);
  }

  learn(): void {
    this.learnSome(Infinity);
  }

  /** Of so many series at most; returns of how many they are due still. */
  learnSome(seriesMax: number): number {
    return this.#forecasting.learn(seriesMax);
  }

  async useNeural({ weights, backend }: NeuralUse): Promise<NeuralState> {
    const opened = await openNeural(weights, backend);
    this.#forecasting.useNeural(opened.network);
    this.#neural?.network.dispose();
    this.#neural = opened;
    return { backend: opened.backend, refused: opened.refused };
  }

  async save(): Promise<Uint8Array> {
    await Promise.resolve();
    return this.#forecasting.save();
  }

  async restore(bytes: Uint8Array): Promise<void> {
    await Promise.resolve();
    this.#forecasting = Forecasting.restore(bytes, this.#options);
    this.#forecasting.useNeural(this.#neural?.network);
  }
}

import { strict as assert } from 'node:assert';
import type { Panel } from '../../core/panel.js';
import { endMsOf } from '../../core/panel.js';
import type { SeriesKey } from '../../core/sample.js';
import type { Analysis, Outlook } from '../../forecaster/analysis.js';
import type { PlanningInputs, PlanningResult } from '../../forecaster/planner/inputs.js';
import type { Rescue } from '../../forecaster/planner/rescue.js';

/**
 * One forecaster for several trials of the same load that go side by side: what all of them ask at the same time is
 * forecast once, since what is planned for has no part in it. Each plans for itself.
 */
export class SharedForecasts implements Analysis {
  readonly #analysis: Analysis;
  #observedMs = -Infinity;
  #outlook: { readonly series: number; readonly answer: Promise<Outlook> } | undefined;

  constructor(analysis: Analysis) {
    this.#analysis = analysis;
  }

  async observe(panel: Panel): Promise<void> {
    const endMs = endMsOf(panel.grid);
    if (endMs <= this.#observedMs) return;
    this.#observedMs = endMs;
    this.#outlook = undefined;
    await this.#analysis.observe(panel);
  }

  forecast(series: readonly SeriesKey[]): Promise<Outlook> {
    const { length } = series;
    this.#outlook ??= { series: length, answer: this.#analysis.forecast(series) };
    assert.equal(this.#outlook.series, length, 'trials ask for the same series');
    return this.#outlook.answer;
  }

  /** What another trial asks about the same time is answered already: learning changes it no more. */
  learn(): void {
    this.#analysis.learn();
  }

  plan(inputs: PlanningInputs): Promise<PlanningResult> {
    return this.#analysis.plan(inputs);
  }

  rescue(inputs: PlanningInputs): Promise<Rescue> {
    return this.#analysis.rescue(inputs);
  }
}

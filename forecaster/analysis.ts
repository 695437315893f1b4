import type { Backend, ForecastBlock } from '../core/forecast.js';
import type { Panel } from '../core/panel.js';
import type { SeriesKey } from '../core/sample.js';
import type { PlanningInputs, PlanningResult } from './planner/inputs.js';
import type { Rescue } from './planner/rescue.js';

/** What is expected of some series, from the end of what was observed on. */
export interface Outlook {
  readonly block: ForecastBlock;
  /** Names of the models by series. */
  readonly models: readonly string[];
  /** The most steps that any of the series has been known for. */
  readonly stepsKnown: number;
}

/** A network to be asked: its weights as `encodeWeights` wrote them, and what is to compute it. */
export interface NeuralUse {
  readonly weights: Uint8Array;
  readonly backend: 'auto' | Backend;
}

/** What computes it, and what was tried first. */
export interface NeuralState {
  readonly backend: Backend;
  readonly refused: readonly string[];
}

/**
 * The part of a round that takes time and touches nothing: it remembers what was observed, forecasts, plans.
 * In a thread of its own where an event loop must not wait for it, in place where time is simulated.
 */
export interface Analysis {
  /** Steps that follow those observed before; the first call brings the history. */
  observe(panel: Panel): Promise<void>;
  forecast(series: readonly SeriesKey[]): Promise<Outlook>;
  plan(inputs: PlanningInputs): Promise<PlanningResult>;
  /** The first answer to the loss of a server, before the plan. */
  rescue(inputs: PlanningInputs): Promise<Rescue>;
  /** Models begin to learn anew where they are due; what is asked meanwhile does not wait for the end of it. */
  learn(): void;
}

/** An analysis whose models may have a network among them. */
export interface NeuralAnalysis extends Analysis {
  /**
   * Forecasts with this network among the models, from now on. @throws ERR_WEIGHTS_UNUSABLE, ERR_BACKEND_UNAVAILABLE –
   * whichever was used before goes on
   */
  useNeural(use: NeuralUse): Promise<NeuralState>;
}

/** An analysis whose memory can outlive it. */
export interface LastingAnalysis extends NeuralAnalysis {
  /** What was observed and learnt, as bytes. */
  save(): Promise<Uint8Array>;
  /** Goes on from there. @throws ERR_FORECASTS_UNUSABLE – damaged, or of other settings */
  restore(bytes: Uint8Array): Promise<void>;
}

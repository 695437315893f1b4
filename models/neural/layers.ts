import { CONTEXT_INPUTS, STEP_INPUTS } from './inputs.js';

/* What the network is made of, in numbers: no tensors here, so that weights can be read without any engine. */

/** Of the load at a step; after them those of the highest load up to that step. */
export const STEP_QUANTILES = [0.1, 0.5, 0.9] as const;
export const PEAK_QUANTILES = [0.5, 0.9] as const;
export const OUTPUTS = STEP_QUANTILES.length + PEAK_QUANTILES.length;

const CONTEXT_HIDDEN = 96;
const HIDDEN = 64;

/** In the order in which they stand among the weights; a bias has one row. */
export const LAYERS = [
  { name: 'context', rows: CONTEXT_INPUTS, columns: CONTEXT_HIDDEN },
  { name: 'contextBias', rows: 1, columns: CONTEXT_HIDDEN },
  { name: 'join', rows: CONTEXT_HIDDEN, columns: HIDDEN },
  { name: 'joinBias', rows: 1, columns: HIDDEN },
  { name: 'step', rows: STEP_INPUTS, columns: HIDDEN },
  { name: 'mix', rows: HIDDEN, columns: HIDDEN },
  { name: 'mixBias', rows: 1, columns: HIDDEN },
  { name: 'out', rows: HIDDEN, columns: OUTPUTS },
  { name: 'outBias', rows: 1, columns: OUTPUTS },
  { name: 'stepLinear', rows: STEP_INPUTS, columns: OUTPUTS },
  { name: 'contextLinear', rows: CONTEXT_INPUTS, columns: OUTPUTS },
] as const;

export const WEIGHTS = LAYERS.reduce((sum, { rows, columns }) => sum + rows * columns, 0);

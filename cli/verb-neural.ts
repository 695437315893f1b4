import { ForeshiftError } from '../core/errors.js';
import type { Predictor } from '../models/neural/neural.js';
import { openNeural } from '../models/neural/open.js';
import type { Context } from './context.js';
import { shippedWeights } from './services/weights.js';
import type { VerbOptions } from './verb.js';
import { choiceOption } from './verb.js';

/** For verbs that forecast by themselves. */
export const NEURAL_OPTIONS = [
  ['--neural <on|off>', 'whether the neural network is one of the models', 'on'],
] as const;

/**
 * The network as it came with the product; undefined: without it, as is said unless it was asked for. A product that has
 * no weights, or no engine that works here, forecasts by the other models. @throws ERR_OPTION_INVALID
 */
export async function verbNeural(
  { terminal }: Pick<Context, 'terminal'>,
  options: VerbOptions,
): Promise<Predictor | undefined> {
  if (choiceOption(options, 'neural', ['on', 'off']) === 'off') return undefined;
  try {
    const weights = await shippedWeights();
    if (weights !== undefined) return (await openNeural(weights, 'auto')).network;
    terminal.say('without the neural network: its weights are not there');
  } catch (error) {
    if (!(error instanceof ForeshiftError)) throw error;
    terminal.say(`without the neural network: ${error.message}`);
  }
  return undefined;
}

import type { Config } from '../core/config/schema.js';
import type { Trigger } from './triggers.js';

/* Rounds at times that an operator named, which make the servers even though no limit is about to be passed. */

export type Rebalance = NonNullable<Config['triggers']['rebalance']>;

export function rebalanceTrigger({ cron, timeZone }: Rebalance): Trigger {
  return { kind: 'rebalance', detail: `to make the servers even, by ${cron} (${timeZone})` };
}

/**
 * What a round plans by: for the sake of evenness within narrower bounds, and at the time that was named, since at another the round
 * after it would find nothing to do. Everything else, limits and pauses, is as ever.
 */
export function plannerOf(
  { kind }: Trigger,
  { planner, triggers }: Pick<Config, 'planner' | 'triggers'>,
): Config['planner'] {
  const { rebalance } = triggers;
  if (kind !== 'rebalance' || rebalance === undefined) return planner;
  return {
    ...planner,
    imbalanceMax: Math.min(rebalance.imbalanceMax, planner.imbalanceMax),
    imbalanceLoadMin: Math.min(rebalance.imbalanceLoadMin, planner.imbalanceLoadMin),
    moveAt: 'once',
  };
}

/** How long what it proposes waits for an operator: no later round proposes it again. */
export function proposalLifeMsOf(
  { kind }: Trigger,
  { planner, triggers }: Pick<Config, 'planner' | 'triggers'>,
): number {
  const { rebalance } = triggers;
  return kind === 'rebalance' ? (rebalance?.planLifeMs ?? planner.planLifeMs) : planner.planLifeMs;
}

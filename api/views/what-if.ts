import type { Change } from '../../forecaster/planner/changed.js';
import type { PlanningInputs } from '../../forecaster/planner/inputs.js';
import { whatIfWords } from '../../forecaster/planner/what-if-words.js';
import { momentWords, moveWords } from '../../forecaster/planner/words.js';
import type { WhatIfAnswer } from '../contract/what-if.js';
import type { AdvisedParts, Plannings } from './planning.js';

export interface WhatIfParts extends Pick<AdvisedParts, 'adviser' | 'clock'> {
  readonly plannings: Plannings;
}

/**
 * What would be if these changes were made, one after the other: planned by the same code and from the same records as a
 * round, beside the fleet as it is, which is planned ahead. Nothing is changed.
 * @throws ERR_NO_FORECAST, ERR_SERVER_UNKNOWN, ERR_RESOURCE_UNKNOWN, ERR_CHANGE_INVALID, ERR_ADVISER_BUSY, ERR_STORE_UNAVAILABLE
 */
export async function whatIfOf(
  changes: readonly Change[],
  parts: WhatIfParts,
  signal: AbortSignal,
): Promise<WhatIfAnswer> {
  const { inputs } = await parts.plannings.recent();
  return whatIfIn(inputs, changes, parts, signal);
}

/** The same of inputs that are there. */
export async function whatIfIn(
  inputs: PlanningInputs,
  changes: readonly Change[],
  { adviser, clock }: Pick<WhatIfParts, 'adviser' | 'clock'>,
  signal: AbortSignal,
): Promise<WhatIfAnswer> {
  const nowMs = clock.realtimeMs();
  const found = await adviser.whatIf(inputs, { changes, nowMs }, signal);
  const { headline, asIs, nothing, plan, avoided, left, blocked } = whatIfWords(
    found,
    changes,
    nowMs,
  );
  const { plannedAtMs } = found;
  const { score, batches } = found.after;
  return {
    plannedAtMs,
    headline,
    asIs,
    nothing,
    plan,
    scores: {
      asIs: found.before.score.nothing,
      asIsPlan: found.before.score.plan,
      nothing: score.nothing,
      plan: score.plan,
    },
    avoided: [...avoided],
    left: [...left],
    blocked: [...blocked],
    moves: batches.flatMap(({ moves }, batch) =>
      moves.map((move) => {
        const { resource, source, target } = move;
        return { batch, resource, source, target, text: moveWords(move, nowMs) };
      }),
    ),
    notes: [...notesOf(inputs, changes), ...momentWords(plannedAtMs, nowMs)],
  };
}

/** What the changes take for granted, and is not so now. */
function notesOf(inputs: PlanningInputs, changes: readonly Change[]): string[] {
  const notes = changes.flatMap((change) => {
    if (change.kind !== 'move-resource') return [];
    const { resource, server } = change;
    const isEligible = inputs.resources
      .find(({ id }) => id === resource)
      ?.eligible.includes(server);
    const state = inputs.servers.find(({ id }) => id === server)?.state;
    return [
      ...(isEligible === false ? [`${server} may not serve ${resource} now.`] : []),
      ...(state === undefined || state === 'ready' ? [] : [`${server} is ${state} now.`]),
    ];
  });
  if (inputs.restraint !== null) notes.push('Balancing is paused: nothing of this would be done.');
  return notes;
}

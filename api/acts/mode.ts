import type { Mode } from '../../core/domain.js';
import { Draft } from '../../core/table-store/draft.js';
import type { ModeRecord, PauseRecord } from '../../core/table-store/records/plan.js';
import { MODE, PAUSE } from '../../core/table-store/records/plan.js';
import { modeChange } from '../../forecaster/planner/mode-change.js';
import type { ActParts, Actor } from './act.js';
import { act } from './act.js';

/** Also where it fell back to that mode by itself: now somebody knows of it and wants it so. */
export function setMode(mode: Mode, actor: Actor, parts: ActParts): Promise<ModeRecord> {
  const { view, clock } = parts;
  return act('mode', actor, parts, () => {
    const former = view.get(MODE, 'current')?.value;
    if (former?.mode === mode && former.fellBack === null) {
      return { draft: undefined, detail: '', result: former };
    }
    const record = { mode, by: actor.by, sinceMs: clock.realtimeMs(), fellBack: null };
    return { draft: modeChange(record, view), detail: `to ${mode}`, result: record };
  });
}

/** No plan is made or applied until `resume`; failover and first placement go on. */
export function pause(actor: Actor, parts: ActParts): Promise<PauseRecord> {
  const { view, clock } = parts;
  return act('pause', actor, parts, () => {
    const former = view.get(PAUSE, 'current')?.value;
    if (former !== undefined) return { draft: undefined, detail: '', result: former };
    const record = { by: actor.by, reason: actor.reason, sinceMs: clock.realtimeMs() };
    const draft = new Draft().expect(view, PAUSE, 'current').put(PAUSE, 'current', record);
    return { draft, detail: 'balancing paused', result: record };
  });
}

export function resume(actor: Actor, parts: ActParts): Promise<null> {
  const { view } = parts;
  return act('resume', actor, parts, () => {
    const isPaused = view.get(PAUSE, 'current') !== undefined;
    const draft = new Draft().expect(view, PAUSE, 'current').remove(PAUSE, 'current');
    return { draft: isPaused ? draft : undefined, detail: 'balancing resumed', result: null };
  });
}

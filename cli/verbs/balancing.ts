import { z } from 'zod';
import { fail } from '../../core/errors.js';
import { MODES } from '../../core/domain.js';
import { modeSchema, pauseSchema } from '../../core/table-store/records/plan.js';
import { REASON, actorOf } from '../acting.js';
import type { Verb } from '../verb.js';

export const pauseVerb: Verb = {
  usage: 'pause',
  summary: 'Stop balancing: no plan is made or applied. Failover and first placement go on.',
  options: [REASON],
  answer: pauseSchema,
  run: async (context, _args, options) => {
    const api = await context.api();
    const answer = await api.post('/v1/pause', actorOf(context, options));
    context.show(answer, () => 'balancing is paused; `foreshift resume` ends it');
  },
};

export const resumeVerb: Verb = {
  usage: 'resume',
  summary: 'Balance again after a pause.',
  options: [REASON],
  answer: z.null(),
  run: async (context, _args, options) => {
    const api = await context.api();
    const answer = await api.post('/v1/resume', actorOf(context, options));
    context.show(answer, () => 'balancing goes on');
  },
};

export const modeVerb: Verb = {
  usage: 'mode <mode>',
  summary: 'observe: forecasts only; propose: plans wait for you; auto: plans are applied.',
  options: [REASON],
  choices: { mode: MODES },
  answer: modeSchema,
  run: async (context, [mode = ''], options) => {
    if (!MODES.some((known) => known === mode)) {
      fail('ERR_OPTION_INVALID', { option: 'mode', value: mode, allowed: MODES.join(', ') });
    }
    const api = await context.api();
    const answer = await api.post('/v1/mode', { mode, ...actorOf(context, options) });
    context.show(answer, () => `the mode is ${mode}`);
  },
};

import { z } from 'zod';
import type { WhatIfAnswer } from '../../api/contract/what-if.js';
import { whatIfSchema } from '../../api/contract/what-if.js';
import { CHANGE_VERBS } from '../../forecaster/planner/change-text.js';
import type { Verb } from '../verb.js';
import { textOption } from '../verb.js';
import { whatIfText } from '../what-if-text.js';
import { problemWhatIfSchema, whatIfProblemFile } from './plan-problem.js';

export const whatIfVerb: Verb = {
  usage: 'what-if <change...>',
  summary:
    'What would be if a server were lost, removed, added or resized, a limit changed, a resource moved. Nothing is.',
  options: [
    ['--verbose', 'every move'],
    [
      '--problem <file>',
      'of this problem file instead (docs/PROBLEMS.md); nothing running is asked',
    ],
    [
      '--seconds <n>',
      'of --problem: how long to search, each time (default: a fixed amount of work)',
    ],
    ['--seed <n>', 'of --problem: of all chance'],
  ],
  choices: { change: CHANGE_VERBS },
  notes: [
    'Changes, several joined by "and":',
    '  lose SERVER    remove SERVER    resize SERVER cpu=16',
    '  add SERVER like SERVER    add SERVER cpu=8 memory=64GiB zone=b',
    '  limit target=0.7 (a key of `planner` in the config)    move RESOURCE SERVER',
  ],
  answer: z.union([whatIfSchema, problemWhatIfSchema]),
  run: async (context, words, options) => {
    const changes = words.join(' ').split(/\s+and\s+/);
    const problem = textOption(options, 'problem');
    if (problem !== undefined) {
      await whatIfProblemFile(problem, changes, options, context);
      return;
    }
    const api = await context.api();
    const query = changes.map((change) => `change=${encodeURIComponent(change)}`).join('&');
    const answer = await api.get<WhatIfAnswer>(`/v1/what-if?${query}`);
    context.show(answer, () => whatIfText(answer, { isVerbose: options.verbose === true }));
  },
};

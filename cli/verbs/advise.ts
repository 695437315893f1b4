import { join } from 'node:path';
import { DIMENSIONS } from '../../core/domain.js';
import { traceText } from '../../core/trace/write.js';
import { ADVICE_POLICIES, adviceOf, adviceSchema } from '../../replay/advice.js';
import { parseReplayOptions } from '../../replay/options.js';
import { renderHtml } from '../../replay/page/page.js';
import { progressLine } from '../../replay/progress.js';
import { reportText } from '../../replay/report.js';
import { adviceText } from '../advise/advice-text.js';
import { HISTORY_OPTIONS, historyOf } from '../advise/history-options.js';
import { writeOut } from '../out-file.js';
import type { Verb, VerbOptions } from '../verb.js';
import { keyOf, numberOption, textOption } from '../verb.js';
import { webCall } from '../web-call.js';

const NUMBERS = ['servers', 'capacity', 'warm-days', 'moves-max'] as const;

export const adviseVerb: Verb = {
  usage: 'advise [trace]',
  summary: 'What Foreshift would have done to your own last days; nothing is changed anywhere.',
  options: [
    ...HISTORY_OPTIONS,
    ['--servers <n>', 'equal servers', '8'],
    ['--capacity <n>', "of one server, in the load's unit (default: sized to the load)"],
    ['--warm-days <n>', 'history before the first decision (default: 7, or half of it)'],
    ['--moves-max <n>', 'of one decision'],
    ['--all', 'all days, overloads and moves, not only some'],
    ['--save <file>', 'keep what was read as a trace, for `replay` and `forecast`'],
    ['--out <folder>', 'write report.json and report.html of the replay there'],
  ],
  choices: { '--dimension': DIMENSIONS },
  notes: [
    'The load comes from one source: a trace as `replay` reads it, --prometheus with --query and --label,',
    'or --influx, alone for what a Foreshift wrote, else with --measurement, --field and --tag.',
  ],
  answer: adviceSchema,
  run: async (context, [file = ''], options) => {
    const { terminal, clock } = context;
    const chosen = chosenOf(options);
    const nowMs = clock.realtimeMs();
    const { name, dimension, trace } = await historyOf(file, options, { call: webCall, nowMs });
    const save = textOption(options, 'save');
    if (save !== undefined) {
      await writeOut(save, [...traceText(trace)].join(''));
      terminal.say(`${save} is written`);
    }
    const replayOptions = parseReplayOptions({ ...chosen, policies: ADVICE_POLICIES, dimension });
    const startedAtMs = clock.monotonicMs();
    const { replay } = await import('../../replay/replay.js');
    const result = await replay(trace, name, replayOptions, {
      clock,
      progress: (progress) => {
        terminal.progress(progressLine(progress, clock.monotonicMs() - startedAtMs));
      },
    });
    const out = textOption(options, 'out');
    if (out !== undefined) {
      await writeOut(join(out, 'report.json'), reportText(result.report));
      await writeOut(join(out, 'report.html'), renderHtml(result.report));
      terminal.say(`${join(out, 'report.html')} and report.json are written`);
    }
    const isCapacityGiven = chosen.capacity !== undefined;
    const advice = adviceOf(result, { source: name, isCapacityGiven });
    const { style } = terminal;
    context.show(advice, () => adviceText(advice, { style, isWhole: options.all === true }));
  },
};

function chosenOf(options: VerbOptions): Record<string, number> {
  const input: Record<string, number> = {};
  for (const name of NUMBERS) {
    const value = numberOption(options, name, { min: 0, max: 1e15 });
    if (value !== undefined) input[keyOf(name)] = value;
  }
  return input;
}

import { basename, join } from 'node:path';
import { DIMENSIONS } from '../../core/domain.js';
import { readTrace } from '../../core/trace/read.js';
import { POLICY_NAMES, parseReplayOptions } from '../../replay/options.js';
import { renderHtml } from '../../replay/page/page.js';
import { progressLine } from '../../replay/progress.js';
import type { ReplaySummary } from '../../replay/report.js';
import { replaySummarySchema, reportText } from '../../replay/report.js';
import { tableOf } from '../../replay/table.js';
import { writeOut } from '../out-file.js';
import { textTable } from '../text-table.js';
import type { Verb, VerbOptions } from '../verb.js';
import { keyOf, numberOption, textOption } from '../verb.js';

const NUMBERS = [
  'servers',
  'capacity',
  'warm-days',
  'decision-steps',
  'horizon-steps',
  'moves-max',
  'seed',
] as const;

export const replayVerb: Verb = {
  usage: 'replay <trace>',
  summary: 'What each policy would have done to a recorded load; nothing running is touched.',
  options: [
    ['--policy <names>', 'static, static-p95, reactive-50, reactive-search, foreshift, oracle'],
    ['--servers <n>', 'equal servers'],
    ['--dimension <name>', 'cpu, memory, network or hits (default: the first in the trace)'],
    ['--capacity <n>', "of one server, in the trace's unit (default: sized to the trace)"],
    ['--warm-days <n>', 'history before the first decision'],
    ['--decision-steps <n>', 'steps between two decisions'],
    ['--horizon-steps <n>', 'steps that are looked ahead'],
    ['--moves-max <n>', 'of one decision'],
    ['--seed <n>', 'of all chance'],
    ['--step <ms>', 'how long a step of the trace is (default: found in it)'],
    ['--out <folder>', 'where report.json and report.html are written', '.'],
    ['--no-report', 'write no report'],
  ],
  choices: { '--dimension': DIMENSIONS, '--policy': POLICY_NAMES },
  answer: replaySummarySchema,
  run: async (context, [file = ''], options) => {
    const { terminal, clock } = context;
    const stepMs = numberOption(options, 'step', { min: 1, max: 86_400_000 });
    const replayOptions = parseReplayOptions(chosen(options));
    const trace = await readTrace(file, stepMs === undefined ? {} : { stepMs });
    const startedAtMs = clock.monotonicMs();
    const { replay } = await import('../../replay/replay.js');
    const { report, seconds } = await replay(trace, basename(file), replayOptions, {
      clock,
      progress: (progress) => {
        terminal.progress(progressLine(progress, clock.monotonicMs() - startedAtMs));
      },
    });
    if (options.report !== false) {
      const folder = textOption(options, 'out') ?? '.';
      await writeOut(join(folder, 'report.json'), reportText(report));
      await writeOut(join(folder, 'report.html'), renderHtml(report));
      terminal.say(`${join(folder, 'report.html')} and report.json are written`);
    }
    const { columns, rows } = tableOf(report, seconds);
    const { kind, scene, policies } = report;
    const summary: ReplaySummary = { kind, scene, policies };
    context.show(summary, () => textTable(columns, rows));
  },
};

function chosen(options: VerbOptions): object {
  const input: Record<string, unknown> = {};
  const policies = textOption(options, 'policy');
  if (policies !== undefined) input.policies = policies.split(',').map((name) => name.trim());
  const dimension = textOption(options, 'dimension');
  if (dimension !== undefined) input.dimension = dimension;
  for (const name of NUMBERS) {
    const value = numberOption(options, name, { min: 0, max: 1e15 });
    if (value !== undefined) input[keyOf(name)] = value;
  }
  return input;
}

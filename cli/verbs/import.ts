import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { importReportSchema, importTrace } from '../../collector/import.js';
import { NodeDisk } from '../../core/disk/node.js';
import type { Dimension } from '../../core/domain.js';
import { DIMENSIONS } from '../../core/domain.js';
import { fail } from '../../core/errors.js';
import { createLog } from '../../core/log.js';
import { SeededRng } from '../../core/rng.js';
import { readTrace } from '../../core/trace/read.js';
import type { Verb } from '../verb.js';
import { numberOption, textOption } from '../verb.js';

export const importVerb: Verb = {
  usage: 'import <trace>',
  summary: 'Bring a recorded load into the metric store, so that forecasts begin with a history.',
  options: [
    ['--until-now', 'shift it in time: its last step ends now'],
    ['--step-as <ms>', 'how long a step becomes (default: as long as it was)'],
    ['--scale <factors>', 'to our units (cores, bytes, bytes/s, hits/s): cpu=0.01,memory=1048576'],
    ['--step <ms>', 'how long a step of the trace is (default: found in it)'],
  ],
  answer: importReportSchema,
  run: async (context, [file = ''], options) => {
    const { terminal, clock } = context;
    const { config, influxPassword, folder } = await context.config();
    const log = createLog({ level: config.log.level });
    const step = numberOption(options, 'step', { min: 1, max: 86_400_000 });
    const stepMs = numberOption(options, 'step-as', {
      min: 100,
      max: 86_400_000,
    });
    const scales = scalesOf(textOption(options, 'scale') ?? '');
    const trace = await readTrace(file, step === undefined ? {} : { stepMs: step });
    const disk = new NodeDisk(join(folder, config.dataDir));
    const rng = new SeededRng(randomInt(2 ** 32));
    const { metricStoreOf } = await import('../services/metric-store.js');
    const store = await metricStoreOf(config, { disk, clock, rng, log, influxPassword });
    try {
      const report = await importTrace(
        trace,
        { store, clock },
        {
          scales,
          ...(options.untilNow === true && { endMs: clock.realtimeMs() }),
          ...(stepMs !== undefined && { stepMs }),
          progress: ({ stepsDone, samples }) => {
            terminal.progress(`${stepsDone} of ${trace.grid.steps} steps, ${samples} samples`);
          },
        },
      );
      const { samples, dropped, grid } = report;
      const from = new Date(grid.startMs).toISOString();
      const until = new Date(grid.startMs + grid.steps * grid.stepMs).toISOString();
      context.show(report, () =>
        [
          `${samples} samples of ${trace.resources.length} resources, ${from} to ${until}`,
          ...(dropped > 0
            ? [`${dropped} values were dropped: no machine has such; look at --scale`]
            : []),
        ].join('\n'),
      );
    } finally {
      await store.close();
    }
  },
};

/** @throws ERR_OPTION_INVALID */
function scalesOf(text: string): Partial<Record<Dimension, number>> {
  const scales: Partial<Record<Dimension, number>> = {};
  for (const part of text.split(',').filter((piece) => piece !== '')) {
    const [name = '', factor = ''] = part.split('=');
    const dimension = DIMENSIONS.find((known) => known === name);
    const value = Number(factor);
    if (dimension === undefined || factor === '' || !(value > 0) || !Number.isFinite(value)) {
      const allowed = `${DIMENSIONS.join(', ')}, each with = and a number above 0`;
      fail('ERR_OPTION_INVALID', { option: '--scale', value: part.slice(0, 80), allowed });
    }
    scales[dimension] = value;
  }
  return scales;
}

import { workerData } from 'node:worker_threads';
import type { Panel } from '../core/panel.js';
import type { SeriesKey } from '../core/sample.js';
import { answerAsThread } from '../core/threads/answering.js';
import type { NeuralUse } from './analysis.js';
import type { AnalysisQuestion } from './analysis-thread.js';
import type { AnalysisOptions } from './inline-analysis.js';
import { InlineAnalysis } from './inline-analysis.js';
import type { InputColumns } from './planner/input-columns.js';
import { inputsIn } from './planner/input-columns.js';
import type { PlanningInputs } from './planner/inputs.js';

/* The thread of `AnalysisThread`. */

const analysis = new InlineAnalysis(workerData as AnalysisOptions);
/** Of which a rescue need not be told the forecast. */
let planned: PlanningInputs | undefined;

answerAsThread(({ verb, argument }: AnalysisQuestion): unknown => {
  switch (verb) {
    case 'observe':
      return analysis.observe(argument as Panel);
    case 'forecast':
      return analysis.forecast(argument as readonly SeriesKey[]);
    case 'plan':
      planned = inputsIn(argument as InputColumns);
      return analysis.plan(planned);
    case 'rescue':
      return analysis.rescue(inputsIn(argument as InputColumns, planned));
    case 'useNeural':
      return analysis.useNeural(argument as NeuralUse);
    case 'learn':
      return analysis.learnSome(argument as number);
    case 'save':
      return analysis.save();
    case 'restore':
      return analysis.restore(argument as Uint8Array);
  }
});

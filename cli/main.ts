#!/usr/bin/env node
import { productVersion } from './product.js';
import { runProgram } from './program.js';
import { modeVerb, pauseVerb, resumeVerb } from './verbs/balancing.js';
import { configVerb } from './verbs/config.js';
import { demoVerb } from './verbs/demo.js';
import { drainVerb, undrainVerb } from './verbs/drain.js';
import { historyVerb } from './verbs/history.js';
import { applyVerb, planVerb, rejectVerb, rollbackVerb } from './verbs/plan.js';
import { referenceVerb } from './verbs/reference.js';
import { statusVerb } from './verbs/status.js';
import { upVerb } from './verbs/up.js';

process.exitCode = await runProgram(process.argv.slice(2), {
  version: await productVersion(),
  verbs: [
    upVerb,
    demoVerb,
    statusVerb,
    planVerb,
    applyVerb,
    rejectVerb,
    rollbackVerb,
    drainVerb,
    undrainVerb,
    historyVerb,
    pauseVerb,
    resumeVerb,
    modeVerb,
    configVerb,
    referenceVerb,
  ],
});

#!/usr/bin/env node
import { productVersion } from './product.js';
import { runProgram } from './program.js';
import { agentTokenVerb, agentVerb } from './verbs/agent.js';
import { modeVerb, pauseVerb, resumeVerb } from './verbs/balancing.js';
import { configVerb } from './verbs/config.js';
import { demoVerb } from './verbs/demo.js';
import { drainVerb, undrainVerb } from './verbs/drain.js';
import { explainVerb } from './verbs/explain.js';
import { historyVerb } from './verbs/history.js';
import { importVerb } from './verbs/import.js';
import { pinVerb, unpinVerb } from './verbs/pin.js';
import { applyVerb, planVerb, rejectVerb, rollbackVerb } from './verbs/plan.js';
import { referenceVerb } from './verbs/reference.js';
import { replayVerb } from './verbs/replay.js';
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
    explainVerb,
    drainVerb,
    undrainVerb,
    historyVerb,
    pauseVerb,
    resumeVerb,
    modeVerb,
    pinVerb,
    unpinVerb,
    replayVerb,
    importVerb,
    agentVerb,
    agentTokenVerb,
    configVerb,
    referenceVerb,
  ],
});

import { adviseVerb } from './advise.js';
import { agentTokenVerb, agentVerb } from './agent.js';
import { backtestVerb } from './backtest.js';
import { modeVerb, pauseVerb, resumeVerb } from './balancing.js';
import { completionVerbOf } from './completion.js';
import { configVerb } from './config.js';
import { credentialVerb } from './credential.js';
import { demoVerb } from './demo.js';
import { doctorVerb } from './doctor.js';
import { drainVerb, undrainVerb } from './drain.js';
import { explainVerb } from './explain.js';
import { forecastVerb } from './forecast.js';
import { historyVerb } from './history.js';
import { importVerb } from './import.js';
import { initVerb } from './init.js';
import { pinVerb, unpinVerb } from './pin.js';
import { applyVerb, approveVerb, planVerb, rejectVerb, rollbackVerb } from './plan.js';
import { referenceVerbOf } from './reference.js';
import { replayVerb } from './replay.js';
import { schemaVerbOf } from './schema.js';
import { statusVerb } from './status.js';
import { tokenVerb } from './token.js';
import { topVerb } from './top.js';
import { apiVerb, collectorVerb, forecasterVerb, redirectorVerb, upVerb } from './up.js';
import { whatIfVerb } from './what-if.js';
import type { Verb } from '../verb.js';

/** Every verb, in the order in which help lists them. */
export const VERBS: readonly Verb[] = [
  initVerb,
  doctorVerb,
  upVerb,
  demoVerb,
  statusVerb,
  topVerb,
  planVerb,
  applyVerb,
  approveVerb,
  rejectVerb,
  rollbackVerb,
  explainVerb,
  whatIfVerb,
  drainVerb,
  undrainVerb,
  historyVerb,
  pauseVerb,
  resumeVerb,
  modeVerb,
  pinVerb,
  unpinVerb,
  forecastVerb,
  backtestVerb,
  adviseVerb,
  replayVerb,
  importVerb,
  redirectorVerb,
  collectorVerb,
  forecasterVerb,
  apiVerb,
  agentVerb,
  agentTokenVerb,
  tokenVerb,
  credentialVerb,
  configVerb,
  referenceVerbOf(() => VERBS),
  schemaVerbOf(() => VERBS),
  completionVerbOf(() => VERBS),
];

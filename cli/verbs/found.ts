import type { Verb } from '../verb.js';

/** Verbs that know of no other, by their word. */
const VERBS_BY_WORD: Readonly<Record<string, () => Promise<Verb>>> = {
  init: async () => (await import('./init.js')).initVerb,
  doctor: async () => (await import('./doctor.js')).doctorVerb,
  up: async () => (await import('./up.js')).upVerb,
  redirector: async () => (await import('./up.js')).redirectorVerb,
  collector: async () => (await import('./up.js')).collectorVerb,
  forecaster: async () => (await import('./up.js')).forecasterVerb,
  api: async () => (await import('./up.js')).apiVerb,
  demo: async () => (await import('./demo.js')).demoVerb,
  status: async () => (await import('./status.js')).statusVerb,
  top: async () => (await import('./top.js')).topVerb,
  plan: async () => (await import('./plan.js')).planVerb,
  apply: async () => (await import('./plan.js')).applyVerb,
  approve: async () => (await import('./plan.js')).approveVerb,
  reject: async () => (await import('./plan.js')).rejectVerb,
  rollback: async () => (await import('./plan.js')).rollbackVerb,
  explain: async () => (await import('./explain.js')).explainVerb,
  'what-if': async () => (await import('./what-if.js')).whatIfVerb,
  drain: async () => (await import('./drain.js')).drainVerb,
  undrain: async () => (await import('./drain.js')).undrainVerb,
  history: async () => (await import('./history.js')).historyVerb,
  pause: async () => (await import('./balancing.js')).pauseVerb,
  resume: async () => (await import('./balancing.js')).resumeVerb,
  mode: async () => (await import('./balancing.js')).modeVerb,
  pin: async () => (await import('./pin.js')).pinVerb,
  unpin: async () => (await import('./pin.js')).unpinVerb,
  forecast: async () => (await import('./forecast.js')).forecastVerb,
  backtest: async () => (await import('./backtest.js')).backtestVerb,
  advise: async () => (await import('./advise.js')).adviseVerb,
  replay: async () => (await import('./replay.js')).replayVerb,
  import: async () => (await import('./import.js')).importVerb,
  agent: async () => (await import('./agent.js')).agentVerb,
  'agent-token': async () => (await import('./agent.js')).agentTokenVerb,
  token: async () => (await import('./token.js')).tokenVerb,
  credential: async () => (await import('./credential.js')).credentialVerb,
  config: async () => (await import('./config.js')).configVerb,
};

/**
 * The verbs that a command line may mean. All of them are 700 modules, half a second: who types one waits for what that one
 * needs. Help, a mistyped word and whatever tells of verbs needs all.
 */
export async function verbsFor(args: readonly string[]): Promise<readonly Verb[]> {
  const [word = ''] = args;
  if (word === '--version') return [];
  const load = Object.hasOwn(VERBS_BY_WORD, word) ? VERBS_BY_WORD[word] : undefined;
  return load === undefined ? (await import('./all.js')).VERBS : [await load()];
}

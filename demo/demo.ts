import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { importTrace } from '../collector/import.js';
import { agentToken } from '../core/agent-protocol.js';
import type { SystemClock } from '../core/clock/system.js';
import type { Mode, ServerId } from '../core/domain.js';
import { fail } from '../core/errors.js';
import type { Log } from '../core/log.js';
import type { Rng } from '../core/rng.js';
import { SERVER } from '../core/table-store/records/server.js';
import type { Trace } from '../core/trace/trace.js';
import { calibrate } from './calibrate.js';
import { Child } from './child.js';
import { freePort } from './free-port.js';
import type { FromLoad, LoadReport, ServerArguments, ServerReady, Window } from './messages.js';
import type { AppliedMoves } from './moves.js';
import { appliedMoves, realOutcomes } from './moves.js';
import { Narrator } from './narrator.js';
import type { Requests } from './scene.js';
import {
  CAPACITY_CPU,
  HISTORY_STEPS,
  SERVERS,
  STEP_MS,
  requestsOf,
  sceneSettings,
} from './scene.js';
import { DistributedStage } from './distributed-stage.js';
import type { Sight, Stage } from './stage.js';
import { LocalStage, untilSeen } from './stage.js';
import type { Verdict } from './verdict.js';
import { verdictOf, verdictSchema } from './verdict.js';

export interface DemoParts {
  readonly clock: SystemClock;
  readonly rng: Rng;
  readonly log: Log;
  readonly version: string;
  readonly say: (text: string) => void;
}

export interface DemoOptions {
  readonly trace: Trace;
  readonly mode: Mode;
  readonly apiPort: number;
  readonly proxyPort: number;
  readonly seed: number;
  /** Each service as a process of its own, on real engines that are started for it. */
  readonly isDistributed: boolean;
}

export const demoSummarySchema = z.object({
  seconds: z.number(),
  /** Switches that moved something off a server that already had it: first placements do not count. */
  switches: z.number(),
  /** Of those: how many moved two resources or more as one. */
  ofSeveral: z.number(),
  moves: z.number(),
  requestsPerSecond: z.number(),
  /** Not sent, since too many waited already. */
  skipped: z.number(),
  verdict: verdictSchema,
  p99Ms: z.number(),
  switchedP99Ms: z.number().nullable(),
  /** What a switch added to the 99th percentile of the requests that met it. */
  p99AddedMs: z.number().nullable(),
  holdMsMax: z.number(),
  heldRequests: z.number(),
});
export type DemoSummary = Readonly<z.output<typeof demoSummarySchema>>;

const SECRET = 'the secret of a demo, which ends with it';
/** CPU that a request burns in its handler; all around it costs some more. */
const BURN_MS = 1;
const ANSWER_BYTES = 512;
const HOST = '127.0.0.1';

/** Real servers, agents, clients and requests, shaped by a trace at a speed-up; all the rest is the real service. */
export class Demo {
  readonly #parts: DemoParts;
  readonly #options: DemoOptions;
  #folder = '';
  #stage: Stage | undefined;
  #load: Child<FromLoad> | undefined;
  #servers: { readonly child: Child<ServerReady>; readonly journal: string }[] = [];
  #narrator: Narrator | undefined;
  #startedAtMs = 0;

  constructor(parts: DemoParts, options: DemoOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** Where to look. */
  get sights(): readonly Sight[] {
    return (this.#stage ?? fail('ERR_DEMO_NOT_STARTED')).sights;
  }

  async start(): Promise<void> {
    const { clock, say } = this.#parts;
    const { trace, mode, apiPort, proxyPort, isDistributed } = this.#options;
    this.#folder = await mkdtemp(join(tmpdir(), 'foreshift-demo-'));
    const cost = await calibrate(BURN_MS, ANSWER_BYTES);
    const requests = requestsOf(trace, cost) ?? fail('ERR_TRACE_EMPTY');
    const agents = await freePort();
    const settings = sceneSettings(mode, { api: apiPort, proxy: proxyPort, agents });
    // All of them stand ready and knock when the service opens, so that it sees the whole fleet at once.
    await this.#startServers(`http://${HOST}:${agents}`, requests.resources);
    const options = { settings, secret: SECRET, folder: this.#folder };
    const stage = isDistributed
      ? await DistributedStage.open(this.#parts, options)
      : await LocalStage.open(this.#parts, options);
    this.#stage = stage;
    const historySteps = await this.#importHistory(stage, requests, cost);
    await stage.start();
    this.#narrator = new Narrator({ view: stage.view, clock, say });
    await untilSeen(stage.view, () => stage.view.all(SERVER).size === SERVERS);
    await untilSeen(stage.view, () => stage.view.table.size === requests.resources.length);
    await this.#startLoad(stage, requests, historySteps);
    this.#startedAtMs = clock.monotonicMs();
  }

  /** Ends the requests first, so that everything sent is answered; then compares what both sides wrote down. */
  async stop(): Promise<DemoSummary> {
    const { clock } = this.#parts;
    const stage = this.#stage ?? fail('ERR_DEMO_NOT_STARTED');
    const load = this.#load ?? fail('ERR_DEMO_NOT_STARTED');
    const seconds = (clock.monotonicMs() - this.#startedAtMs) / 1000;
    const windows = switchWindows(stage);
    load.tell({ kind: 'report', windows });
    const report = await load.hear((said) => said.kind === 'report');
    load.tell({ kind: 'stop' });
    await load.hear((said) => said.kind === 'stopped');
    this.#narrator?.end();
    const outcomes = appliedMoves(stage.view);
    await stage.stop();
    await load.end();
    for (const { child } of this.#servers) await child.end();
    const journals = this.#servers.map(({ journal }) => journal);
    const verdict = await verdictOf(join(this.#folder, 'clients'), journals);
    await this.#clean();
    return summaryOf({ seconds, report, verdict, outcomes });
  }

  /** After a failure: nothing of it stays. */
  async abandon(): Promise<void> {
    this.#load?.kill();
    for (const { child } of this.#servers) child.kill();
    await this.#stage?.stop().catch(() => undefined);
    await this.#clean();
  }

  #clean(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }

  /** Two days, at the demo's pace, as if they had just passed; a short trace gives a third of itself. */
  async #importHistory(stage: Stage, requests: Requests, cost: number): Promise<number> {
    const { resources, steps, rates } = requests;
    const historySteps = Math.min(HISTORY_STEPS, Math.floor(steps / 3));
    const history = (scale: number): Float32Array => {
      const values = new Float32Array(resources.length * historySteps);
      for (let row = 0; row < resources.length; row++) {
        for (let step = 0; step < historySteps; step++) {
          values[row * historySteps + step] = scale * (rates[row * steps + step] ?? 0);
        }
      }
      return values;
    };
    const grid = { startMs: 0, stepMs: STEP_MS, steps: historySteps };
    const trace: Trace = {
      resources: resources as Trace['resources'],
      grid,
      loads: { hits: history(1), cpu: history(cost) },
    };
    const endMs = this.#parts.clock.realtimeMs();
    const { clock } = this.#parts;
    await importTrace(trace, { store: stage.metricStore, clock }, { endMs });
    return historySteps;
  }

  async #startServers(registrationUrl: string, resources: readonly string[]): Promise<void> {
    for (let number = 1; number <= SERVERS; number++) {
      const id = `s${number}`;
      const args: ServerArguments = {
        id,
        resources,
        registrationUrl,
        token: agentToken(SECRET, id as ServerId),
        capacityCpu: CAPACITY_CPU,
        burnMs: BURN_MS,
        answerBytes: ANSWER_BYTES,
        journal: join(this.#folder, `journal-${id}`),
        dataDir: join(this.#folder, `agent-${id}`),
      };
      const child = new Child<ServerReady>('server-process', [JSON.stringify(args)]);
      this.#servers.push({ child, journal: args.journal });
    }
    const ready = this.#servers.map(({ child }) =>
      child.hear((_said): _said is ServerReady => true),
    );
    await Promise.all(ready);
  }

  async #startLoad(stage: Stage, requests: Requests, historySteps: number): Promise<void> {
    const { resources, steps, rates } = requests;
    const showSteps = steps - historySteps;
    const show = new Float32Array(resources.length * showSteps);
    for (let row = 0; row < resources.length; row++) {
      show.set(rates.subarray(row * steps + historySteps, (row + 1) * steps), row * showSteps);
    }
    const load = new Child<FromLoad>('load-process', []);
    this.#load = load;
    load.tell({
      proxies: stage.proxies,
      resources,
      stepMs: STEP_MS,
      steps: showSteps,
      rates: show,
      seed: this.#options.seed,
      ledger: join(this.#folder, 'clients'),
    });
    await load.hear((said) => said.kind === 'started');
  }
}

/** From the earliest that anything can have been held to the outcome's writing. */
function switchWindows(stage: Stage): Window[] {
  return realOutcomes(stage.view).map(({ atMs, drainMs, holdMs, resources }) => ({
    fromMs: atMs - Math.max(holdMs, drainMs) - 1000,
    toMs: atMs,
    resources,
  }));
}

function summaryOf({
  seconds,
  report,
  verdict,
  outcomes,
}: {
  readonly seconds: number;
  readonly report: LoadReport;
  readonly verdict: Verdict;
  readonly outcomes: AppliedMoves;
}): DemoSummary {
  const { switchedP99Ms, p99Ms } = report;
  return {
    seconds: Math.round(seconds),
    ...outcomes,
    requestsPerSecond: Math.round(report.perSecond),
    skipped: report.skipped,
    verdict,
    p99Ms,
    switchedP99Ms,
    p99AddedMs: switchedP99Ms === null ? null : Math.max(0, switchedP99Ms - p99Ms),
  };
}

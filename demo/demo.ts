import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { importTrace } from '../collector/import.js';
import { agentToken } from '../core/agent-protocol.js';
import type { SystemClock } from '../core/clock/system.js';
import type { Mode, ResourceId, ServerId } from '../core/domain.js';
import { fail } from '../core/errors.js';
import type { Log } from '../core/log.js';
import type { Rng } from '../core/rng.js';
import { LOST, SERVER } from '../core/table-store/records/server.js';
import type { Trace } from '../core/trace/trace.js';
import { calibrate } from './calibrate.js';
import { Child } from './child.js';
import { freePort } from './free-port.js';
import type { Joined } from './joined-stage.js';
import { JoinedStage } from './joined-stage.js';
import type { FromLoad, LoadReport, ServerArguments, ServerReady, Window } from './messages.js';
import type { AppliedMoves } from './moves.js';
import { appliedMoves, realOutcomes } from './moves.js';
import { Narrator } from './narrator.js';
import type { Requests } from './scene.js';
import { CAPACITY_CPU, HISTORY_STEPS, SERVERS, requestsOf, sceneSettings } from './scene.js';
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
  /** Undefined: a Foreshift is started for it. Else mode and ports are that one's. */
  readonly joined: Joined | undefined;
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
  #servers: {
    readonly id: ServerId;
    readonly child: Child<ServerReady>;
    readonly journal: string;
  }[] = [];
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
    const { trace, joined } = this.#options;
    this.#folder = await mkdtemp(join(tmpdir(), 'foreshift-demo-'));
    const cost = await calibrate(BURN_MS, ANSWER_BYTES);
    const requests = requestsOf(trace, cost) ?? fail('ERR_TRACE_EMPTY');
    const agents = joined?.config.agents.listen.port ?? (await freePort());
    const stage = await this.#open(agents);
    this.#stage = stage;
    // All of them stand ready and knock when the service opens, so that it sees the whole fleet at once.
    await this.#startServers(`http://${HOST}:${agents}`, requests.resources);
    // A short trace gives a third of itself.
    const historySteps = Math.min(HISTORY_STEPS, Math.floor(requests.steps / 3));
    if (stage.isNew) await this.#importHistory(stage, { requests, historySteps, cost });
    await stage.start();
    this.#narrator = new Narrator({ view: stage.view, clock, say });
    const { view } = stage;
    // Where it joins for the second time, those of the first are known as lost.
    await untilSeen(view, () =>
      this.#servers.every(({ id }) => view.all(SERVER).has(id) && !view.all(LOST).has(id)),
    );
    await untilSeen(view, () =>
      requests.resources.every((id) => view.table.placementOf(id as ResourceId) !== undefined),
    );
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

  #open(agents: number): Promise<Stage> {
    const { mode, apiPort, proxyPort, isDistributed, joined } = this.#options;
    if (joined !== undefined) return JoinedStage.open(this.#parts, joined, this.#folder);
    const settings = sceneSettings(mode, { api: apiPort, proxy: proxyPort, agents });
    const options = { settings, secret: SECRET, folder: this.#folder };
    return isDistributed
      ? DistributedStage.open(this.#parts, options)
      : LocalStage.open(this.#parts, options);
  }

  #clean(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }

  /** Two days, at the stage's pace, as if they had just passed. */
  async #importHistory(
    stage: Stage,
    {
      requests: { resources, steps, rates },
      historySteps,
      cost,
    }: { readonly requests: Requests; readonly historySteps: number; readonly cost: number },
  ): Promise<void> {
    const history = (scale: number): Float32Array => {
      const values = new Float32Array(resources.length * historySteps);
      for (let row = 0; row < resources.length; row++) {
        for (let step = 0; step < historySteps; step++) {
          values[row * historySteps + step] = scale * (rates[row * steps + step] ?? 0);
        }
      }
      return values;
    };
    const grid = { startMs: 0, stepMs: stage.stepMs, steps: historySteps };
    const trace: Trace = {
      resources: resources as Trace['resources'],
      grid,
      loads: { hits: history(1), cpu: history(cost) },
    };
    const endMs = this.#parts.clock.realtimeMs();
    const { clock } = this.#parts;
    await importTrace(trace, { store: stage.metricStore, clock }, { endMs });
  }

  async #startServers(registrationUrl: string, resources: readonly string[]): Promise<void> {
    for (let number = 1; number <= SERVERS; number++) {
      const id = `s${number}` as ServerId;
      const args: ServerArguments = {
        id,
        resources,
        registrationUrl,
        token: agentToken(this.#options.joined?.secret ?? SECRET, id),
        capacityCpu: CAPACITY_CPU,
        burnMs: BURN_MS,
        answerBytes: ANSWER_BYTES,
        journal: join(this.#folder, `journal-${id}`),
        dataDir: join(this.#folder, `agent-${id}`),
      };
      const child = new Child<ServerReady>('server-process', [JSON.stringify(args)]);
      this.#servers.push({ id, child, journal: args.journal });
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
      stepMs: stage.stepMs,
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

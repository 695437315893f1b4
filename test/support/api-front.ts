import { strict as assert } from 'node:assert';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:http';
import type { AccessOptions } from '../../api/access/access.js';
import { Access } from '../../api/access/access.js';
import { Refusals } from '../../api/access/refusals.js';
import type { Role } from '../../api/access/token.js';
import { apiToken } from '../../api/access/token.js';
import type { Asset } from '../../api/assets.js';
import { plainJobsPage } from '../../api/jobs/page.js';
import { NewsStream } from '../../api/news-stream.js';
import { Preparations } from '../../api/preparations.js';
import type { Problem } from '../../api/problem.js';
import type { ApiRoute } from '../../api/route.js';
import { apiRoutes } from '../../api/routes/all.js';
import { API_SERVER_DEFAULTS, ApiServer } from '../../api/server.js';
import { MemoryBus } from '../../core/bus/memory.js';
import { configSchema } from '../../core/config/schema.js';
import { credentialsInMemory } from '../../core/credentials/memory.js';
import { forecastBlock } from '../../core/forecast.js';
import { MemoryMetricStore } from '../../core/metric-store/memory.js';
import type { MetricStore } from '../../core/metric-store/port.js';
import { Eligibility } from '../../core/table-store/eligibility.js';
import type { Adviser } from '../../forecaster/planner/adviser.js';
import { InlineAdviser } from '../../forecaster/planner/adviser.js';
import { ControlPlane } from './control-plane.js';
import { r } from './names.js';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Given {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const SECRET = 'the secret of these tests';
const BROKEN: ApiRoute = {
  method: 'GET',
  path: '/v1/broken',
  role: 'viewer',
  summary: 'Has a defect.',
  schemas: {},
  isTagged: false,
  handle: () => Promise.reject(new Error('secret words of the inside')),
};

/** What a test brings itself. */
export interface Brought {
  readonly plane?: ControlPlane;
  readonly metricStore?: MetricStore;
  readonly assets?: ReadonlyMap<string, Asset>;
  readonly adviser?: Adviser;
  readonly connectionsMax?: number;
  readonly routes?: readonly ApiRoute[];
}

/** The API on a listener of its own, over a control plane in memory: servers s1 and s2, resources a and b. */
export class ApiFront {
  readonly plane: ControlPlane;
  readonly bus: MemoryBus;
  readonly metricStore: MetricStore;
  readonly access: Access;
  readonly routes: readonly ApiRoute[];
  /** Nobody prepares anything ahead before a test starts it. */
  readonly preparations: Preparations;
  readonly server: ApiServer;

  private constructor(
    plane: ControlPlane,
    options: AccessOptions,
    {
      metricStore = new MemoryMetricStore(),
      assets = new Map([['/', { type: 'text/html', content: '<p>' }]]),
      adviser = new InlineAdviser(),
      connectionsMax = API_SERVER_DEFAULTS.connectionsMax,
      routes = [],
    }: Brought,
  ) {
    this.plane = plane;
    this.metricStore = metricStore;
    this.bus = new MemoryBus(plane);
    this.preparations = new Preparations(plane);
    const { view, clock, store, log } = plane;
    const { bus } = this;
    const eligibility = new Eligibility(plane);
    const planner = configSchema.shape.planner.parse({});
    const forecast = { stepMs: 300_000, horizonSteps: 12, everyMs: 300_000 };
    this.access = new Access({ clock, secret: SECRET }, options);
    this.routes = [
      ...apiRoutes(
        {
          ...{ view, clock, store, log, bus, eligibility },
          metricStore,
          collector: () => [],
          processes: { all: () => [] },
          adviser,
          preparations: this.preparations,
          credentials: credentialsInMemory(clock),
        },
        {
          state: {
            ...{ cluster: 'test', mode: 'propose', windowMs: 10_000, forecast, planner },
            planning: { planner, stepMs: forecast.stepMs, seed: 1 },
          },
          plans: { planLifeMs: 60_000, roundTimeoutMs: 100 },
        },
      ),
      BROKEN,
      ...routes,
    ];
    const refusals = new Refusals(plane);
    this.server = new ApiServer(
      {
        clock,
        log,
        routes: this.routes,
        assets,
        news: new NewsStream(plane),
        jobs: plainJobsPage(bus),
        access: this.access,
        version: '0.0.0',
        onForbidden: ({ name }, what) => {
          refusals.note(name, what);
        },
      },
      {
        ...{ ...API_SERVER_DEFAULTS, bodyBytesMax: 2000, connectionsMax },
        listen: { host: '127.0.0.1', port: 0 },
      },
    );
  }

  static async start(
    options: AccessOptions = { login: 'none', revoked: [] },
    brought: Brought = {},
  ): Promise<ApiFront> {
    const plane =
      brought.plane ?? (await ControlPlane.with(['s1', 's2'], { a: 's1@1.5', b: 's2@1.6' }));
    const front = new ApiFront(plane, options, brought);
    await front.server.start();
    return front;
  }

  async stop(): Promise<void> {
    await this.preparations.stop();
    await this.server.stop();
  }

  /** What each resource will need: so many cores, all the time. */
  async forecast(cores: Readonly<Record<string, number>>): Promise<void> {
    const madeAtMs = this.plane.clock.realtimeMs();
    const series = Object.keys(cores).map((id) => {
      return { subject: 'resource', id: r(id), metric: 'cpu' } as const;
    });
    const block = forecastBlock(series, { startMs: madeAtMs, stepMs: 300_000, steps: 2 });
    for (const [row, { id }] of series.entries()) {
      block.paths.fill(cores[id] ?? 0, row * 6, (row + 1) * 6);
      block.peaks.fill(cores[id] ?? 0, row * 3, (row + 1) * 3);
    }
    const models = series.map(() => 'naive');
    await this.metricStore.writeForecast({ madeAtMs, models, block, leads: [1] });
  }

  /** Good for an hour. */
  token(role: Role, name = 'ann'): string {
    const untilMs = this.plane.clock.realtimeMs() + 3_600_000;
    return apiToken(SECRET, { name, role, untilMs });
  }

  ask(method: string, path: string, { headers = {}, body = '' }: Given = {}): Promise<Answer> {
    const { host, port } = this.server.address;
    return new Promise((resolve, reject) => {
      const call = request({ host, port, method, path, headers }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
      });
      call.on('error', reject);
      call.end(body);
    });
  }

  post(
    path: string,
    body: unknown,
    type = 'application/json',
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return this.ask('POST', path, { headers: { ...headers, 'content-type': type }, body: text });
  }
}

/** A path with names in the places of its parameters. */
export function filled(path: string): string {
  return path.replace(':plan', '1').replace(':server', 's1').replace(':resource', 'a');
}

export function problemIn({ headers, text }: Answer): Problem {
  assert.match(headers['content-type'] ?? '', /^application\/problem\+json/);
  return JSON.parse(text) as Problem;
}

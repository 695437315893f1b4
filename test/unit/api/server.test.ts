import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { plainJobsPage } from '../../../api/jobs/page.js';
import { NewsStream } from '../../../api/news-stream.js';
import type { Problem } from '../../../api/problem.js';
import { actRoutes } from '../../../api/routes/acts.js';
import { planRoutes } from '../../../api/routes/plans.js';
import { stateRoutes } from '../../../api/routes/state.js';
import type { ApiRoute } from '../../../api/route.js';
import { API_SERVER_DEFAULTS, ApiServer } from '../../../api/server.js';
import { MemoryBus } from '../../../core/bus/memory.js';
import { configSchema } from '../../../core/config/schema.js';
import { MemoryMetricStore } from '../../../core/metric-store/memory.js';
import { MODE, PAUSE } from '../../../core/table-store/records/plan.js';
import { Eligibility } from '../../../core/table-store/eligibility.js';
import { ControlPlane } from '../../support/control-plane.js';

const JSON_BODY = {
  headers: { 'content-type': 'application/json', 'content-length': '2' },
  body: '{}',
};

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}

let plane: ControlPlane;
let server: ApiServer;
let routes: readonly ApiRoute[];
let bus: MemoryBus;

beforeEach(async () => {
  plane = await ControlPlane.with(['s1', 's2'], { a: 's1@1.5', b: 's2@1.6' });
  const eligibility = new Eligibility(plane);
  bus = new MemoryBus(plane);
  const { view, clock, store, log } = plane;
  const parts = { view, clock, store, log, bus, metricStore: new MemoryMetricStore() };
  const forecast = { stepMs: 300_000, horizonSteps: 12, everyMs: 300_000 };
  routes = [
    ...stateRoutes(
      { ...parts, eligibility, collector: () => [], engines: [] },
      {
        cluster: 'test',
        mode: 'propose',
        windowMs: 10_000,
        forecast,
        planner: configSchema.shape.planner.parse({}),
        explain: {
          planner: configSchema.shape.planner.parse({}),
          stepMs: forecast.stepMs,
          seed: 1,
        },
      },
    ),
    ...planRoutes(parts, { planLifeMs: 60_000, roundTimeoutMs: 100 }),
    ...actRoutes({ ...parts, eligibility }),
    {
      method: 'GET',
      path: '/v1/broken',
      role: 'viewer',
      summary: '',
      handle: () => Promise.reject(new Error('secret words of the inside')),
    },
  ];
  server = new ApiServer(
    {
      log: plane.log,
      routes,
      assets: new Map([['/', { type: 'text/html', content: '<p>' }]]),
      news: new NewsStream(plane),
      jobs: plainJobsPage(bus),
    },
    { ...API_SERVER_DEFAULTS, bodyBytesMax: 2000, listen: { host: '127.0.0.1', port: 0 } },
  );
  await server.start();
});

afterEach(() => server.stop());

function ask(
  method: string,
  path: string,
  { headers = {}, body = '' }: { headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const { host, port } = server.address;
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

function post(path: string, body: unknown, type = 'application/json'): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return ask('POST', path, { headers: { 'content-type': type }, body: text });
}

function problemIn({ headers, text }: Answer): Problem {
  expect(headers['content-type']).toMatch(/^application\/problem\+json/);
  return JSON.parse(text) as Problem;
}

describe('the API over HTTP', () => {
  it('does what is asked, and answers with JSON that nobody keeps', async () => {
    const answer = await post('/v1/mode', { mode: 'auto', by: 'ann' });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': expect.stringMatching(/^application\/json/),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    expect(plane.view.get(MODE, 'current')?.value.mode).toBe('auto');
  });

  it.each([
    ['no JSON', '{"mode":', 'ERR_JSON_INVALID'],
    ['a list where an object belongs', '[]', 'ERR_REQUEST_INVALID'],
    ['a key that there is not', { mode: 'auto', by: 'ann', force: true }, 'ERR_REQUEST_INVALID'],
    ['a value that there is not', { mode: 'fast', by: 'ann' }, 'ERR_REQUEST_INVALID'],
    ['nobody who acts', { mode: 'auto' }, 'ERR_REQUEST_INVALID'],
    ['too much', { mode: 'auto', by: 'ann', reason: 'x'.repeat(3000) }, 'ERR_JSON_INVALID'],
    ['nothing', '', 'ERR_REQUEST_INVALID'],
  ])('refuses %s with a coded problem, and changes nothing', async (_what, body, code) => {
    const { revision } = plane.view;
    const answer = await post('/v1/mode', body);
    const problem = problemIn(answer);
    expect(answer.status).toBe(problem.status);
    expect(Math.floor(answer.status / 100)).toBe(4);
    expect(problem.code).toBe(code);
    expect(problem.remedy).not.toBe('');
    expect(plane.view.revision).toBe(revision);
    expect(plane.view.get(MODE, 'current')).toBeUndefined();
  });

  it('names what is wrong and where', async () => {
    const unknown = problemIn(await post('/v1/mode', { mode: 'auto', by: 'ann', force: true }));
    expect(unknown.detail).toContain('force');
    const wrong = problemIn(await post('/v1/mode', { mode: 'fast', by: 'ann' }));
    expect(wrong.detail).toContain('body.mode');
    const query = problemIn(await ask('GET', '/v1/history?limit=0'));
    expect(query.detail).toContain('query.limit');
  });

  it.each([
    ['/v1/plans/99', 404, 'ERR_PLAN_UNKNOWN'],
    ['/v1/plans/../../etc', 404, 'ERR_ROUTE_UNKNOWN'],
    ['/v1/plans/%zz', 400, 'ERR_REQUEST_INVALID'],
    ['/v1/plans/%20', 400, 'ERR_REQUEST_INVALID'],
    ['/v1/explain/nobody', 404, 'ERR_RESOURCE_UNKNOWN'],
    ['/nowhere', 404, 'ERR_ROUTE_UNKNOWN'],
  ])('GET %s answers %i %s', async (path, status, code) => {
    const answer = await ask('GET', path);
    expect({ status: answer.status, code: problemIn(answer).code }).toEqual({ status, code });
  });

  it('takes changes only as JSON: a form of another site cannot make one', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const answer = await post('/v1/pause', '{"by":"mallory"}', type);
      expect({ type, status: answer.status }).toEqual({ type, status: 415 });
    }
    expect(plane.view.get(PAUSE, 'current')).toBeUndefined();
  });

  it('answers only to a loopback name: another one may be a page that rebinds its own', async () => {
    const rebound = await ask('GET', '/v1/status', { headers: { host: 'evil.example:7700' } });
    expect(rebound.status).toBe(403);
    for (const host of ['localhost:7700', '127.0.0.1', '[::1]:7700']) {
      const answer = await ask('GET', '/v1/status', { headers: { host } });
      expect({ host, status: answer.status }).toEqual({ host, status: 200 });
    }
  });

  it('never changes anything by GET or HEAD', async () => {
    const { revision } = plane.view;
    for (const { path } of routes) {
      const filled = path.replace(':plan', '1').replace(':server', 's1').replace(':resource', 'a');
      for (const method of ['GET', 'HEAD']) await ask(method, filled);
    }
    await plane.view.sync();
    expect(plane.view.revision).toBe(revision);
  });

  it('keeps the words of a defect to itself', async () => {
    const answer = await ask('GET', '/v1/broken');
    expect({ status: answer.status, code: problemIn(answer).code }).toEqual({
      status: 500,
      code: 'ERR_INTERNAL',
    });
    expect(answer.text).not.toContain('secret');
  });

  it('says when no forecaster answers in time', async () => {
    const asked = post('/v1/plans', { by: 'ann' });
    let answer: Answer | undefined;
    void asked.then((came) => (answer = came));
    while (answer === undefined) await plane.clock.advance(10);
    expect(problemIn(answer).code).toBe('ERR_ROUND_LATE');
    expect(answer.status).toBe(504);
  });

  it('tells its listeners that there is news', async () => {
    const { host, port } = server.address;
    const heard = await new Promise<string>((resolve, reject) => {
      const call = request({ host, port, path: '/v1/stream' }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          if (text.includes('event: news')) {
            resolve(text);
            call.destroy();
          } else {
            void post('/v1/mode', { mode: 'observe', by: 'ann' }).then(() =>
              plane.clock.advance(1000),
            );
          }
        });
      });
      call.on('error', reject);
      call.end();
    });
    expect(heard).toMatch(/event: news\ndata: \S+\n\n/);
  });

  it('shows the jobs of an embedded bus as a plain page, whatever stands in them', async () => {
    expect((await ask('GET', '/jobs')).text).toContain('No job waits');
    await bus.enqueue('tune', {}, { id: '<script>alert(1)</script>' });
    const { status, headers, text } = await ask('GET', '/jobs/');
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/html/);
    expect(text).toContain('The bus of this Foreshift is embedded');
    expect(text).toContain('<td>&#60;script&#62;alert(1)&#60;/script&#62;</td>');
    expect(text).not.toContain('<script');
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const refused = await ask(method, '/jobs', JSON_BODY);
      expect(problemIn(refused).code).toBe('ERR_ROUTE_UNKNOWN');
    }
  });
});

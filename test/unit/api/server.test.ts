import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MODE, PAUSE } from '../../../core/table-store/records/plan.js';
import type { Answer } from '../../support/api-front.js';
import { ApiFront, filled, problemIn } from '../../support/api-front.js';
import type { ControlPlane } from '../../support/control-plane.js';
import { SCRIPT_NAMES } from '../../support/script-names.js';

const JSON_BODY = {
  headers: { 'content-type': 'application/json', 'content-length': '2' },
  body: '{}',
};

let front: ApiFront;
let plane: ControlPlane;
let ask: ApiFront['ask'];
let post: ApiFront['post'];

beforeEach(async () => {
  front = await ApiFront.start();
  ({ plane } = front);
  ask = front.ask.bind(front);
  post = front.post.bind(front);
});

afterEach(() => front.stop());

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
    for (const { path } of front.routes) {
      for (const method of ['GET', 'HEAD']) await ask(method, filled(path));
    }
    await plane.view.sync();
    expect(plane.view.revision).toBe(revision);
  });

  it('never does so whatever a GET asks for, or says that it is', async () => {
    const { revision } = plane.view;
    const pin = JSON.stringify({ resource: 'a', server: 's2', by: 'mallory', reason: '' });
    const headers = {
      'content-type': 'application/json',
      'content-length': String(pin.length),
      'x-http-method-override': 'POST',
      'x-method-override': 'POST',
      'idempotency-key': 'k',
    };
    const words = ['a', 's2', '..', '%2e%2e', '1/approve', 'mode', "'; DROP", ...SCRIPT_NAMES];
    for (const [at, { path }] of front.routes.entries()) {
      for (const [turn, word] of words.entries()) {
        const text = encodeURIComponent(word);
        const parameters = path.replaceAll(/:\w+/g, text);
        const query = `_method=POST&by=ann&mode=auto&state=draining&change=${text}&on=${text}`;
        const method = (at + turn) % 5 === 0 ? 'HEAD' : 'GET';
        const given = turn % 2 === 0 ? { headers, body: pin } : {};
        const asked = turn % 3 === 0 ? parameters : `${parameters}?${query}`;
        const { status } = await ask(method, asked, given);
        expect({ asked, isAnswered: status >= 200 && status < 600 }).toMatchObject({
          isAnswered: true,
        });
      }
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
    const { host, port } = front.server.address;
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
    await front.bus.enqueue('tune', {}, { id: '<script>alert(1)</script>' });
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

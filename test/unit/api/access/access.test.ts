import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SESSION_LIFE_MS } from '../../../../api/access/access.js';
import type { Role } from '../../../../api/access/token.js';
import { auditTrail } from '../../../../core/table-store/audit.js';
import { PAUSE } from '../../../../core/table-store/records/plan.js';
import { ApiFront, filled, problemIn } from '../../../support/api-front.js';
import { untilWithin } from '../../../support/until.js';

const until = untilWithin(5000, { pauseMs: 1 });

let front: ApiFront;

beforeEach(async () => {
  front = await ApiFront.start({ login: 'token', revoked: ['mallory'] });
});

afterEach(() => front.stop());

const bearing = (token: string) => ({ authorization: `Bearer ${token}` });

function cookieIn(headers: Readonly<Record<string, unknown>>): string {
  const [cookie = ''] = headers['set-cookie'] as string[];
  return cookie;
}

describe('an API with a login', () => {
  it('answers nobody whom it does not know, and says how to be known', async () => {
    for (const { method, path } of front.routes) {
      const type = { 'content-type': 'application/json' };
      const answer = await front.ask(method, filled(path), { headers: type });
      const { status, headers } = answer;
      expect({ method, path, status, code: problemIn(answer).code }).toEqual({
        ...{ method, path, status: 401, code: 'ERR_LOGIN_NEEDED' },
      });
      expect(headers['www-authenticate']).toBe('Bearer realm="foreshift"');
    }
    for (const path of ['/jobs', '/jobs/', '/v1/stream', '/v1/session']) {
      expect({ path, status: (await front.ask('GET', path)).status }).toEqual({
        path,
        status: 401,
      });
    }
  });

  it('shows its page, what it is and what its problems mean to anybody', async () => {
    for (const path of ['/', '/openapi.json', '/problems/login-needed', '/problems/internal']) {
      expect({ path, status: (await front.ask('GET', path)).status }).toEqual({
        path,
        status: 200,
      });
    }
    expect((await front.ask('GET', '/problems/nothing')).status).toBe(404);
  });

  it.each<[Role]>([['viewer'], ['operator']])(
    'lets a %s do what its role may, on every route by every method',
    async (role) => {
      const headers = { ...bearing(front.token(role)), 'content-type': 'application/json' };
      for (const path of new Set(front.routes.map((route) => route.path))) {
        for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH']) {
          const route = front.routes.find((each) => each.path === path && each.method === method);
          // No JSON: whoever may act gets so far that it is read.
          const answer = await front.ask(method, filled(path), {
            headers,
            body: route === undefined || method === 'GET' ? '' : '{',
          });
          const { status } = answer;
          if (route === undefined) {
            expect({ method, path, status }).toEqual({ method, path, status: 404 });
          } else if (role === 'viewer' && route.role === 'operator') {
            const { code } = problemIn(answer);
            expect({ method, path, code }).toEqual({ method, path, code: 'ERR_ROLE_NEEDED' });
          } else if (method === 'POST') {
            const { code } = problemIn(answer);
            expect({ method, path, code }).toEqual({ method, path, code: 'ERR_JSON_INVALID' });
          } else {
            expect({ method, path, isKnown: status !== 401 && status !== 403 }).toEqual({
              ...{ method, path, isKnown: true },
            });
          }
        }
      }
    },
  );

  it('writes the name in the token into the audit, whoever the request says acts', async () => {
    const token = front.token('operator', 'ann');
    const body = { mode: 'auto', by: 'bob' };
    const { status } = await front.post('/v1/mode', body, 'application/json', bearing(token));
    expect(status).toBe(200);
    expect(auditTrail(front.plane.view)).toMatchObject([{ who: 'ann', what: 'mode' }]);
  });

  it('writes down, once a minute, who asked for what its role does not allow', async () => {
    const token = front.token('viewer', 'vic');
    for (let tries = 0; tries < 5; tries++) {
      const answer = await front.post('/v1/pause', {}, 'application/json', bearing(token));
      expect(problemIn(answer).code).toBe('ERR_ROLE_NEEDED');
    }
    await until('it is in the audit', async () => {
      await front.plane.view.sync();
      return auditTrail(front.plane.view).length > 0;
    });
    expect(auditTrail(front.plane.view)).toMatchObject([
      { who: 'vic', what: 'refused', detail: 'POST /v1/pause' },
    ]);
  });

  it('takes no token that is forged, over, or of a name that was revoked', async () => {
    const refusal = async (token: string) =>
      problemIn(await front.ask('GET', '/v1/status', { headers: bearing(token) })).detail;
    const token = front.token('operator');
    expect(await refusal(`${token.slice(0, -5)}AAAAA`)).toContain('forged');
    expect(await refusal('secret')).toContain('malformed');
    expect(await refusal(front.token('operator', 'mallory'))).toContain('revoked');
    front.access.reconfigure({ login: 'token', revoked: ['ann'] });
    expect(await refusal(token)).toContain('revoked');
    front.access.reconfigure({ login: 'token', revoked: [] });
    await front.plane.clock.advance(3_600_001);
    expect(await refusal(token)).toContain('expired');
  });
});

describe('a session of a browser', () => {
  const begin = (token: string) => front.post('/v1/session', { token });

  it('begins with a token, by a cookie that no script reads and no other site sends', async () => {
    const { status, headers, text } = await begin(front.token('viewer', 'vic'));
    expect({ status, said: JSON.parse(text) as unknown }).toEqual({
      status: 200,
      said: { name: 'vic', role: 'viewer', hasLogin: true },
    });
    const cookie = cookieIn(headers);
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict$/);
    const [pair = ''] = cookie.split(';');
    const known = await front.ask('GET', '/v1/session', { headers: { cookie: `a=b; ${pair}` } });
    expect(JSON.parse(known.text)).toMatchObject({ name: 'vic', role: 'viewer' });
    const post = await front.post('/v1/pause', {}, 'application/json', { cookie: pair });
    expect(post.status).toBe(403);
  });

  it('ends with its token, or after half a day', async () => {
    const { headers } = await begin(front.token('operator'));
    expect(cookieIn(headers)).toContain('Max-Age=3600;');
    const [pair = ''] = cookieIn(headers).split(';');
    expect(SESSION_LIFE_MS).toBe(12 * 3_600_000);
    await front.plane.clock.advance(3_600_001);
    const later = await front.ask('GET', '/v1/status', { headers: { cookie: pair } });
    expect(problemIn(later).detail).toContain('expired');
  });

  it('is ended by the browser that asks for it', async () => {
    const { headers } = await front.post('/v1/session/end', {});
    expect(cookieIn(headers)).toMatch(/^foreshift_session=; Path=\/; Max-Age=0;/);
  });

  it.each([
    ['a wrong token', { token: 'x' }, 401],
    ['no token', {}, 400],
    ['a token that is no text', { token: 1 }, 400],
    ['more than a token', { token: 'x', role: 'operator' }, 400],
  ])('does not begin with %s', async (_what, body, status) => {
    const answer = await front.post('/v1/session', body);
    expect({ status: answer.status, cookie: answer.headers['set-cookie'] }).toEqual({
      status,
      cookie: undefined,
    });
  });
});

describe('a page of another site', () => {
  it.each([
    ['says so itself', { 'sec-fetch-site': 'cross-site' }],
    ['is of a neighbour', { 'sec-fetch-site': 'same-site' }],
    ['has another origin', { origin: 'https://evil.example' }],
    ['has none that can be named', { origin: 'null' }],
  ])('changes nothing with a good session: it %s', async (_what, headers) => {
    const session = await front.post('/v1/session', { token: front.token('operator') });
    const [cookie = ''] = cookieIn(session.headers).split(';');
    const answer = await front.post('/v1/pause', {}, 'application/json', { ...headers, cookie });
    expect(problemIn(answer).code).toBe('ERR_CROSS_SITE');
    await front.plane.view.sync();
    expect(front.plane.view.get(PAUSE, 'current')).toBeUndefined();
  });

  it('is not what our own page is', async () => {
    const { host, port } = front.server.address;
    const headers = {
      ...bearing(front.token('operator')),
      'sec-fetch-site': 'same-origin',
      origin: `http://${host}:${port}`,
    };
    expect((await front.post('/v1/pause', {}, 'application/json', headers)).status).toBe(200);
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { errorTable } from '../../../core/errors.js';
import { Draft } from '../../../core/table-store/draft.js';
import { PIN, SERVER } from '../../../core/table-store/records/server.js';
import { problemName } from '../../../api/problem.js';
import { ApiFront, problemIn } from '../../support/api-front.js';
import { SERVER_RECORD } from '../../support/control-plane.js';
import { r, s } from '../../support/names.js';

let front: ApiFront;

beforeEach(async () => {
  front = await ApiFront.start();
  await front.forecast({ a: 1, b: 1 });
});

afterEach(() => front.stop());

interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly 'x-role': string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
}

describe('what the API says of itself', () => {
  it('has every route, its role, its parameters and its answer', async () => {
    const { text } = await front.ask('GET', '/openapi.json');
    const { openapi, paths } = JSON.parse(text) as OpenApi;
    expect(openapi).toMatch(/^3\.1\./);
    for (const { method, path, role } of front.routes) {
      const operation = paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
      expect({ path, role: operation?.['x-role'] }).toEqual({ path, role });
      const named = operation?.parameters.filter((each) => each.in === 'path') ?? [];
      expect(named.map(({ name }) => `:${name}`)).toEqual(path.match(/:\w+/g) ?? []);
    }
    expect(paths['/v1/status']?.get?.responses['200']?.content).toHaveProperty([
      'application/json',
      'schema',
      'properties',
      'balancer',
    ]);
  });

  it('has answers that are as it says', async () => {
    for (const { method, path, schemas } of front.routes) {
      if (method !== 'GET' || path.includes(':') || schemas.answer === undefined) continue;
      const { status, text } = await front.ask(method, path);
      expect({ path, status }).toEqual({ path, status: 200 });
      expect({ path, ...schemas.answer.safeParse(JSON.parse(text)) }).toMatchObject({
        success: true,
      });
    }
  });

  it('has a page for the type of every problem', async () => {
    for (const { code, remedy } of errorTable()) {
      const { status, text } = await front.ask('GET', `/problems/${problemName(code)}`);
      expect({ code, status }).toEqual({ code, status: 200 });
      expect(text).toContain(remedy);
    }
  });
});

describe('the tag of the table', () => {
  it('saves those who have it from hearing it again, until something moves', async () => {
    const first = await front.ask('GET', '/v1/table');
    const tag = first.headers.etag ?? '';
    expect(tag).toMatch(/^"[\w-]{22}"$/);
    const again = await front.ask('GET', '/v1/table', { headers: { 'if-none-match': tag } });
    expect({ status: again.status, text: again.text }).toEqual({ status: 304, text: '' });
    await front.plane.applied([front.plane.move('a', 's2')], front.plane.clock.realtimeMs());
    const moved = await front.ask('GET', '/v1/table', { headers: { 'if-none-match': tag } });
    expect(moved.status).toBe(200);
    expect(moved.headers.etag).not.toBe(tag);
  });
});

describe('an act that is sent again with its key', () => {
  const KEY = { 'idempotency-key': 'k-1' };
  const pin = (server: string | null, headers: Readonly<Record<string, string>> = {}) =>
    front.post('/v1/pins', { by: 'ann', resource: 'a', server }, 'application/json', headers);
  const pinned = () => front.plane.view.get(PIN, r('a'))?.value.server ?? null;

  it('is answered as before, and not done twice', async () => {
    const [first, beside] = await Promise.all([pin('s2', KEY), pin('s2', KEY)]);
    await pin(null);
    const second = await pin('s2', KEY);
    expect([first.status, beside.status, second.status]).toEqual([200, 200, 200]);
    expect([beside.text, second.text]).toEqual([first.text, first.text]);
    expect(pinned()).toBeNull();
    await pin('s2', { 'idempotency-key': 'k-2' });
    expect(pinned()).toBe('s2');
  });

  it('may be tried again after a failure', async () => {
    expect(problemIn(await pin('s9', KEY)).code).toBe('ERR_SERVER_UNKNOWN');
    await front.plane.write(new Draft().put(SERVER, s('s9'), SERVER_RECORD));
    expect((await pin('s9', KEY)).status).toBe(200);
    expect(pinned()).toBe('s9');
  });

  it('is refused if the key belongs to another act, or is none', async () => {
    await pin('s2', KEY);
    expect(problemIn(await pin('s1', KEY)).code).toBe('ERR_KEY_REUSED');
    const long = { 'idempotency-key': 'k'.repeat(256) };
    expect(problemIn(await pin('s1', long)).code).toBe('ERR_REQUEST_INVALID');
    expect(pinned()).toBe('s2');
  });
});

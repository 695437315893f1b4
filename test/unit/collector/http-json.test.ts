import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonPaths } from '../../../collector/http-json.js';
import { HttpJsonSource } from '../../../collector/http-json.js';
import { believableMax } from '../../../collector/rates.js';
import { fuzzRuns } from '../../support/fuzz.js';
import { s } from '../../support/names.js';
import { PageNet } from '../../support/page-net.js';
import { polled } from '../../support/polls.js';

const URL = 'http://10.0.0.1:8080/load';
const PATHS = { cpu: 'load.cpu.cores', memory: 'memory', hits: 'pools.1.rps' };

function sourceOf(paths: JsonPaths = PATHS) {
  const net = new PageNet();
  const source = new HttpJsonSource(net, {
    server: s('s1'),
    url: URL,
    paths,
    pageBytesMax: 4096,
    intervalMaxMs: 35_000,
    limits: believableMax({ cpu: 4 }, 10),
  });
  const pollOf = (body: string, type = 'application/json') => {
    net.put(URL, body, type);
    return polled(source, 0);
  };
  return { net, source, pollOf };
}

describe('HttpJsonSource', () => {
  it('reads numbers at their paths, through objects and lists', async () => {
    const page = { load: { cpu: { cores: 1.5 } }, memory: 7e9, pools: [{}, { rps: 12 }] };
    expect(await sourceOf().pollOf(JSON.stringify(page))).toEqual([
      'server/s1/cpu 1.5',
      'server/s1/memory 7000000000',
      'server/s1/hits 12',
    ]);
  });

  it('takes a page that says the same again: an idle server does', async () => {
    const { net, source } = sourceOf({ hits: 'hits' });
    net.put(URL, '{"hits":0}', 'application/json');
    expect(await polled(source, 0)).toEqual(['server/s1/hits 0']);
    expect(await polled(source, 10_000)).toEqual(['server/s1/hits 0']);
  });

  it.each([
    ['text', '"1.5"'],
    ['true', 'true'],
    ['null', 'null'],
    ['a list', '[1.5]'],
    ['an object', '{"valueOf":1}'],
  ])('takes no %s for a number', async (_, value) => {
    const { pollOf } = sourceOf({ cpu: 'cpu' });
    expect(await pollOf(`{"cpu":${value}}`)).toEqual(['cpu missing']);
  });

  it.each([
    ['toString.length', '{}'],
    ['length', '[1,2]'],
    ['a.b', '{"a":null}'],
    ['a.b', '7'],
    ['a.b', '{"a.b":7}'],
  ])('finds nothing at %s in %s', async (path, page) => {
    expect(await sourceOf({ cpu: path }).pollOf(page)).toEqual(['cpu missing']);
  });

  it.each([
    ['more than a number can be', '1e999', 'not-finite'],
    ['less than nothing', '-0.1', 'negative'],
    ['more than can be believed', '41', 'absurd'],
  ])('drops %s', async (_, value, reason) => {
    expect(await sourceOf({ cpu: 'cpu' }).pollOf(`{"cpu":${value}}`)).toEqual([`cpu ${reason}`]);
  });

  it.each([
    ['no JSON', 'cpu 1', 'application/json', 'ERR_PAGE_INVALID'],
    ['half a page', '{"cpu":1', 'application/json', 'ERR_PAGE_INVALID'],
    [
      'a page nested too deeply',
      '['.repeat(99) + ']'.repeat(99),
      'application/json',
      'ERR_PAGE_INVALID',
    ],
    [
      'a key that names a prototype',
      '{"__proto__":{"cpu":1}}',
      'application/json',
      'ERR_PAGE_INVALID',
    ],
    ['a page of another kind', '{"cpu":1}', 'text/html', 'ERR_PAGE_TYPE'],
  ])('refuses %s', async (_, body, type, code) => {
    expect(await sourceOf().pollOf(body, type)).toEqual([code]);
  });

  it('takes kinds of JSON by their suffix', async () => {
    const { pollOf } = sourceOf({ cpu: 'cpu' });
    expect(await pollOf('{"cpu":1}', 'application/vnd.load+json')).toEqual(['server/s1/cpu 1']);
  });

  it('answers any page with samples that can be believed, drops, or a coded error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.string({ maxLength: 12 }), async (page, path) => {
        const [outcome = ''] = await sourceOf({ cpu: path === '' ? 'a' : path }).pollOf(page);
        const value = /^server\/s1\/cpu (.*)$/.exec(outcome)?.[1];
        if (value === undefined) {
          expect(outcome).toMatch(/^(ERR_PAGE_INVALID|cpu (missing|negative|absurd|not-finite))$/);
          return;
        }
        expect(Number(value)).toBeGreaterThanOrEqual(0);
        expect(Number(value)).toBeLessThanOrEqual(40);
      }),
      fuzzRuns(10_000),
    );
  });
});

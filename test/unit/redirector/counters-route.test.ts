import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '../../../core/clock/simulated.js';
import { COUNTERS_BYTES_MAX, countersPageSchema } from '../../../core/counters-page.js';
import { NO_HEADERS } from '../../../core/net/http/header-list.js';
import { countersRoute } from '../../../redirector/counters-route.js';
import { Gate } from '../../../redirector/gate.js';
import { m, r, tableOf } from '../../support/names.js';

function routeOver(names: readonly string[]) {
  const clock = new SimulatedClock();
  const gate = new Gate({ clock, needsLease: () => false });
  gate.apply(tableOf(Object.fromEntries(names.map((name) => [name, 's1@1.1']))));
  const route = countersRoute({ gate, clock, member: m('r1'), boot: 'boot-1' });
  const get = async (query = '') => {
    const remote = { host: 'h', port: 1 };
    const body = new Uint8Array(0);
    const answer = await route.handler({
      method: 'GET',
      path: route.path,
      query,
      headers: NO_HEADERS,
      body,
      remote,
    });
    return answer;
  };
  const page = async (query?: string) =>
    countersPageSchema.parse(JSON.parse(String((await get(query)).body)));
  return { clock, gate, get, page };
}

describe('countersRoute', () => {
  it('tells what went through each resource, and when', async () => {
    const { clock, gate, page } = routeOver(['vol-1', 'vol-2']);
    await clock.advance(1500);
    gate.enter(gate.indexOf(r('vol-1')));
    gate.leave(gate.indexOf(r('vol-1')), 100, 7.123456);
    gate.enter(gate.indexOf(r('vol-2')));
    expect(await page()).toEqual({
      member: 'r1',
      boot: 'boot-1',
      uptimeMs: 1500,
      from: 0,
      next: null,
      resources: ['vol-1', 'vol-2'],
      hits: [1, 0],
      bytes: [100, 0],
      serviceMs: [7.123, 0],
      inFlight: [0, 1],
    });
  });

  it('tells many resources in parts, each within the longest that is read', async () => {
    const name = (at: number): string => `${'v'.repeat(120)}-${at}`;
    const { get, page } = routeOver([...Array(4500).keys()].map(name));
    const first = await page();
    expect([first.from, first.next, first.resources.length]).toEqual([0, 2000, 2000]);
    expect(String((await get()).body).length).toBeLessThan(COUNTERS_BYTES_MAX);
    const last = await page('?from=4000');
    expect([last.from, last.next, last.resources.length]).toEqual([4000, null, 500]);
    expect(last.resources[0]).toBe(name(4000));
    const beyond = await page('?from=9000');
    expect([beyond.from, beyond.next, beyond.resources.length]).toEqual([9000, null, 0]);
  });

  it.each(['?from=', '?from=-1', '?from=1e3', '?from=1&from=2', '?rows=1', '?from=99999999999'])(
    'refuses %s',
    async (query) => {
      await expect(routeOver([]).get(query)).rejects.toMatchObject({ code: 'ERR_MESSAGE_INVALID' });
    },
  );
});

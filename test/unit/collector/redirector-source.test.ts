import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { believableMax } from '../../../collector/rates.js';
import { RedirectorSource } from '../../../collector/redirector-source.js';
import { SimulatedClock } from '../../../core/clock/simulated.js';
import { COUNTERS_PATH } from '../../../core/counters-page.js';
import type { HttpRoute } from '../../../core/net/http-route.js';
import { countersRoute } from '../../../redirector/counters-route.js';
import { Gate } from '../../../redirector/gate.js';
import { fuzzRuns } from '../../support/fuzz.js';
import { m, r, tableOf } from '../../support/names.js';
import { PageNet } from '../../support/page-net.js';
import { polled } from '../../support/polls.js';

/** Redirectors with real gates, and one collector's source over them; time moves on by 10 s a poll. */
class Fleet {
  readonly net = new PageNet();
  readonly clock = new SimulatedClock();
  readonly source: RedirectorSource;
  readonly #gates = new Map<string, Gate>();
  readonly #routes = new Map<string, HttpRoute>();
  #members: string[] = [];
  #boots = 0;

  constructor(...members: string[]) {
    const { net, clock } = this;
    this.source = new RedirectorSource(
      {
        net,
        clock,
        members: () =>
          this.#members.map((name) => ({ id: m(name), address: { host: name, port: 7702 } })),
      },
      {
        intervalMaxMs: 35_000,
        resourcesMax: 5000,
        limits: { ...believableMax(), hits: 1000 },
      },
    );
    for (const member of members) this.start(member);
  }

  /** Begins anew, or joins. */
  start(member: string, resources: readonly string[] = ['vol-1', 'vol-2']): void {
    const { clock } = this;
    const gate = new Gate({ clock, needsLease: () => false });
    gate.apply(tableOf(Object.fromEntries(resources.map((name) => [name, 's1@1.1']))));
    this.#gates.set(member, gate);
    const boot = `boot-${++this.#boots}`;
    this.#routes.set(member, countersRoute({ gate, clock, member: m(member), boot }));
    this.answerAgain(member);
    if (!this.#members.includes(member)) this.#members = [...this.#members, member];
  }

  silence(member: string): void {
    this.net.remove(`http://${member}:7702${COUNTERS_PATH}`);
  }

  answerAgain(member: string): void {
    const route = this.#routes.get(member);
    if (route !== undefined) this.net.mount(`http://${member}:7702`, route);
  }

  leave(member: string): void {
    this.#members = this.#members.filter((name) => name !== member);
  }

  gate(member: string): Gate {
    const gate = this.#gates.get(member);
    if (gate === undefined) throw new Error(`no ${member}`);
    return gate;
  }

  hit(member: string, resource: string, times: number, bytes = 100, serviceMs = 20): void {
    const gate = this.gate(member);
    for (let time = 0; time < times; time++) {
      gate.enter(gate.indexOf(r(resource)));
      gate.leave(gate.indexOf(r(resource)), bytes, serviceMs);
    }
  }

  async poll(afterMs = 10_000): Promise<string[]> {
    await this.clock.advance(afterMs);
    return polled(this.source, this.clock.monotonicMs());
  }
}

const IDLE = (resource: string): string[] => [
  `resource/${resource}/hits 0`,
  `resource/${resource}/network 0`,
  `resource/${resource}/inflight 0`,
];
const UNKNOWN = ['resource/vol-1/inflight 0', 'resource/vol-2/inflight 0'];

describe('RedirectorSource', () => {
  it('makes hits and bytes by the second, what is under way, and the mean latency', async () => {
    const fleet = new Fleet('r1');
    fleet.hit('r1', 'vol-1', 5);
    expect(await fleet.poll()).toEqual(UNKNOWN);
    fleet.hit('r1', 'vol-1', 30);
    fleet.gate('r1').enter(fleet.gate('r1').indexOf(r('vol-1')));
    expect(await fleet.poll()).toEqual([
      'resource/vol-1/hits 3',
      'resource/vol-1/network 300',
      'resource/vol-1/inflight 1',
      'resource/vol-1/latency 0.02',
      ...IDLE('vol-2'),
    ]);
  });

  it('adds up all redirectors, in whatever order they know the resources', async () => {
    const fleet = new Fleet('r1');
    fleet.start('r2', ['vol-2', 'vol-1']);
    await fleet.poll();
    fleet.hit('r1', 'vol-1', 10, 100, 10);
    fleet.hit('r2', 'vol-1', 30, 200, 30);
    fleet.hit('r2', 'vol-2', 20);
    expect(await fleet.poll()).toEqual([
      'resource/vol-1/hits 4',
      'resource/vol-1/network 700',
      'resource/vol-1/inflight 0',
      'resource/vol-1/latency 0.025',
      'resource/vol-2/hits 2',
      'resource/vol-2/network 200',
      'resource/vol-2/inflight 0',
      'resource/vol-2/latency 0.02',
    ]);
  });

  it('makes a gap of a poll that one redirector missed, not a smaller sum, and loses no hit', async () => {
    const fleet = new Fleet('r1', 'r2');
    await fleet.poll();
    fleet.hit('r1', 'vol-1', 10);
    fleet.silence('r2');
    expect(await fleet.poll()).toEqual(['ERR_CALL_REFUSED']);
    fleet.answerAgain('r2');
    fleet.hit('r2', 'vol-1', 30);
    expect((await fleet.poll()).slice(0, 2)).toEqual([
      'resource/vol-1/hits 2',
      'resource/vol-1/network 200',
    ]);
  });

  it('has no rates of an interval in which a redirector began anew, joined or left', async () => {
    const fleet = new Fleet('r1');
    await fleet.poll();
    fleet.hit('r1', 'vol-1', 10);
    fleet.start('r1');
    expect(await fleet.poll()).toEqual([...UNKNOWN, 'all reset']);
    fleet.start('r2');
    fleet.hit('r2', 'vol-1', 10);
    expect(await fleet.poll()).toEqual([...UNKNOWN, 'all reset']);
    fleet.hit('r2', 'vol-1', 10);
    expect((await fleet.poll())[0]).toBe('resource/vol-1/hits 1');
    fleet.leave('r2');
    expect(await fleet.poll()).toEqual([...UNKNOWN, 'all reset']);
    expect(await fleet.poll()).toEqual([...IDLE('vol-1'), ...IDLE('vol-2')]);
  });

  it('counts a resource that is new from its first hit on', async () => {
    const fleet = new Fleet('r1');
    await fleet.poll();
    const rows = { 'vol-1': 's1@1.1', 'vol-2': 's1@1.1', 'vol-3': 's1@1.2' };
    fleet.gate('r1').apply(tableOf(rows, '1.2000'));
    fleet.hit('r1', 'vol-3', 40);
    expect((await fleet.poll()).slice(6)).toEqual([
      'resource/vol-3/hits 4',
      'resource/vol-3/network 400',
      'resource/vol-3/inflight 0',
      'resource/vol-3/latency 0.02',
    ]);
  });

  it('takes no parts of two lives together', async () => {
    const fleet = new Fleet();
    const names = [...Array(2100).keys()].map((at) => `v${at}`);
    fleet.start('r1', names);
    await fleet.poll();
    // Between the first part and the second one it begins anew.
    fleet.net.answer(`http://r1:7702${COUNTERS_PATH}`, async (request) => {
      fleet.answerAgain('r1');
      const { body } = await fleet.net.call(request);
      fleet.start('r1', names);
      return { body, type: 'application/json' };
    });
    expect(await fleet.poll()).toEqual(['ERR_PAGE_INVALID']);
  });

  it('takes no more resources than its limit', async () => {
    const fleet = new Fleet();
    fleet.start(
      'r1',
      [...Array(5001).keys()].map((at) => `v${at}`),
    );
    expect(await fleet.poll()).toEqual(['ERR_PAGE_INVALID']);
  });

  it('has no rates over more time than allowed', async () => {
    const fleet = new Fleet('r1');
    await fleet.poll();
    expect(await fleet.poll(36_000)).toEqual([...UNKNOWN, 'all gap']);
  });

  it('leaves out what cannot be believed', async () => {
    const fleet = new Fleet('r1');
    await fleet.poll();
    fleet.hit('r1', 'vol-1', 10_001);
    fleet.hit('r1', 'vol-2', 1, 1e15);
    const answer = await fleet.poll();
    expect(answer.filter((line) => /hits|network/.test(line))).toEqual([
      'resource/vol-1/network 100010',
      'resource/vol-2/hits 0.1',
      'hits absurd',
      'network absurd',
    ]);
  });

  it('says nothing while there is no redirector', async () => {
    expect(await new Fleet().poll()).toEqual([]);
  });

  it('reads thousands of resources in parts', async () => {
    const fleet = new Fleet();
    const names = [...Array(4100).keys()].map((at) => `v${at}`);
    fleet.start('r1', names);
    fleet.start('r2', names.toReversed());
    await fleet.poll();
    fleet.hit('r1', 'v4099', 10);
    fleet.hit('r2', 'v4099', 10);
    const answer = await fleet.poll();
    expect(answer.length).toBe(3 * 4100 + 1);
    expect(answer).toContain('resource/v4099/hits 2');
    expect(fleet.net.calls.length).toBe(12);
  });

  it('forgets resources that no redirector has any more', async () => {
    const fleet = new Fleet('r1');
    for (let life = 0; life < 3; life++) {
      fleet.start(
        'r1',
        [...Array(4900).keys()].map((at) => `v${life}-${at}`),
      );
      await fleet.poll();
    }
    const answer = await fleet.poll();
    expect(answer.length).toBe(4900);
    expect(answer.every((line) => line.startsWith('resource/v2-'))).toBe(true);
    expect((await fleet.poll()).length).toBe(3 * 4900);
  });
});

describe('RedirectorSource on pages of another make', () => {
  const PAGE = {
    member: 'r1',
    boot: 'b',
    uptimeMs: 1000,
    from: 0,
    next: null as number | null,
    resources: ['vol-1'],
    hits: [5],
    bytes: [5],
    serviceMs: [5],
    inFlight: [0],
  };

  async function after(...pages: (Partial<Record<keyof typeof PAGE, unknown>> | string)[]) {
    const fleet = new Fleet('r1');
    let answer: string[] = [];
    for (const page of pages) {
      const body = typeof page === 'string' ? page : JSON.stringify({ ...PAGE, ...page });
      fleet.net.put(`http://r1:7702${COUNTERS_PATH}`, body, 'application/json');
      answer = await fleet.poll();
    }
    return answer;
  }

  it.each([
    ['no JSON', '{'],
    ['of another redirector', { member: 'r9' }],
    ['of another part', { from: 7 }],
    ['a name that is none', { resources: ['a b'] }],
    ['columns of unequal length', { hits: [1, 2] }],
    ['text for a number', { hits: ['5'] }],
    ['less than nothing', { bytes: [-1] }],
    ['more than 64 bits', { bytes: [1e308] }],
    ['a part that never ends', { next: 0 }],
    ['a next part after one that is not full', { next: 1 }],
  ])('refuses %s', async (_, page) => {
    expect(await after(page)).toEqual(['ERR_PAGE_INVALID']);
  });

  it.each([
    ['a counter that fell', { hits: [4], uptimeMs: 11_000 }, 'hits reset'],
    ['a clock that stood still', { hits: [9] }, 'all stale'],
    ['a clock that went back', { hits: [9], uptimeMs: 500 }, 'all clock-jump'],
    ['a clock that leapt', { hits: [9], uptimeMs: 1e9 }, 'all clock-jump'],
    [
      'rows that are gone',
      { resources: [], hits: [], bytes: [], serviceMs: [], inFlight: [], uptimeMs: 11_000 },
      'all parts-changed',
    ],
    ['rows that changed places', { resources: ['vol-2'], uptimeMs: 11_000 }, 'all parts-changed'],
  ])('makes no rate of %s', async (_, page, drop) => {
    const answer = await after({}, page);
    expect(answer).toContain(drop);
    expect(answer.filter((line) => line.includes('/hits'))).toEqual([]);
  });

  it('makes only samples that are finite and not negative, or a coded error', async () => {
    const number = fc.oneof(fc.nat(), fc.double(), fc.constantFrom(0, 1e18, -1, 1e308));
    const column = fc.array(number, { minLength: 2, maxLength: 2 });
    const page = fc.record({
      boot: fc.constantFrom('b', 'c'),
      uptimeMs: fc.constantFrom(1000, 11_000, 21_000, 0),
      resources: fc.constantFrom(['vol-1', 'vol-2'], ['vol-2', 'vol-1']),
      hits: column,
      bytes: column,
      serviceMs: column,
      inFlight: column,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(page, { minLength: 2, maxLength: 3 }), async (pages) => {
        for (const line of await after(...pages)) {
          const value = /^resource\/\S+ (.*)$/.exec(line)?.[1];
          if (value === undefined) expect(line).toMatch(/^(ERR_PAGE_INVALID|\w+ [a-z-]+( \d+)?)$/);
          else expect(Number(value)).toBeGreaterThanOrEqual(0);
        }
      }),
      fuzzRuns(1000),
    );
  });
});

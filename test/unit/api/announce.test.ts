import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { announce } from '../../../api/announce.js';
import { agentToken } from '../../../core/agent-protocol.js';
import type { ErrorCode } from '../../../core/errors.js';
import { codeOf, fail } from '../../../core/errors.js';
import type { Json } from '../../../core/json.js';
import { Draft } from '../../../core/table-store/draft.js';
import { Eligibility } from '../../../core/table-store/eligibility.js';
import { EligibleCounts } from '../../../core/table-store/eligible-counts.js';
import { ANNOUNCED, ELIGIBLE, SERVER } from '../../../core/table-store/records/server.js';
import { ControlPlane } from '../../support/control-plane.js';
import { fuzzRuns } from '../../support/fuzz.js';
import { r, s } from '../../support/names.js';

const SECRET = 'the secret of the cluster';
const LIMITS = { serversMax: 3, resourcesMax: 4 };

function body(more: Readonly<Record<string, Json>> = {}): Json {
  return {
    server: 's9',
    boot: 'boot-1',
    address: { host: '10.0.0.9', port: 80 },
    control: { host: '10.0.0.9', port: 7800 },
    fence: 'request',
    capacity: { cpu: 8 },
    zone: null,
    metrics: null,
    resources: ['a', 'b'],
    claims: [],
    leaseMs: 10_000,
    ...more,
  };
}

async function say(
  plane: ControlPlane,
  announcement: Json,
  {
    token = agentToken(SECRET, s('s9')),
    limits = LIMITS,
    refused = '',
    counts = new EligibleCounts(),
  } = {},
) {
  const eligibility = new Eligibility(plane);
  const parts = {
    ...{ store: plane.store, view: plane.view, clock: plane.clock, log: plane.log },
    ...{ eligibility, counts },
    secret: SECRET,
    assertAllowed: ({ host }: { host: string }) => {
      if (host === refused) fail('ERR_CALL_FORBIDDEN', { address: host, why: 'test' });
    },
  };
  return announce(announcement, token, parts, limits);
}

async function refusal(call: Promise<unknown>): Promise<ErrorCode | undefined> {
  return call.then(
    () => undefined,
    (error: unknown) => codeOf(error),
  );
}

const fleet = () => ControlPlane.with(['s1', 's2'], { a: 's1@1.5' });

describe('an announcement', () => {
  it('is taken or refused with a code, whatever it says, and a refusal changes nothing', async () => {
    const plane = await fleet();
    const keys = Object.keys(body() as object);
    const changed = fc
      .tuple(fc.constantFrom(...keys), fc.jsonValue({ maxDepth: 2 }))
      .map(([key, value]) => body({ [key]: value as Json }));
    const anything = fc.oneof(
      { weight: 4, arbitrary: changed },
      { weight: 1, arbitrary: fc.jsonValue() },
    );
    await fc.assert(
      fc.asyncProperty(anything, async (announcement) => {
        const before = plane.view.revision;
        const outcome = await say(plane, announcement).then(
          () => 'taken',
          (error: unknown) => codeOf(error) ?? error,
        );
        await plane.view.sync();
        expect(typeof outcome).toBe('string');
        if (outcome !== 'taken') expect(plane.view.revision).toBe(before);
      }),
      fuzzRuns(10_000),
    );
  });

  it('makes a server and what it may serve known, and assigns nothing', async () => {
    const plane = await fleet();
    const { generation } = plane.view.table;
    expect(await say(plane, body())).toEqual({ conflicts: [] });
    expect(plane.view.get(SERVER, s('s9'))?.value).toMatchObject({ origin: 'announced' });
    expect(plane.view.get(ELIGIBLE, s('s9'))?.value.resources).toEqual(['a', 'b']);
    expect(plane.view.table.generation).toEqual(generation);
    expect(plane.view.table.resourcesOn(s('s9'))).toEqual([]);
  });

  it('beats: each one renews the lease', async () => {
    const plane = await fleet();
    for (const beat of [1, 2, 3]) {
      await say(plane, body());
      expect(plane.view.get(ANNOUNCED, s('s9'))?.value.beat).toBe(beat);
    }
  });

  it('that claims what the table gives to another keeps the table, and is told', async () => {
    const plane = await fleet();
    const claims = [{ resource: 'a', since: '1.9' }];
    expect(await say(plane, body({ claims }))).toEqual({ conflicts: ['a'] });
    expect(plane.view.table.resourcesOn(s('s1'))).toEqual(['a']);
  });

  it('may still have an older claim: it will be told of the newer one', async () => {
    const plane = await fleet();
    const claims = [{ resource: 'a', since: '1.2' }];
    expect(await say(plane, body({ claims }))).toEqual({ conflicts: [] });
  });
});

describe('an announcement is refused, and nothing changes,', () => {
  it.each<[string, Json, Parameters<typeof say>[2], ErrorCode]>([
    ['with a wrong token', body(), { token: 'guessed' }, 'ERR_AGENT_TOKEN'],
    [
      "with another server's token",
      body(),
      { token: agentToken(SECRET, s('s1')) },
      'ERR_AGENT_TOKEN',
    ],
    ['without a lease', body({ leaseMs: null }), {}, 'ERR_ANNOUNCEMENT_INVALID'],
    ['with a negative capacity', body({ capacity: { cpu: -1 } }), {}, 'ERR_ANNOUNCEMENT_INVALID'],
    ['with a name that is none', body({ resources: ['a b\n'] }), {}, 'ERR_ANNOUNCEMENT_INVALID'],
    ['that is no object', 'hello', {}, 'ERR_ANNOUNCEMENT_INVALID'],
    [
      'with too many resources',
      body({ resources: ['a', 'b', 'c', 'd', 'e'] }),
      {},
      'ERR_LIMIT_REACHED',
    ],
    [
      'when there are servers enough',
      body(),
      { limits: { ...LIMITS, serversMax: 2 } },
      'ERR_LIMIT_REACHED',
    ],
    [
      'from an address that may not be called',
      body(),
      { refused: '10.0.0.9' },
      'ERR_CALL_FORBIDDEN',
    ],
    [
      'with metrics at one that may not be called',
      body({ metrics: { source: 'prometheus', url: 'http://169.254.169.254/latest' } }),
      { refused: '169.254.169.254' },
      'ERR_CALL_FORBIDDEN',
    ],
  ])('%s', async (_what, announcement, options, code) => {
    const plane = await fleet();
    const { revision } = plane.view;
    expect(await refusal(say(plane, announcement, options))).toBe(code);
    await plane.view.sync();
    expect(plane.view.revision).toBe(revision);
  });

  it('while another address announces the same name', async () => {
    const plane = await fleet();
    await say(plane, body());
    const other = body({ boot: 'boot-2', address: { host: '10.0.0.7', port: 80 } });
    expect(await refusal(say(plane, other))).toBe('ERR_AGENT_DUPLICATE');
    const restarted = body({ boot: 'boot-2' });
    expect(await refusal(say(plane, restarted))).toBeUndefined();
  });
});

/** Servers that may serve all of `resources` each, and how often their lists are read from now on. */
async function fleetOf(servers: readonly string[], resources: readonly string[]) {
  const plane = await ControlPlane.with(servers);
  const draft = new Draft();
  for (const name of servers) draft.put(ELIGIBLE, s(name), { resources: resources.map(r) });
  await plane.write(draft);
  let readings = 0;
  for (const [, { value }] of plane.view.all(ELIGIBLE)) {
    const list = value.resources;
    Object.defineProperty(value, 'resources', {
      get: () => {
        readings += 1;
        return list;
      },
    });
  }
  return { plane, readings: () => readings };
}

describe('the limit of resources', () => {
  const limits = { serversMax: 100, resourcesMax: 4 };
  const words = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');

  it('is one of all servers together, whoever said what before, and whether it was taken', async () => {
    const said = fc.record({
      server: fc.constantFrom('s1', 's2', 's9'),
      resources: fc.array(words, { maxLength: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(said, { maxLength: 8 }), async (all) => {
        const plane = await fleet();
        const counts = new EligibleCounts();
        const lists = new Map([
          ['s1', ['a']],
          ['s2', ['a']],
        ]);
        for (const { server, resources } of all) {
          const others = [...lists].filter(([other]) => other !== server);
          const known = new Set([...resources, ...others.flatMap(([, list]) => list)]);
          const token = agentToken(SECRET, s(server));
          const refused = await refusal(
            say(plane, body({ server, resources }), { token, limits, counts }),
          );
          expect(refused).toBe(known.size > 4 ? 'ERR_LIMIT_REACHED' : undefined);
          if (refused === undefined) lists.set(server, resources);
        }
      }),
      fuzzRuns(300),
    );
  });

  it("costs no look at other servers' lists, once these are known", async () => {
    const others = Array.from({ length: 20 }, (_, index) => `s${20 + index}`);
    const { plane, readings } = await fleetOf(others, ['a', 'b', 'c']);
    const counts = new EligibleCounts();
    await say(plane, body(), { limits, counts });
    expect(readings()).toBe(others.length);
    for (const resources of [['a', 'b'], ['b'], ['a', 'b', 'c', 'd']]) {
      await say(plane, body({ resources }), { limits, counts });
    }
    expect(await refusal(say(plane, body({ resources: ['x', 'y'] }), { limits, counts }))).toBe(
      'ERR_LIMIT_REACHED',
    );
    expect(readings()).toBe(others.length);
  });
});

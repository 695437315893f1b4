import { describe, expect, it } from '@jest/globals';
import { announce } from '../../../api/announce.js';
import { agentToken } from '../../../core/agent-protocol.js';
import type { Address } from '../../../core/domain.js';
import { codeOf } from '../../../core/errors.js';
import type { Json } from '../../../core/json.js';
import { OUTBOUND_DEFAULTS, OutboundGuard } from '../../../core/net/guard.js';
import { Eligibility } from '../../../core/table-store/eligibility.js';
import { EligibleCounts } from '../../../core/table-store/eligible-counts.js';
import { FORBIDDEN_HOSTS, OWN_LISTENER_HOSTS } from '../../corpus/addresses.js';
import { ControlPlane } from '../../support/control-plane.js';
import { s } from '../../support/names.js';

/* An agent says where its server is: nobody may point us, by whatever spelling, at what is not a server. */

const SECRET = 'the secret of the cluster';
const OWN = { host: '10.0.0.5', port: 7700 };
const GOOD = { host: '10.0.0.9', port: 80 };
const guard = new OutboundGuard({ ...OUTBOUND_DEFAULTS, excluded: [OWN] });

const PLACES: Readonly<Record<string, (at: Address) => Readonly<Record<string, Json>>>> = {
  'its server': (at) => ({ address: { ...at } }),
  'its agent': (at) => ({ control: { ...at } }),
  'its metrics': ({ host, port }) => ({
    metrics: { source: 'prometheus', url: `http://${urlHost(host)}:${port}/metrics` },
  }),
};

function urlHost(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

/** How it was refused; undefined: it was taken. */
async function refusal(plane: ControlPlane, more: Readonly<Record<string, Json>>) {
  const announcement: Json = {
    server: 's9',
    boot: 'boot-1',
    address: GOOD,
    control: { host: '10.0.0.9', port: 7800 },
    fence: 'request',
    capacity: { cpu: 8 },
    zone: null,
    metrics: null,
    resources: ['a'],
    claims: [],
    leaseMs: 10_000,
    ...more,
  };
  const parts = {
    ...{ store: plane.store, view: plane.view, clock: plane.clock, log: plane.log },
    eligibility: new Eligibility(plane),
    counts: new EligibleCounts(),
    secret: SECRET,
    // As services.ts does.
    assertAllowed: (address: Address) => {
      guard.check(address);
    },
  };
  const token = agentToken(SECRET, s('s9'));
  return announce(announcement, token, parts, { serversMax: 10, resourcesMax: 10 }).then(
    () => undefined,
    (error: unknown) => codeOf(error) ?? error,
  );
}

const fleet = () => ControlPlane.with(['s1', 's2'], { a: 's1@1.5' });

describe.each(Object.entries(PLACES))('an agent that says where %s is', (_what, place) => {
  it('may say so of a server', async () => {
    expect(await refusal(await fleet(), place(GOOD))).toBeUndefined();
  });

  it.each([
    ...FORBIDDEN_HOSTS.map((host) => ({ host, port: 80 })),
    ...OWN_LISTENER_HOSTS.map((host) => ({ host, port: OWN.port })),
    { host: '10.0.0.9', port: 0 },
  ])('is refused at %j, and nothing is written', async (at) => {
    const plane = await fleet();
    const { revision } = plane.view;
    expect(['ERR_CALL_FORBIDDEN', 'ERR_ANNOUNCEMENT_INVALID']).toContain(
      await refusal(plane, place(at)),
    );
    await plane.view.sync();
    expect(plane.view.revision).toBe(revision);
  });
});

describe('a connection to a name', () => {
  const forbidden = ['127.0.0.1', '169.254.169.254', '::1', '::ffff:7f00:1', '0.0.0.0', '8.8.8.8'];
  it.each(forbidden)('is not made when the name leads to %s', async (host) => {
    const pinned = guard.pin({ host: 'server.example', port: 80 }, () => Promise.resolve([host]));
    await expect(pinned).rejects.toMatchObject({ code: 'ERR_CALL_FORBIDDEN' });
  });

  it('goes where the name led when it was looked up, whatever it says later', async () => {
    const answers = [['10.0.0.9'], ['127.0.0.1']];
    const pinned = await guard.pin({ host: 'server.example', port: 80 }, () =>
      Promise.resolve(answers.shift() ?? []),
    );
    expect(pinned).toEqual({ host: '10.0.0.9', port: 80 });
    expect(answers).toHaveLength(1);
  });

  it('is not made to our own listener under another name', async () => {
    const pinned = guard.pin({ host: 'server.example', port: OWN.port }, () =>
      Promise.resolve([OWN.host]),
    );
    await expect(pinned).rejects.toMatchObject({ code: 'ERR_CALL_FORBIDDEN' });
  });
});

describe('our own listener at every interface', () => {
  it.each(['0.0.0.0', '::'])('is at each address that this machine has by now: %s', (host) => {
    const hosts = ['10.0.0.5'];
    const machine = new OutboundGuard({
      networks: [...OUTBOUND_DEFAULTS.networks, '127.0.0.0/8'],
      ports: OUTBOUND_DEFAULTS.ports,
      excluded: [{ host, port: OWN.port }],
      machineHosts: () => hosts,
    });
    const isRefused = (at: string, port = OWN.port): boolean =>
      machine.refusalOf(at, port) === 'it is a listener of this service';
    expect(['10.0.0.5', '::ffff:10.0.0.5', '127.0.0.2'].map((at) => isRefused(at))).toEqual([
      ...[true, true, true],
    ]);
    expect([isRefused('10.0.0.5', 80), isRefused('10.0.0.6')]).toEqual([false, false]);
    hosts.push('10.0.0.6');
    expect(isRefused('10.0.0.6')).toBe(true);
  });
});

it('knows more than 60 spellings', () => {
  expect(new Set([...FORBIDDEN_HOSTS, ...OWN_LISTENER_HOSTS]).size).toBeGreaterThan(60);
});

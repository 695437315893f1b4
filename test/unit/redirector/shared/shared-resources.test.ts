import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ResourceId, ServerId, Sharing } from '../../../../core/domain.js';
import { SeededRng } from '../../../../core/rng.js';
import { Draft } from '../../../../core/table-store/draft.js';
import { Eligibility } from '../../../../core/table-store/eligibility.js';
import { HEADROOM } from '../../../../core/table-store/records/headroom.js';
import {
  ELIGIBLE,
  LOST,
  SERVER,
  SERVER_STATE,
} from '../../../../core/table-store/records/server.js';
import { HEAD, PLACEMENT } from '../../../../core/table-store/records/table.js';
import type { Entrance } from '../../../../redirector/gate.js';
import { Gate, HELD, UNREACHABLE } from '../../../../redirector/gate.js';
import { ServerLoads } from '../../../../redirector/shared/server-loads.js';
import { SharedResources } from '../../../../redirector/shared/shared-resources.js';
import { ControlPlane, SERVER_RECORD } from '../../../support/control-plane.js';
import { g, p, r, s } from '../../../support/names.js';

const SLOW_START_MS = 10_000;
const SHARED: Readonly<Record<string, Sharing>> = {
  web: { servers: 'all', policy: 'least-in-flight' },
  some: { servers: [s('s1'), s('s2')], policy: 'peak-ewma' },
};

let plane: ControlPlane;
let gate: Gate;
let loads: ServerLoads;
let shared: SharedResources;
let unreachable: Set<ServerId>;
let ejected: Set<ServerId>;
let stopping: AbortController;

beforeEach(async () => {
  plane = await ControlPlane.with(['s1', 's2', 's3'], { 'vol-1': 's1@1.5' });
  await serve({ s1: ['web', 'some'], s2: ['web', 'some'], s3: ['web', 'some'] });
  const { clock, view, log } = plane;
  unreachable = new Set();
  ejected = new Set();
  stopping = new AbortController();
  loads = new ServerLoads(clock);
  gate = new Gate({ clock, needsLease: () => false });
  gate.apply(view.table);
  shared = new SharedResources(
    {
      ...{ view, gate, clock, log, loads },
      rng: new SeededRng(1),
      outliers: { isEjected: (server) => ejected.has(gate.serverId(server)) },
      isReachable: (server) => !unreachable.has(server),
      sharingOf: (resource) => SHARED[resource],
    },
    { slowStartMs: SLOW_START_MS },
  );
  void shared.run(stopping.signal);
});

afterEach(() => {
  stopping.abort();
});

/** What each server may serve. */
async function serve(resources: Readonly<Record<string, readonly string[]>>): Promise<void> {
  const draft = new Draft();
  for (const [server, names] of Object.entries(resources)) {
    draft.put(ELIGIBLE, s(server), { resources: names.map(r) });
  }
  await plane.write(draft);
}

function enter(resource: string): Entrance {
  return gate.enter(gate.indexOf(r(resource)));
}

/** The parts of so many pieces of work that each server got, in percent; each ends at once. */
function parts(resource: string, pieces = 10_000): Readonly<Record<'s1' | 's2' | 's3', number>> {
  const counts = { s1: 0, s2: 0, s3: 0 };
  for (let each = 0; each < pieces; each++) {
    counts[gate.serverId(enter(resource)) as string as 's1'] += 1;
    gate.withdraw(gate.indexOf(r(resource)));
  }
  for (const server of ['s1', 's2', 's3'] as const) {
    counts[server] = Math.round((100 * counts[server]) / pieces);
  }
  return counts;
}

const servers = (resource: string): string[] =>
  Object.entries(parts(resource, 200)).flatMap(([server, part]) => (part > 0 ? [server] : []));

describe('a shared resource', () => {
  it('is served by all that may serve it, or by those that the config names', () => {
    expect(servers('web')).toEqual(['s1', 's2', 's3']);
    expect(servers('some')).toEqual(['s1', 's2']);
    expect(gate.isShared(gate.indexOf(r('web')))).toBe(true);
    expect(gate.isShared(gate.indexOf(r('vol-1')))).toBe(false);
    expect(shared.size).toBe(2);
  });

  it('is none that the table gives to a server: it keeps its owner', async () => {
    const { view, clock } = plane;
    const eligibility = new Eligibility({
      view,
      clock,
      isShared: (id) => SHARED[id] !== undefined,
    });
    expect([...eligibility.servers().keys()]).toEqual([]);
    const owned = await ControlPlane.with(['s1', 's2'], { web: 's1@1.5' });
    const ownGate = new Gate({ clock: owned.clock, needsLease: () => false });
    ownGate.apply(owned.view.table);
    const ownShared = new SharedResources(
      {
        ...{ view: owned.view, clock: owned.clock, log: owned.log, gate: ownGate, loads },
        rng: new SeededRng(1),
        outliers: { isEjected: () => false },
        isReachable: () => true,
        sharingOf: (resource: ResourceId) => SHARED[resource],
      },
      { slowStartMs: SLOW_START_MS },
    );
    ownShared.look();
    expect(ownShared.size).toBe(0);
    expect(ownGate.isShared(ownGate.indexOf(r('web')))).toBe(false);
    expect(ownGate.serverId(ownGate.enter(ownGate.indexOf(r('web'))))).toBe('s1');
    const both = new Eligibility({
      view: owned.view,
      clock: owned.clock,
      isShared: () => true,
    });
    expect([...both.servers().keys()]).toEqual(['web']);
  });

  it('is left by a server that drains, is in maintenance, is lost, or is out of reach', async () => {
    const stand = { by: 'test', reason: '', sinceMs: 0 };
    await plane.write(
      new Draft().put(SERVER_STATE, s('s1'), { state: 'draining', ...stand }).put(LOST, s('s2'), {
        ...{ loss: '1', evidence: 'silent', how: 'test', sinceMs: 0 },
      }),
    );
    expect(servers('web')).toEqual(['s3']);
    await plane.write(new Draft().remove(SERVER_STATE, s('s1')));
    unreachable.add(s('s3'));
    shared.look();
    expect(servers('web')).toEqual(['s1']);
  });

  it('is served by spare servers only where the config names them', async () => {
    const spare = { ...SERVER_RECORD, spare: true };
    await plane.write(new Draft().put(SERVER, s('s1'), spare));
    expect(servers('web')).toEqual(['s2', 's3']);
    expect(servers('some')).toEqual(['s1', 's2']);
  });

  it('is left by an ejected server as long as there is another', async () => {
    ejected.add(s('s1'));
    shared.look();
    expect(servers('some')).toEqual(['s2']);
    ejected.add(s('s2'));
    shared.look();
    expect(servers('some')).toEqual(['s1', 's2']);
    ejected.clear();
    await plane.clock.advance(1000);
    expect(servers('some')).toEqual(['s1', 's2']);
  });

  it('is spread by what the forecast leaves of its servers, as long as that is of now', async () => {
    const nowMs = plane.clock.realtimeMs();
    const shares = { [s('s1')]: 0.6, [s('s2')]: 0.3, [s('s3')]: 0.1 };
    await plane.write(
      new Draft().put(HEADROOM, 'forecast', { madeAtMs: nowMs, untilMs: nowMs + 60_000, shares }),
    );
    const { s1, s2, s3 } = parts('web');
    expect(Math.abs(s1 - 60)).toBeLessThan(3);
    expect(Math.abs(s2 - 30)).toBeLessThan(3);
    expect(Math.abs(s3 - 10)).toBeLessThan(3);
    await plane.clock.advance(61_000);
    expect(parts('web').s3).toBeGreaterThan(30);
  });

  it('gives a server that comes back its part little by little', async () => {
    unreachable.add(s('s3'));
    shared.look();
    unreachable.clear();
    shared.look();
    expect(parts('web').s3).toBeLessThan(8);
    await plane.clock.advance(SLOW_START_MS / 2);
    expect(parts('web').s3).toBeGreaterThan(15);
    await plane.clock.advance(SLOW_START_MS / 2);
    expect(parts('web').s3).toBeGreaterThan(30);
  });

  it('waits while none of its servers can be used, and goes on with the first that can', () => {
    for (const server of ['s1', 's2', 's3']) unreachable.add(s(server));
    shared.look();
    const at = gate.indexOf(r('web'));
    expect(enter('web')).toBe(HELD);
    const got: string[] = [];
    gate.park(at, 0, (later) => got.push(later === 'expired' ? later : gate.serverId(later)));
    gate.park(at, 0, (later) => got.push(later === 'expired' ? later : gate.serverId(later)));
    gate.unstall(s('s2'));
    expect(got).toEqual([]);
    unreachable.delete(s('s2'));
    shared.look();
    expect(got).toEqual(['s2', 's2']);
    expect(gate.inFlight(r('web'))).toBe(2);
  });

  it('is refused once it waited for too long, and work that waits is told', async () => {
    for (const server of ['s1', 's2', 's3']) unreachable.add(s(server));
    shared.look();
    expect(enter('web')).toBe(HELD);
    const got: unknown[] = [];
    gate.park(gate.indexOf(r('web')), 0, (later) => got.push(later));
    await plane.clock.advance(5000);
    expect(got).toEqual(['expired']);
    expect(enter('web')).toBe(UNREACHABLE);
    unreachable.clear();
    await plane.clock.advance(500);
    expect(servers('web')).toEqual(['s1', 's2', 's3']);
  });

  it('comes and goes with what servers may serve', async () => {
    await serve({ s1: ['web'], s2: [], s3: [] });
    expect(servers('web')).toEqual(['s1']);
    expect(shared.size).toBe(1);
    await plane.write(new Draft().remove(ELIGIBLE, s('s1')));
    expect(shared.size).toBe(0);
    expect(enter('web')).toBeLessThan(0);
  });

  it('goes to its owner at once when it gets one, and is shared again once that is gone', async () => {
    const generation = { generation: g('1.300'), reserved: g('1.300') };
    const owned = { server: s('s2'), since: g('1.300'), standby: null, movedAtMs: 0, by: p('1') };
    await plane.write(new Draft().put(PLACEMENT, r('web'), owned).put(HEAD, 'head', generation));
    gate.apply(plane.view.table);
    expect(servers('web')).toEqual(['s2']);
    expect(gate.sinceText(gate.indexOf(r('web')))).toBe('1.300');
    await plane.clock.advance(500);
    expect(shared.size).toBe(1);
    await plane.write(new Draft().remove(PLACEMENT, r('web')));
    gate.apply(plane.view.table);
    await plane.clock.advance(500);
    expect(shared.size).toBe(2);
    expect(servers('web')).toEqual(['s1', 's2', 's3']);
  });

  it('beyond the limit of resources is not taken', () => {
    const small = new Gate({ clock: plane.clock, needsLease: () => false }, { resourcesMax: 1 });
    const choice = { choose: () => 0 };
    expect(small.share([r('web')], choice)).toEqual([]);
    expect(small.share([r('some')], choice)).toEqual(['some']);
    expect(small.share([r('web')], undefined)).toEqual([]);
    expect(small.shared).toBe(0);
  });

  it('is not touched by tables and switches of others', () => {
    gate.hold([r('vol-1')]);
    gate.apply(plane.view.table);
    expect(servers('web')).toEqual(['s1', 's2', 's3']);
    gate.resume([r('vol-1')]);
    expect(gate.sinceText(gate.indexOf(r('web')))).toBe('shared');
  });
});

/** Every call is inlined, and at the same moment in each run: a fraction that a call returns would be boxed, and it is chance which are. */
const INLINED = [
  '--no-concurrent-recompilation',
  '--max-inlined-bytecode-size=2000',
  '--max-inlined-bytecode-size-cumulative=10000',
];

describe('entering a shared resource', () => {
  it('does not allocate', async () => {
    const script = fileURLToPath(new URL('../../../support/enter-shared.js', import.meta.url));
    const args = [...INLINED, '--trace-gc', script];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const lines = stdout.split('\n');
    expect(lines).toContain('done');
    const collections = lines.slice(lines.indexOf('warm') + 1, lines.indexOf('done'));
    // A number boxed for each would be 160 MB: ten collections of the young generation and more.
    expect(collections.length).toBeLessThanOrEqual(1);
  });
});

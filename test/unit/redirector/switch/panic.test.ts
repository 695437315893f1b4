import { describe, expect, it } from '@jest/globals';
import type { ServerId } from '../../../../core/domain.js';
import { Draft } from '../../../../core/table-store/draft.js';
import type { LostRecord } from '../../../../core/table-store/records/server.js';
import { LOST, SERVER_STATE } from '../../../../core/table-store/records/server.js';
import type { MemberRecord } from '../../../../core/table-store/records/switch.js';
import { MEMBER } from '../../../../core/table-store/records/switch.js';
import { isPanic, soundings } from '../../../../redirector/switch/panic.js';
import { ControlPlane } from '../../../support/control-plane.js';
import { g, m, s } from '../../../support/names.js';

type Evidence = MemberRecord['unreachable'][ServerId]['evidence'];

/** What each redirector says of the servers that it does not reach: `{ s1: 'silent' }`. */
type Report = Readonly<Record<string, Evidence>>;

/** A server for each resource, `s1` has `vol-1` and so on; and what the redirectors say. */
async function cluster(servers: number, reports: readonly Report[], idle: readonly string[] = []) {
  const names = Array.from({ length: servers }, (_, index) => `s${index + 1}`);
  const owned = names.filter((name) => !idle.includes(name));
  const placements = owned.map((name, at) => [`vol-${at + 1}`, `${name}@1.${at + 1}`] as const);
  const plane = await ControlPlane.with(names, Object.fromEntries<string>(placements));
  const draft = new Draft();
  const live = reports.map((_report, index) => m(`r${index + 1}`));
  for (const [index, report] of reports.entries()) {
    const unreachable = Object.fromEntries(
      Object.entries(report).map(([server, evidence]) => [server, { evidence, sinceMs: 0 }]),
    );
    draft.put(MEMBER, m(`r${index + 1}`), {
      boot: 'b',
      beat: 1,
      leaseMs: 1000,
      generation: g('1.1'),
      unreachable,
      abandoned: {},
      panic: false,
      health: null,
    });
  }
  await plane.write(draft);
  return { plane, look: () => soundings(plane.view, live) };
}

function lost(evidence: LostRecord['evidence']): LostRecord {
  return { loss: '1', evidence, how: 'test', sinceMs: 0 };
}

describe('the panic rule', () => {
  it.each([
    { servers: 1, silent: 1, panic: true },
    { servers: 2, silent: 1, panic: false, health: null },
    { servers: 2, silent: 2, panic: true },
    { servers: 3, silent: 1, panic: false, health: null },
    { servers: 3, silent: 2, panic: true },
    { servers: 4, silent: 2, panic: false, health: null },
    { servers: 4, silent: 3, panic: true },
    { servers: 5, silent: 2, panic: false, health: null },
    { servers: 5, silent: 3, panic: true },
  ])('of $servers servers $silent are silent: $panic', async ({ servers, silent, panic }) => {
    const names = Array.from({ length: silent }, (_, at) => [`s${at + 1}`, 'silent'] as const);
    const { look } = await cluster(servers, [Object.fromEntries(names)]);
    expect(isPanic(look())).toBe(panic);
  });

  it('counts what most of the redirectors do not reach, not what one of them does not', async () => {
    const all: Report = { s1: 'silent', s2: 'silent', s3: 'silent' };
    const one = await cluster(3, [all, {}, {}]);
    expect(one.look()).toEqual({ heard: 3, silent: [] });
    const half = await cluster(3, [all, {}]);
    expect(half.look()).toEqual({ heard: 3, silent: [] });
    const most = await cluster(3, [all, all, {}]);
    expect(most.look()).toEqual({ heard: 0, silent: ['s1', 's2', 's3'] });
  });

  it('takes a refusal for a word: the way to that host is open', async () => {
    const { look } = await cluster(4, [{ s1: 'refused', s2: 'refused', s3: 'silent' }]);
    expect(look()).toEqual({ heard: 3, silent: ['s3'] });
  });

  it('takes a server for silent as long as one redirector hears not even a refusal', async () => {
    const { look } = await cluster(1, [{ s1: 'refused' }, { s1: 'silent' }]);
    expect(look()).toEqual({ heard: 0, silent: ['s1'] });
  });

  it('does not count a silent server that has nothing', async () => {
    const { look } = await cluster(3, [{ s1: 'silent', s2: 'silent' }], ['s1']);
    expect(look()).toEqual({ heard: 1, silent: ['s2'] });
  });

  it('does not count a silent server that is known to be dead', async () => {
    const { plane, look } = await cluster(3, [{ s1: 'silent', s2: 'silent' }]);
    await plane.write(new Draft().put(LOST, s('s1'), lost('silent')));
    expect(look()).toEqual({ heard: 1, silent: ['s1', 's2'] });
    await plane.write(new Draft().put(LOST, s('s1'), lost('dead')));
    expect(look()).toEqual({ heard: 1, silent: ['s2'] });
  });

  it('does not count a server that an operator put into maintenance', async () => {
    const { plane, look } = await cluster(3, [{ s1: 'silent', s2: 'silent' }]);
    const state = { state: 'maintenance', by: 'ann', reason: 'off', sinceMs: 0 } as const;
    await plane.write(new Draft().put(SERVER_STATE, s('s1'), state));
    expect(look()).toEqual({ heard: 1, silent: ['s2'] });
  });
});

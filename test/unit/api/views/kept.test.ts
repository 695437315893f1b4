import { beforeEach, describe, expect, it } from '@jest/globals';
import { EligibleServers } from '../../../../api/views/kept/eligible-servers.js';
import { Fleet } from '../../../../api/views/kept/fleet.js';
import { Draft } from '../../../../core/table-store/draft.js';
import { Eligibility } from '../../../../core/table-store/eligibility.js';
import { ANNOUNCED, ELIGIBLE, PIN } from '../../../../core/table-store/records/server.js';
import { ControlPlane } from '../../../support/control-plane.js';
import { r, s } from '../../../support/names.js';

let plane: ControlPlane;

beforeEach(async () => {
  plane = await ControlPlane.with(['s1', 's2', 's3'], { a: 's1@1.5', b: 's2@1.6' });
});

describe('who may serve what, as it is kept', () => {
  const isShared = (resource: string): boolean => resource.startsWith('web-');

  it('is what eligibility says, whoever announces what', async () => {
    const { view, clock } = plane;
    const eligibility = new Eligibility({ view, clock, isShared });
    const kept = new EligibleServers({ view, eligibility });
    const isSame = (): void => {
      const { exclusive, shared } = kept.now();
      expect(new Map([...exclusive].sort())).toEqual(new Map([...eligibility.servers()].sort()));
      expect([...shared].sort()).toEqual([...eligibility.sharing().keys()].sort());
    };
    const announce = (server: string, names: readonly string[]) =>
      plane.write(new Draft().put(ELIGIBLE, s(server), { resources: names.map(r) }));
    isSame();
    await announce('s2', ['b', 'web-1']);
    isSame();
    await announce('s1', ['web-1', 'a', 'b']);
    isSame();
    await announce('s3', []);
    isSame();
  });

  it('is the same object while nothing of it changes', async () => {
    const { view, clock } = plane;
    const kept = new EligibleServers({ view, eligibility: new Eligibility({ view, clock }) });
    const before = kept.now();
    await plane.write(
      new Draft().put(PIN, r('a'), { server: s('s1'), by: 'ann', reason: '', sinceMs: 1 }),
    );
    expect(kept.now()).toBe(before);
    expect(kept.now().exclusive.get(r('a'))).toBe(kept.now().exclusive.get(r('b')));
  });
});

describe('the fleet, as it is kept', () => {
  it('knows what each server serves after any move, and makes that once', async () => {
    const fleet = new Fleet(plane.view);
    expect(Object.fromEntries(fleet.residents)).toEqual({ s1: ['a'], s2: ['b'] });
    const before = fleet.residents;
    await plane.write(new Draft().remove(ANNOUNCED, s('s1')));
    expect(fleet.residents).toBe(before);
    await plane.applied([plane.move('a', 's2')], plane.clock.realtimeMs());
    await plane.applied([plane.move('b', 's3')], plane.clock.realtimeMs());
    expect(Object.fromEntries(fleet.residents)).toEqual({ s2: ['a'], s3: ['b'] });
  });

  it('sees that records were written, and that they were taken away', async () => {
    const fleet = new Fleet(plane.view);
    const stamps = [fleet.stampOf([PIN])];
    for (const name of ['a', 'b', 'a']) {
      await plane.write(
        new Draft().put(PIN, r(name), { server: s('s1'), by: 'ann', reason: '', sinceMs: 1 }),
      );
      stamps.push(fleet.stampOf([PIN]));
    }
    await plane.write(new Draft().remove(PIN, r('b')));
    stamps.push(fleet.stampOf([PIN]));
    expect(new Set(stamps).size).toBe(stamps.length);
    await plane.write(new Draft().put(ELIGIBLE, s('s1'), { resources: [] }));
    expect(fleet.stampOf([PIN])).toBe(stamps.at(-1));
  });
});

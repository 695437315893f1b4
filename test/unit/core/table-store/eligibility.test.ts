import { describe, expect, it } from '@jest/globals';
import { Draft } from '../../../../core/table-store/draft.js';
import { Eligibility } from '../../../../core/table-store/eligibility.js';
import { ELIGIBLE } from '../../../../core/table-store/records/server.js';
import { chance, SeededRng } from '../../../../core/rng.js';
import { ControlPlane } from '../../../support/control-plane.js';
import { r, s } from '../../../support/names.js';

const SERVERS = ['s1', 's2', 's3'];
const RESOURCES = ['a', 'b', 'c', 'd'];

/** As they are in the lists of who may serve what. */
function listed(eligibility: Eligibility): Record<string, number> {
  const lists = [...eligibility.servers(), ...eligibility.sharing()];
  return Object.fromEntries(lists.map(([resource, servers]) => [resource, servers.length]));
}

describe('how many servers may serve a resource', () => {
  it('is what the lists say, whatever servers come, change what they may serve, and go', async () => {
    const plane = await ControlPlane.with([]);
    const { view, clock } = plane;
    const eligibility = new Eligibility({ view, clock, isShared: (id) => id === 'd' });
    const rng = new SeededRng(7);
    for (let change = 0; change < 60; change++) {
      const draft = new Draft();
      for (const server of SERVERS.filter(() => chance(rng, 0.5))) {
        const resources = RESOURCES.filter(() => chance(rng, 0.5)).map(r);
        if (chance(rng, 0.3)) draft.remove(ELIGIBLE, s(server));
        else draft.put(ELIGIBLE, s(server), { resources });
      }
      await plane.write(draft);
      expect(Object.fromEntries(eligibility.counts())).toEqual(listed(eligibility));
      expect(eligibility.owned().sort()).toEqual([...eligibility.servers().keys()].sort());
    }
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';
import { fail } from '../../../../core/errors.js';
import { SeededRng } from '../../../../core/rng.js';
import { Draft } from '../../../../core/table-store/draft.js';
import { SERVER } from '../../../../core/table-store/records/server.js';
import { HealthChecker } from '../../../../redirector/health/checker.js';
import type { MemberReport } from '../../../../redirector/membership.js';
import { ControlPlane, SERVER_RECORD } from '../../../support/control-plane.js';
import { s } from '../../../support/names.js';

let plane: ControlPlane;
let isUp: boolean;
let mayVouch: boolean;
let leases: number[];
let unreachable: string[];

beforeEach(async () => {
  plane = await ControlPlane.with(['s1'], {});
  isUp = true;
  mayVouch = true;
  leases = [];
  unreachable = [];
  const { view, clock, log } = plane;
  const checker = new HealthChecker({
    ...{ view, clock, log },
    rng: new SeededRng(1),
    net: {} as never,
    agents: {
      hasAgent: () => true,
      lease: (_server: string, { leaseMs }: { leaseMs: number }) => {
        if (!isUp) fail('ERR_CALL_REFUSED', { url: 'http://s1' });
        leases.push(leaseMs);
        return Promise.resolve({ serving: true });
      },
    } as never,
    membership: {
      isLive: () => true,
      report: (report: Partial<MemberReport>) => {
        if (report.unreachable !== undefined) unreachable = Object.keys(report.unreachable);
      },
    } as never,
    expectedDigest: () => 0,
    mayVouch: () => mayVouch,
    onReachable: () => undefined,
    onVerdict: () => undefined,
  });
  void checker.run(new AbortController().signal);
});

describe('the health checks of a redirector', () => {
  it('tell the others which server they cannot reach', async () => {
    await plane.clock.advance(3000);
    expect(unreachable).toEqual([]);
    isUp = false;
    await plane.clock.advance(3000);
    expect(unreachable).toEqual(['s1']);
  });

  it('take back what they said of a server that is known no more', async () => {
    isUp = false;
    await plane.clock.advance(3000);
    await plane.write(new Draft().remove(SERVER, s('s1')));
    expect(unreachable).toEqual([]);
    isUp = true;
    await plane.write(new Draft().put(SERVER, s('s1'), SERVER_RECORD));
    await plane.clock.advance(3000);
    expect(unreachable).toEqual([]);
  });

  it('renew serving leases only where this redirector may vouch for its table', async () => {
    mayVouch = false;
    await plane.clock.advance(3000);
    expect(Math.max(...leases)).toBe(0);
    mayVouch = true;
    await plane.clock.advance(3000);
    expect(Math.max(...leases)).toBeGreaterThan(0);
  });
});

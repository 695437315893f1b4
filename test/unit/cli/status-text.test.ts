import { describe, expect, it } from '@jest/globals';
import type { Status } from '../../../api/contract/status.js';
import { styleOf } from '../../../cli/terminal.js';
import { statusText } from '../../../cli/verbs/status.js';
import { serverOf, statusOfServers } from '../../support/status.js';

const WELL = statusOfServers([serverOf('s1'), serverOf('s2')]);
const FORECAST = { madeAtMs: WELL.atMs, horizonMs: 3_600_000, series: 4, coverage: 0.81 };
const told = (given: Partial<Status>): string =>
  statusText({ ...WELL, warnings: [], ...given }, styleOf(false));

describe('the status of a state that is not as one would wish', () => {
  it.each<[string, Partial<Status>, string]>([
    [
      'empty',
      { servers: [] },
      'no server is known yet: declare one in the config, or start an agent',
    ],
    [
      'learning',
      { balancer: { kind: 'learning', plan: null, text: 'Learning: 3 of 24 steps are there.' } },
      'balancer: Learning: 3 of 24 steps are there.',
    ],
    [
      'a collector that fails',
      { warnings: ['s1 cannot be polled: refused'] },
      'warning s1 cannot be polled: refused',
    ],
    [
      'a forecaster that is away',
      { warnings: ['the forecast is old: no round has ended lately'] },
      'warning the forecast is old',
    ],
    [
      'a forecast of a time to come',
      { forecast: { ...FORECAST, madeAtMs: WELL.atMs + 7 * 86_400_000 } },
      'forecast 7 d ahead of the clock, P10-P90 coverage 81 %',
    ],
    ['paused', { paused: { by: 'ann', reason: 'night', sinceMs: WELL.atMs } }, 'PAUSED by ann'],
    ['a lost server', { servers: [serverOf('s1', { state: 'lost' })] }, 's1      lost '],
  ])('%s: has words of its own', (_name, given, expected) => {
    expect(told(given)).toContain(expected);
    expect(told({})).not.toContain(expected);
  });

  it('has a line for each of 200 servers', () => {
    const ids = Array.from({ length: 200 }, (_, at) => `server-${at}`);
    const lines = told({ servers: ids.map((id) => serverOf(id)) }).split('\n');
    expect(lines.filter((line) => line.startsWith('server-'))).toHaveLength(200);
  });
});

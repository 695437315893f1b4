import { describe, expect, it } from '@jest/globals';
import { HttpCounters } from '../../../../redirector/adapters/http/counters.js';
import { TcpCounters } from '../../../../redirector/adapters/tcp/counters.js';
import type { WorkerStats } from '../../../../redirector/workers/worker-stats.js';
import { pastStats, sumOf } from '../../../../redirector/workers/worker-stats.js';
import { s } from '../../../support/names.js';

function stats(requests: number): WorkerStats {
  const http = new HttpCounters();
  http.requests = requests;
  http.connections = 3;
  http.answered(200);
  http.refusedFor('holdFull');
  const tcp = new TcpCounters();
  tcp.bytesIn = 10 * requests;
  tcp.connections = 2;
  return structuredClone({
    http,
    tcp,
    accessLog: { written: requests, dropped: 1 },
    atWork: {
      servers: new Map([[s('s1'), { underWay: 1, responseMs: 5, isEjected: false }]]),
      ejections: 2,
      spared: 1,
    },
  });
}

describe('what workers count', () => {
  it('is added up by its names', () => {
    const own = new HttpCounters();
    own.faultNamed('bad-line');
    own.refusedFor('holdFull');
    const sum = sumOf([own, stats(4).http, stats(5).http]);
    expect(sum.requests).toBe(9);
    expect(sum.connections).toBe(6);
    expect(sum.answers).toEqual([0, 0, 2, 0, 0, 0]);
    expect([...sum.refused]).toEqual([['holdFull', 3]]);
    expect([...sum.faults]).toEqual([['bad-line', 1]]);
    expect(own.refused.get('holdFull')).toBe(1);
  });

  it('stays counted when they are no more, but for what was there', () => {
    const past = pastStats(stats(5), pastStats(stats(4), undefined));
    expect(past.http).toMatchObject({ requests: 9, connections: 0 });
    expect(past.tcp).toMatchObject({ bytesIn: 90, connections: 0 });
    expect(past.accessLog).toEqual({ written: 9, dropped: 2 });
    expect(past.atWork).toEqual({ servers: new Map(), ejections: 4, spared: 2 });
  });
});

import { describe, expect, it } from '@jest/globals';
import type { KnownProcess } from '../../../../api/processes.js';
import { engineStatuses, processStatus, processWarnings } from '../../../../api/views/processes.js';
import type { ProcessRecord } from '../../../../core/table-store/records/process.js';

const NOW = Date.UTC(2026, 10, 26, 9, 30);
const AGO = (minutes: number): number => NOW - minutes * 60_000;
type Engine = ProcessRecord['engines'][number];
type Spool = NonNullable<ProcessRecord['spool']>;

function process(id: string, given: Partial<ProcessRecord> = {}, isSilent = false): KnownProcess {
  const roles = [id.replace(/@.*/, '')];
  const none = { roles, saidAtMs: AGO(1), leaseMs: 30_000, engines: [], spool: null };
  return { id, says: { ...none, ...given }, isSilent };
}

function refusing(code: string, sinceMs: number, message = 'no'): Engine[] {
  return [{ name: 'metric store', fault: { sinceMs, atMs: sinceMs + 1, code, message } }];
}

function spool(given: Partial<Spool>): Spool {
  const lost = { beyondBound: 0, diskFailed: 0, refused: 0 };
  return { waitingBytes: 0, waitingSinceMs: null, lost, lostAtMs: null, ...given };
}

const WELL: Engine[] = [{ name: 'metric store', fault: null }];
const warned = (...processes: readonly KnownProcess[]): string[] => processWarnings(processes, NOW);

describe('the engines of several processes', () => {
  it('are told once for those who agree, apart for those who do not', () => {
    const engines = engineStatuses([
      process('api@a:1', { engines: WELL }),
      process('collector@a:2', { engines: refusing('ERR_STORE_REFUSED', AGO(5)) }),
      process('collector@b:2', { engines: refusing('ERR_STORE_REFUSED', AGO(9), 'older') }),
      process('forecaster@a:3', { engines: WELL }),
      process('forecaster@b:3', { engines: refusing('ERR_STORE_UNAVAILABLE', AGO(2)) }),
    ]);
    expect(engines.map(({ processes, fault }) => [fault?.code ?? null, processes])).toEqual([
      [null, ['api@a:1', 'forecaster@a:3']],
      ['ERR_STORE_REFUSED', ['collector@a:2', 'collector@b:2']],
      ['ERR_STORE_UNAVAILABLE', ['forecaster@b:3']],
    ]);
    expect(engines[1]?.fault).toMatchObject({ sinceMs: AGO(9), message: 'no' });
  });

  it('are not what somebody said who is silent now', () => {
    const silent = process('collector@a:2', { engines: refusing('ERR_STORE_REFUSED', 1) }, true);
    expect(engineStatuses([process('api@a:1', { engines: WELL }), silent])).toEqual([
      { name: 'metric store', processes: ['api@a:1'], fault: null },
    ]);
  });
});

describe('the warnings of processes', () => {
  it('are none where all is well', () => {
    const collector = process('collector@a:2', { engines: WELL, spool: spool({}) });
    expect(warned(process('api@a:1', { engines: WELL }), collector)).toEqual([]);
  });

  it('say what fails, since when, for whom, why and by which code', () => {
    const engines = refusing('ERR_STORE_REFUSED', AGO(5), 'a conflict of types');
    expect(warned(process('api@a:1'), process('collector@a:2', { engines }))).toEqual([
      'the metric store is away or refuses since 2026-11-26T09:25:00.000Z, says collector@a:2: a conflict of types (ERR_STORE_REFUSED)',
    ]);
    expect(warned(process('up@r1', { engines }))).toEqual([
      'the metric store is away or refuses since 2026-11-26T09:25:00.000Z: a conflict of types (ERR_STORE_REFUSED)',
    ]);
  });

  it('name few of many', () => {
    const engines = refusing('ERR_REDIS_LOGIN', AGO(5));
    const many = Array.from({ length: 9 }, (_, at) => process(`redirector@r${at}`, { engines }));
    expect(warned(...many).join()).toContain(
      'says redirector@r0, redirector@r1, redirector@r2 and 6 more: no',
    );
  });

  it('say who is not heard of, since when, and nothing that he said before', () => {
    const said = {
      saidAtMs: AGO(3),
      engines: refusing('ERR_STORE_REFUSED', AGO(5)),
      spool: spool({ waitingBytes: 9, waitingSinceMs: AGO(5), lostAtMs: AGO(4) }),
    };
    expect(warned(process('api@a:1'), process('collector@a:2', said, true))).toEqual([
      'nothing is heard of collector@a:2 since 2026-11-26T09:27:00.000Z: killed, or cut off from the table store',
    ]);
  });

  it('say how many bytes wait for the metric store', () => {
    const waiting = spool({ waitingBytes: 3 << 20, waitingSinceMs: AGO(5) });
    expect(warned(process('up@r1', { spool: waiting }))).toEqual([
      'up@r1 spools samples that the metric store does not take since 2026-11-26T09:25:00.000Z: 3 MiB wait',
    ]);
  });

  it('say how many samples are lost and why, for an hour after the last', () => {
    const lost = { beyondBound: 2000, diskFailed: 0, refused: 7 };
    const lately = process('up@r1', { spool: spool({ lost, lostAtMs: AGO(59) }) });
    expect(warned(lately)).toEqual([
      'up@r1 has lost 2007 samples since it began (7 refused by the metric store, 2000 beyond collector.spoolBytesMax), the last at 2026-11-26T08:31:00.000Z',
    ]);
    const before = process('up@r1', { spool: spool({ lost, lostAtMs: AGO(61) }) });
    expect(warned(before)).toEqual([]);
    expect(processStatus(before).spool?.lost).toEqual(lost);
  });
});

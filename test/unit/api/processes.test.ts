import { describe, expect, it } from '@jest/globals';
import { Processes } from '../../../api/processes.js';
import { ForeshiftError } from '../../../core/errors.js';
import { SILENT_LOG } from '../../../core/log.js';
import { Draft } from '../../../core/table-store/draft.js';
import type { TableStore } from '../../../core/table-store/port.js';
import type { ProcessRecord } from '../../../core/table-store/records/process.js';
import { PROCESS } from '../../../core/table-store/records/process.js';
import { TableView } from '../../../core/table-store/view.js';
import { ControlPlane } from '../../support/control-plane.js';

const LEASE_MS = 30_000;
const FORGET_MS = 3_600_000;

function says(given: Partial<ProcessRecord> = {}): ProcessRecord {
  return { roles: [], saidAtMs: 0, leaseMs: LEASE_MS, engines: [], spool: null, ...given };
}

/** The processes that an api knows, whose reads of the store may fail. */
async function known(records: readonly string[]) {
  const { store, clock } = await ControlPlane.with([]);
  const world = { isAway: false };
  const moody: TableStore = {
    read: (after) =>
      world.isAway ? Promise.reject(unavailable()) : Promise.resolve(store.read(after)),
    transact: (transaction) =>
      world.isAway ? Promise.reject(unavailable()) : store.transact(transaction),
    watch: (notify) => store.watch(notify),
    close: () => store.close(),
  };
  const view = new TableView({ store: moody, clock, log: SILENT_LOG });
  const put = async (id: string): Promise<void> => {
    await store.transact(new Draft().put(PROCESS, id, says()).transaction);
  };
  for (const id of records) await put(id);
  await view.sync();
  const stopping = new AbortController();
  void view.follow(stopping.signal);
  const processes = new Processes(
    {
      ...{ store: moody, view, clock, log: SILENT_LOG },
      self: () => ({ id: 'api@a:1', says: says({ roles: ['api'] }) }),
    },
    { forgetMs: FORGET_MS },
  );
  await processes.start();
  const silent = (): string[] =>
    processes.all().flatMap(({ id, isSilent }) => (isSilent ? [id] : []));
  const stop = async (): Promise<void> => {
    stopping.abort(new Error('over'));
    await processes.stop();
  };
  return { clock, world, put, processes, silent, stop };
}

function unavailable(): ForeshiftError {
  return new ForeshiftError('ERR_STORE_UNAVAILABLE', { store: 'test' });
}

describe('the processes of a cluster', () => {
  it('are named with the one that answers first, which is asked itself', async () => {
    const { processes, stop } = await known(['redirector@r1', 'api@a:1', 'collector@a:2']);
    expect(processes.all().map(({ id }) => id)).toEqual([
      'api@a:1',
      'collector@a:2',
      'redirector@r1',
    ]);
    expect(processes.all()[0]?.says.roles).toEqual(['api']);
    await stop();
  });

  it('are silent once they have not spoken for longer than they promised, until they do', async () => {
    const { clock, put, silent, stop } = await known(['collector@a:2', 'redirector@r1']);
    for (let spokenMs = 0; spokenMs < 2 * LEASE_MS; spokenMs += 10_000) {
      await clock.advance(10_000);
      await put('redirector@r1');
      if (spokenMs < LEASE_MS - 10_000) expect(silent()).toEqual([]);
    }
    await clock.advance(1000);
    expect(silent()).toEqual(['collector@a:2']);
    await put('collector@a:2');
    await clock.advance(1000);
    expect(silent()).toEqual([]);
    await stop();
  });

  it('are not silent because nothing can be heard: the table store is away', async () => {
    const { clock, world, put, silent, stop } = await known(['collector@a:2']);
    await clock.advance(5000);
    world.isAway = true;
    await clock.advance(10 * LEASE_MS);
    expect(silent()).toEqual([]);
    await put('collector@a:2');
    world.isAway = false;
    await clock.advance(2000);
    expect(silent()).toEqual([]);
    await stop();
  });

  it('are forgotten when they stay silent', async () => {
    const { clock, world, processes, silent, stop } = await known(['collector@a:2']);
    await clock.advance(FORGET_MS - 10_000);
    expect(silent()).toEqual(['collector@a:2']);
    world.isAway = true;
    await clock.advance(60_000);
    world.isAway = false;
    await clock.advance(120_000);
    expect(processes.all().map(({ id }) => id)).toEqual(['api@a:1']);
    await stop();
  });
});

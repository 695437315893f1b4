import { beforeEach, describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '../../../../core/clock/simulated.js';
import type { ResourceId, ServerId } from '../../../../core/domain.js';
import { planId } from '../../../../core/domain.js';
import type { Generation } from '../../../../core/generation.js';
import { SILENT_LOG } from '../../../../core/log.js';
import { Draft } from '../../../../core/table-store/draft.js';
import { MemoryTableStore } from '../../../../core/table-store/memory.js';
import { SERVER } from '../../../../core/table-store/records/server.js';
import { HEAD, PLACEMENT } from '../../../../core/table-store/records/table.js';
import { TableView } from '../../../../core/table-store/view.js';
import type { Agents } from '../../../../redirector/switch/peers.js';
import { Reconciler } from '../../../../redirector/switch/reconciler.js';

const VOLUME = 'vol-1' as ResourceId;
const [FORGETFUL, OTHER] = ['s-1', 's-2'] as ServerId[] as [ServerId, ServerId];
const at = (epoch: number): Generation => ({ incarnation: 0, epoch });

describe('Reconciler', () => {
  let view: TableView;
  let reconciler: Reconciler;
  let isUnclaimed: boolean;
  let isLingering: boolean;
  let release: Awaited<ReturnType<Agents['release']>>;
  const taken: [ServerId, Generation][] = [];
  const released: [ServerId, Generation][] = [];
  const owned = new Map<ServerId, Generation>();

  beforeEach(async () => {
    taken.length = 0;
    owned.clear();
    isUnclaimed = false;
    isLingering = false;
    release = { kind: 'done' };
    released.length = 0;
    const clock = new SimulatedClock();
    const store = new MemoryTableStore();
    const draft = new Draft().put(HEAD, 'head', { generation: at(5), reserved: at(9) });
    const placement = { server: FORGETFUL, since: at(5), standby: null, movedAtMs: 0 };
    draft.put(PLACEMENT, VOLUME, { ...placement, by: planId('1') });
    for (const server of [FORGETFUL, OTHER]) {
      draft.put(SERVER, server, {
        address: { host: server, port: 1 },
        control: { host: server, port: 2 },
        fence: 'request',
        capacity: {},
        zone: null,
        healthPath: null,
        metrics: null,
        spare: false,
        origin: 'announced',
      });
    }
    await store.transact(draft.transaction);
    view = new TableView({ store, clock, log: SILENT_LOG });
    await view.sync();
    reconciler = new Reconciler({
      store,
      view,
      clock,
      log: SILENT_LOG,
      lease: { draft: () => new Draft() } as never,
      agents: {
        hasAgent: () => true,
        owned: (server) => {
          const since = owned.get(server);
          const claims = since === undefined ? [] : [{ resource: VOLUME, since }];
          return Promise.resolve({ boot: 'b', highest: since ?? at(0), owned: claims });
        },
        take: (server, _boot, resources) => {
          for (const { since } of resources) taken.push([server, since]);
          return Promise.resolve({ kind: 'done' });
        },
        release: (server, resources) => {
          for (const { generation } of resources) released.push([server, generation]);
          return Promise.resolve(release);
        },
        moved: () => Promise.resolve(),
      },
      lastAnswer: () => undefined,
      answeredAtMs: () => 0,
      isLost: () => false,
      policyOf: () => 'consistency',
      isUnclaimed: () => isUnclaimed,
      mayActThoughLost: () => isLingering,
    });
  });

  it('gives a server nothing that the table says is its own, as long as another may own it', async () => {
    await reconciler.settle(FORGETFUL);
    expect(taken).toEqual([]);
  });

  it('gives it what nobody else owns, at the generation of the table', async () => {
    isUnclaimed = true;
    await reconciler.settle(FORGETFUL);
    expect(taken).toEqual([[FORGETFUL, at(5)]]);
  });

  it('lets the table follow an agent that owns since a later generation', async () => {
    owned.set(OTHER, at(8));
    await reconciler.settle(OTHER);
    expect(view.table.placementOf(VOLUME)).toMatchObject({ server: OTHER, since: at(8) });
    expect(taken).toEqual([]);
  });

  it('has whom the table names give it up before', async () => {
    owned.set(OTHER, at(8));
    release = { kind: 'not-yet', why: 'vol-1 is busy' };
    await reconciler.settle(OTHER);
    expect(released).toEqual([[FORGETFUL, at(9)]]);
    expect(view.table.placementOf(VOLUME)).toMatchObject({ server: FORGETFUL });
    release = { kind: 'done' };
    await reconciler.settle(OTHER);
    expect(view.table.placementOf(VOLUME)).toMatchObject({ server: OTHER });
  });

  it('waits until a lost one can do no more for it', async () => {
    owned.set(OTHER, at(8));
    isLingering = true;
    await reconciler.settle(OTHER);
    expect(view.table.placementOf(VOLUME)).toMatchObject({ server: FORGETFUL });
    expect(released).toEqual([]);
  });
});

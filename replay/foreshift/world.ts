import { SimulatedClock } from '../../core/clock/simulated.js';
import type { PlanId, ResourceId, ServerId } from '../../core/domain.js';
import { NO_GENERATION, nextEpoch } from '../../core/generation.js';
import { SILENT_LOG } from '../../core/log.js';
import { Draft } from '../../core/table-store/draft.js';
import { MemoryTableStore } from '../../core/table-store/memory.js';
import type { TableStore } from '../../core/table-store/port.js';
import { ELIGIBLE, PIN, SERVER } from '../../core/table-store/records/server.js';
import { MEMBER } from '../../core/table-store/records/switch.js';
import { HEAD, PLACEMENT } from '../../core/table-store/records/table.js';
import { TableView } from '../../core/table-store/view.js';
import type { Scene } from '../scene.js';
import { LoneMember } from './stand-ins.js';

export interface World {
  readonly clock: SimulatedClock;
  readonly store: TableStore;
  readonly view: TableView;
}

/** A table store at the end of the warm-up: the servers, what each may serve, and the first map. */
export async function worldOf(scene: Scene, firstMap: Int32Array): Promise<World> {
  const { startMs, stepMs } = scene.recorded.grid;
  const clock = new SimulatedClock(startMs + scene.warmSteps * stepMs);
  const store = new MemoryTableStore('replay');
  const view = new TableView({ store, clock, log: SILENT_LOG });
  const draft = new Draft();
  const since = nextEpoch(NO_GENERATION);
  draft.put(HEAD, 'head', { generation: since, reserved: since });
  const member = new LoneMember();
  draft.put(MEMBER, member.self, {
    boot: member.boot,
    beat: 1,
    leaseMs: Number.MAX_SAFE_INTEGER,
    generation: since,
    unreachable: {},
    abandoned: {},
    panic: false,
    health: null,
  });
  for (const [index, server] of scene.servers.entries()) {
    draft.put(ELIGIBLE, server, { resources: servedBy(server, scene) });
    draft.put(SERVER, server, {
      address: { host: server, port: 80 },
      control: { host: server, port: 81 },
      fence: 'request',
      healthPath: null,
      capacity: { [scene.dimension]: scene.capacities[index] ?? 0 },
      metrics: null,
      spare: scene.fleet?.spare[index] ?? false,
      zone: scene.fleet?.zones[index] ?? null,
      origin: 'config',
    });
  }
  for (const [index, resource] of scene.resources.entries()) {
    const server = scene.servers[firstMap[index] ?? 0];
    if (server === undefined) continue;
    draft.put(PLACEMENT, resource, {
      server,
      since,
      standby: null,
      // Nothing was moved: a trace may be shorter than a cooldown.
      movedAtMs: 0,
      by: 'first' as PlanId,
    });
    const pinned = scene.fleet?.pinned[index] ?? null;
    if (pinned === null) continue;
    draft.put(PIN, resource, { server: pinned, by: 'replay', reason: '', sinceMs: startMs });
  }
  await store.transact(draft.transaction);
  await view.sync();
  return { clock, store, view };
}

function servedBy(server: ServerId, { resources, fleet }: Scene): ResourceId[] {
  if (fleet === undefined) return [...resources];
  return resources.filter((_, index) => fleet.eligible[index]?.includes(server) === true);
}

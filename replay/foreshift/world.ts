import { SimulatedClock } from '../../core/clock/simulated.js';
import type { PlanId } from '../../core/domain.js';
import { NO_GENERATION, nextEpoch } from '../../core/generation.js';
import { SILENT_LOG } from '../../core/log.js';
import { Draft } from '../../core/table-store/draft.js';
import { MemoryTableStore } from '../../core/table-store/memory.js';
import type { TableStore } from '../../core/table-store/port.js';
import { ELIGIBLE, SERVER } from '../../core/table-store/records/server.js';
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

/** A table store at the end of the warm-up: servers that may serve anything, and the first map. */
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
  for (const server of scene.servers) {
    draft.put(ELIGIBLE, server, { resources: [...scene.resources] });
    draft.put(SERVER, server, {
      address: { host: server, port: 80 },
      control: { host: server, port: 81 },
      fence: 'request',
      healthPath: null,
      capacity: { [scene.dimension]: scene.capacity },
      metrics: null,
      spare: false,
      zone: null,
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
      // At the beginning of the trace: longer ago than a cooldown.
      movedAtMs: startMs,
      by: 'first' as PlanId,
    });
  }
  await store.transact(draft.transaction);
  await view.sync();
  return { clock, store, view };
}

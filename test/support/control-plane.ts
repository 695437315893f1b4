import { SimulatedClock } from '../../core/clock/simulated.js';
import type { PlannedMove } from '../../core/plan.js';
import type { PlanId } from '../../core/domain.js';
import { SILENT_LOG } from '../../core/log.js';
import { recordPlan } from '../../core/table-store/plans.js';
import { PLAN } from '../../core/table-store/records/plan.js';
import { Draft } from '../../core/table-store/draft.js';
import { MemoryTableStore } from '../../core/table-store/memory.js';
import { ELIGIBLE, SERVER } from '../../core/table-store/records/server.js';
import type { ServerRecord } from '../../core/table-store/records/server.js';
import { HEAD, PLACEMENT } from '../../core/table-store/records/table.js';
import { TableView } from '../../core/table-store/view.js';
import { g, p, r, s } from './names.js';

/* A control plane without servers: a table store in memory, its view, and records short to write. */

export const SERVER_RECORD: ServerRecord = {
  address: { host: '10.0.0.1', port: 80 },
  control: null,
  fence: 'none',
  healthPath: null,
  capacity: { cpu: 4 },
  metrics: null,
  spare: false,
  zone: null,
  origin: 'config',
};

const APPLIED = {
  result: 'applied',
  why: '',
  attempts: 1,
  drainMs: 1,
  holdMs: 1,
  heldRequests: 0,
  failedRequests: 0,
} as const;

export class ControlPlane {
  readonly clock = new SimulatedClock(1_700_000_000_000);
  readonly store = new MemoryTableStore();
  readonly log = SILENT_LOG;
  readonly view = new TableView({ store: this.store, clock: this.clock, log: this.log });

  /** Servers that are known, and resources as `name: server@since`. */
  static async with(
    servers: readonly string[],
    placements: Readonly<Record<string, string>> = {},
  ): Promise<ControlPlane> {
    const plane = new ControlPlane();
    const draft = new Draft();
    const resources = Object.keys(placements).map(r);
    for (const name of servers) {
      draft.put(SERVER, s(name), SERVER_RECORD).put(ELIGIBLE, s(name), { resources });
    }
    for (const [name, text] of Object.entries(placements)) {
      const [server = '', since = ''] = text.split('@');
      draft.put(PLACEMENT, r(name), {
        server: s(server),
        since: g(since),
        standby: null,
        movedAtMs: plane.clock.realtimeMs(),
        by: p('0'),
      });
    }
    draft.put(HEAD, 'head', { generation: g('1.200'), reserved: g('1.200') });
    await plane.write(draft);
    return plane;
  }

  /** A plan of these moves, ended, every batch of it applied at that time: as the coordinator leaves it. */
  async applied(moves: readonly PlannedMove[], atMs: number): Promise<PlanId> {
    const { plan } = await recordPlan(
      {
        trigger: { kind: 'forecast', detail: 'test' },
        madeAtMs: atMs,
        expiresAtMs: atMs + 60_000,
        base: this.view.table.generation,
        states: {},
        batches: moves.map((move) => ({ moves: [move] })),
        standbys: {},
        analysis: null,
      },
      { by: 'test', reason: '' },
      this,
    );
    const record = this.view.get(PLAN, plan.id)?.value;
    if (record === undefined) throw new Error('the plan was not recorded');
    const outcomes = moves.map(({ resource }, batch) => ({
      ...APPLIED,
      batch,
      resources: [resource],
      generation: this.view.table.generation,
      atMs,
    }));
    const draft = new Draft();
    draft.put(PLAN, plan.id, { ...record, status: 'applied', outcomes, finishedAtMs: atMs });
    for (const { resource, target } of moves) {
      const former = this.view.get(PLACEMENT, resource)?.value;
      const since = former?.since ?? g('1.1');
      const standby = former?.standby ?? null;
      draft.put(PLACEMENT, resource, {
        server: target,
        since,
        standby,
        movedAtMs: atMs,
        by: plan.id,
      });
    }
    await this.write(draft);
    return plan.id;
  }

  async write(draft: Draft): Promise<void> {
    await this.store.transact(draft.transaction);
    await this.view.sync();
  }

  /** A move of a resource from where it is. */
  move(
    resource: string,
    target: string,
    kind: PlannedMove['reason']['kind'] = 'overload',
  ): PlannedMove {
    const placement = this.view.table.placementOf(r(resource));
    return {
      resource: r(resource),
      source: placement?.server ?? null,
      target: s(target),
      since: placement?.since ?? null,
      demand: {},
      reason: {
        kind,
        server: null,
        dimension: null,
        atMs: null,
        before: null,
        after: null,
        limit: null,
      },
    };
  }
}

import type { ResourceId, ServerId } from '../../core/domain.js';
import { codeOf } from '../../core/errors.js';
import { SILENT_LOG } from '../../core/log.js';
import type { PlannedMove } from '../../core/plan.js';
import type { Rng } from '../../core/rng.js';
import { between, chance, integerBelow, pick, shuffled } from '../../core/rng.js';
import { recordPlan } from '../../core/table-store/plans.js';
import { LOST } from '../../core/table-store/records/server.js';
import { stateOf } from '../../core/table-store/server-state.js';
import { TableView } from '../../core/table-store/view.js';
import type { FaultyStore } from './faulty-store.js';
import type { SimProcess } from './process.js';
import type { World } from './world.js';

/**
 * Makes plans without end: places what has no server, rescues what stands on a lost one now and then, moves
 * and swaps at random. It has the forecaster's rights and none of its reasons.
 */
export class RestlessOperator {
  readonly #world: World;
  readonly #process: SimProcess;
  readonly #store: FaultyStore;
  readonly #view: TableView;
  readonly #rng: Rng;

  constructor(world: World) {
    this.#world = world;
    this.#process = world.newProcess('forecaster');
    this.#rng = world.rng('operator');
    this.#store = world.storeFor(this.#process);
    const { clock } = this.#process;
    this.#view = new TableView({ store: this.#store, clock, log: SILENT_LOG }, { pollMs: 100 });
  }

  async run(
    untilMs: number,
    pauseMs: { readonly min: number; readonly max: number },
  ): Promise<void> {
    const { clock } = this.#process;
    void this.#view.follow(new AbortController().signal);
    while (clock.monotonicMs() < untilMs) {
      await clock.sleep(between(this.#rng, pauseMs.min, pauseMs.max));
      try {
        await this.#view.sync();
        await this.#plan(true);
        // The same job twice: the second must find that its facts are over.
        if (chance(this.#rng, 0.1)) await this.#plan(true);
      } catch (error) {
        if (codeOf(error) === undefined) throw error;
      }
    }
    // Afterwards only what is needed: a place for everything.
    for (;;) {
      await clock.sleep(100);
      await this.#view.sync().catch(() => undefined);
      await this.#plan(false).catch(() => undefined);
    }
  }

  async #plan(isRestless: boolean): Promise<void> {
    const batches = this.#batches(isRestless);
    if (batches.length === 0) return;
    const { clock } = this.#process;
    const nowMs = clock.realtimeMs();
    const states = Object.fromEntries(
      batches
        .flat()
        .flatMap(({ source, target }) => (source === null ? [target] : [source, target]))
        .flatMap((server) => {
          const state = stateOf(this.#view, server);
          return state === 'unknown' ? [] : [[server, state] as const];
        }),
    );
    const { plan } = await recordPlan(
      {
        trigger: { kind: 'operator', detail: 'restless' },
        madeAtMs: nowMs,
        expiresAtMs: nowMs + 3000,
        base: this.#view.table.generation,
        states,
        batches: batches.map((moves) => ({ moves })),
        standbys: this.#standbys(),
        analysis: null,
      },
      { by: 'restless', reason: '' },
      { store: this.#store, view: this.#view, clock },
    );
    this.#world.say(`plan ${plan.id}: ${batches.map(described).join(' | ')}`);
  }

  #batches(isRestless: boolean): PlannedMove[][] {
    const ready = this.#ready();
    if (ready.length === 0) return [];
    const { table } = this.#view;
    const homeless = this.#world.resources.filter((id) => table.placementOf(id) === undefined);
    if (homeless.length > 0) {
      return [homeless.map((resource) => this.#move(resource, pick(this.#rng, ready), 'place'))];
    }
    const stranded = this.#stranded();
    const isQuick = isRestless ? chance(this.#rng, 0.3) : true;
    if (stranded.length > 0 && isQuick) {
      return [stranded.map((resource) => this.#move(resource, pick(this.#rng, ready), 'lost'))];
    }
    if (!isRestless) return [];
    const chosen = shuffled(this.#rng, this.#world.resources).slice(
      0,
      1 + integerBelow(this.#rng, 5),
    );
    const moves = chosen.flatMap((resource) => {
      const target = pick(this.#rng, ready);
      const source = table.placementOf(resource)?.server;
      const isSane = source !== undefined && source !== target && ready.includes(source);
      return isSane ? [this.#move(resource, target, 'imbalance')] : [];
    });
    const batches: PlannedMove[][] = [];
    for (const move of moves) {
      const last = batches.at(-1);
      if (last === undefined || chance(this.#rng, 0.5)) batches.push([move]);
      else last.push(move);
    }
    return batches;
  }

  #ready(): ServerId[] {
    const servers = this.#world.serverNames as readonly ServerId[];
    return servers.filter((server) => stateOf(this.#view, server) === 'ready');
  }

  /** On lost servers. */
  #stranded(): ResourceId[] {
    const lost = this.#view.all(LOST);
    return [...lost.keys()].flatMap((server) => this.#view.table.resourcesOn(server));
  }

  #move(resource: ResourceId, target: ServerId, kind: 'place' | 'lost' | 'imbalance'): PlannedMove {
    const placement = this.#view.table.placementOf(resource);
    return {
      resource,
      source: placement?.server ?? null,
      target,
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

  #standbys(): Record<ResourceId, ServerId> {
    const servers = this.#world.serverNames as readonly ServerId[];
    return Object.fromEntries(
      this.#world.resources.map((resource) => [resource, pick(this.#rng, servers)] as const),
    );
  }
}

function described(moves: readonly PlannedMove[]): string {
  return moves
    .map(({ resource, source, target }) => `${resource}: ${source ?? 'nowhere'} to ${target}`)
    .join(', ');
}

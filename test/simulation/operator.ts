import type { ResourceId, ServerId } from '../../core/domain.js';
import { codeOf } from '../../core/errors.js';
import { isSameGeneration } from '../../core/generation.js';
import { SILENT_LOG } from '../../core/log.js';
import type { PlannedMove, Reason } from '../../core/plan.js';
import type { Rng } from '../../core/rng.js';
import { between, chance, integerBelow, pick, shuffled } from '../../core/rng.js';
import { Draft } from '../../core/table-store/draft.js';
import { recordPlan } from '../../core/table-store/plans.js';
import { PAUSE, PLAN } from '../../core/table-store/records/plan.js';
import { LOST, SERVER_STATE } from '../../core/table-store/records/server.js';
import { stateOf } from '../../core/table-store/server-state.js';
import { TableView } from '../../core/table-store/view.js';
import type { SimProcess } from './process.js';
import type { FaultyStore } from './store.js';
import type { World } from './world.js';

/**
 * Makes plans without end: places what has no server, rescues what stands on a lost one now and then, empties
 * servers, takes plans back, moves and swaps at random. It has the rights of forecaster and operator, and none
 * of their reasons.
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
    this.#view = new TableView(
      { store: this.#store, clock, log: SILENT_LOG },
      { pollMs: 100, restoreAfterMs: 300 },
    );
    world.readers.set('forecaster', this.#view);
  }

  async run(
    untilMs: number,
    pauseMs: { readonly min: number; readonly max: number },
  ): Promise<void> {
    const { clock } = this.#process;
    void this.#view.follow(new AbortController().signal);
    while (clock.monotonicMs() < untilMs) {
      await clock.sleep(between(this.#rng, pauseMs.min, pauseMs.max));
      await this.#attempt(async () => {
        if (chance(this.#rng, 0.12)) await this.#govern();
        await this.#plan(this.#batches());
        // The same job twice: the second must find that its facts are over.
        if (chance(this.#rng, 0.1)) await this.#plan(this.#batches());
      });
    }
    // Afterwards only what is needed: every server in use, a place for everything.
    for (;;) {
      await clock.sleep(100);
      await this.#attempt(async () => {
        await this.#calm();
        await this.#plan(this.#needed(1));
      });
    }
  }

  /** What fails by the store's fault is tried again another time. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await this.#view.sync();
      await work();
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
    }
  }

  /** Empties a server or takes it into use again; stops all plans or lets them go on. */
  async #govern(): Promise<void> {
    const sinceMs = this.#process.clock.realtimeMs();
    const by = { by: 'restless', reason: '', sinceMs };
    const isPaused = this.#view.get(PAUSE, 'current') !== undefined;
    if (chance(this.#rng, 0.2) || isPaused) {
      const draft = new Draft().expect(this.#view, PAUSE, 'current');
      if (isPaused) draft.remove(PAUSE, 'current');
      else draft.put(PAUSE, 'current', by);
      await this.#store.transact(draft.transaction);
      return;
    }
    const server = pick(this.#rng, this.#world.shape.servers as readonly ServerId[]);
    const isOut = this.#view.get(SERVER_STATE, server) !== undefined;
    const draft = new Draft().expect(this.#view, SERVER_STATE, server);
    const state = chance(this.#rng, 0.5) ? 'draining' : 'maintenance';
    if (isOut) draft.remove(SERVER_STATE, server);
    else draft.put(SERVER_STATE, server, { state, ...by });
    await this.#store.transact(draft.transaction);
    this.#world.say(`operator: ${server} ${isOut ? 'ready' : state}`);
  }

  async #calm(): Promise<void> {
    const states = [...this.#view.all(SERVER_STATE).keys()];
    const isPaused = this.#view.get(PAUSE, 'current') !== undefined;
    if (states.length === 0 && !isPaused) return;
    const draft = new Draft();
    for (const server of states) draft.remove(SERVER_STATE, server);
    if (isPaused) draft.remove(PAUSE, 'current');
    await this.#store.transact(draft.transaction);
    await this.#view.sync();
  }

  async #plan(batches: readonly (readonly PlannedMove[])[]): Promise<void> {
    if (batches.length === 0) return;
    const { clock } = this.#process;
    const nowMs = clock.realtimeMs();
    const servers = batches
      .flat()
      .flatMap(({ source, target }) => (source === null ? [target] : [source, target]));
    const states = Object.fromEntries(
      servers.flatMap((server) => {
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
        batches: batches.map((moves) => ({ moves: [...moves] })),
        standbys: this.#standbys(),
        analysis: null,
      },
      { by: 'restless', reason: '' },
      { store: this.#store, view: this.#view, clock },
    );
    this.#world.say(`plan ${plan.id}: ${batches.map(described).join(' | ')}`);
  }

  #batches(): PlannedMove[][] {
    const needed = this.#needed(0.3);
    if (needed.length > 0) return needed;
    if (chance(this.#rng, 0.1)) return this.#rollback();
    const ready = this.#ready();
    if (ready.length === 0) return [];
    const { table } = this.#view;
    const count = 1 + integerBelow(this.#rng, 5);
    const chosen = shuffled(this.#rng, this.#world.shape.resources).slice(0, count);
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

  /** What has no place, or stands where it must not. */
  #needed(eagerness: number): PlannedMove[][] {
    const ready = this.#ready();
    if (ready.length === 0) return [];
    const { table } = this.#view;
    const homeless = this.#world.shape.resources.filter(
      (id) => table.placementOf(id) === undefined,
    );
    if (homeless.length > 0) {
      return [homeless.map((resource) => this.#move(resource, pick(this.#rng, ready), 'place'))];
    }
    for (const [servers, kind] of [
      [[...this.#view.all(LOST).keys()], 'lost'],
      [[...this.#view.all(SERVER_STATE).keys()], 'drain'],
    ] as const) {
      const stranded = servers
        .filter((server) => kind === 'lost' || this.#view.get(LOST, server) === undefined)
        .flatMap((server) => table.resourcesOn(server));
      if (stranded.length === 0 || !chance(this.#rng, eagerness)) continue;
      return [stranded.map((resource) => this.#move(resource, pick(this.#rng, ready), kind))];
    }
    return [];
  }

  /** The last plan that was applied, backwards, where its moves still stand. */
  #rollback(): PlannedMove[][] {
    const applied = [...this.#view.all(PLAN).values()]
      .map(({ value }) => value)
      .filter(({ status }) => status === 'applied')
      .sort((a, b) => (a.finishedAtMs ?? 0) - (b.finishedAtMs ?? 0));
    const { plan, outcomes } = applied.at(-1) ?? {};
    const batches = plan?.batches.map(({ moves }, batch) => {
      const generation = outcomes?.find((outcome) => outcome.batch === batch)?.generation;
      return moves.flatMap(({ resource, source }) => {
        const since = this.#view.table.placementOf(resource)?.since;
        const stands =
          generation !== null &&
          generation !== undefined &&
          since !== undefined &&
          isSameGeneration(since, generation);
        return stands && source !== null ? [this.#move(resource, source, 'rollback')] : [];
      });
    });
    return (batches ?? []).filter((moves) => moves.length > 0).reverse();
  }

  #ready(): ServerId[] {
    const servers = this.#world.shape.servers as readonly ServerId[];
    return servers.filter((server) => stateOf(this.#view, server) === 'ready');
  }

  #move(resource: ResourceId, target: ServerId, kind: Reason['kind']): PlannedMove {
    const placement = this.#view.table.placementOf(resource);
    const reason: Reason = {
      kind,
      server: null,
      dimension: null,
      atMs: null,
      before: null,
      after: null,
      limit: null,
    };
    const source = placement?.server ?? null;
    return { resource, source, target, since: placement?.since ?? null, demand: {}, reason };
  }

  #standbys(): Record<ResourceId, ServerId> {
    const servers = this.#world.shape.servers as readonly ServerId[];
    return Object.fromEntries(
      this.#world.shape.resources.map((id) => [id, pick(this.#rng, servers)] as const),
    );
  }
}

function described(moves: readonly PlannedMove[]): string {
  return moves
    .map(({ resource, source, target }) => `${resource}: ${source ?? 'nowhere'} to ${target}`)
    .join(', ');
}

import type { Dimension, ResourceId, ServerId } from '../../../core/domain.js';
import { DIMENSIONS } from '../../../core/domain.js';
import type { PlanScore } from '../../../core/plan.js';
import type { PlanningInputs, PlanningServer } from '../../../forecaster/planner/inputs.js';

/*
 * What loads and scores are by definition, computed the plain way from the planner's inputs: the yardstick
 * of the checker. Shares no code with the planner.
 */

export type Where = ReadonlyMap<ResourceId, ServerId>;
/** `low`, `high`: the outermost quantiles; `last`: what was measured last, for ever. */
export type World = 'planned' | 'low' | 'high' | 'last';

/** Standard normal quantiles of those that tests plan for. */
const Z: Readonly<Record<number, number>> = {
  0.1: -1.2815515655,
  0.5: 0,
  0.85: 1.0364333895,
  0.9: 1.2815515655,
  0.95: 1.644853627,
};

export class Reference {
  readonly inputs: PlanningInputs;
  readonly dimensions: readonly Dimension[];
  readonly #rows: ReadonlyMap<string, number>;
  readonly #known: readonly ResourceId[];

  constructor(inputs: PlanningInputs) {
    this.inputs = inputs;
    const keys = inputs.forecast.series;
    this.#rows = new Map(keys.map(({ id, metric }, row) => [`${id}/${metric}`, row]));
    this.dimensions = DIMENSIONS.filter(
      (dimension) =>
        keys.some(({ metric }) => metric === dimension) &&
        inputs.servers.some(
          ({ state, capacity }) => state !== 'lost' && capacity[dimension] !== undefined,
        ),
    );
    this.#known = inputs.resources
      .map(({ id }) => id)
      .filter((id) => this.dimensions.some((dimension) => this.#rows.has(`${id}/${dimension}`)));
  }

  get steps(): number {
    return this.inputs.forecast.grid.steps;
  }

  server(id: ServerId): PlanningServer {
    const server = this.inputs.servers.find((candidate) => candidate.id === id);
    if (server === undefined) throw new Error(`no server ${id}`);
    return server;
  }

  /** Who serves what while nothing is done: lost servers serve nothing. */
  start(): Where {
    const states = new Map(this.inputs.servers.map(({ id, state }) => [id, state]));
    const where = new Map<ResourceId, ServerId>();
    for (const { id, server, movingTo } of this.inputs.resources) {
      const state = movingTo === null ? undefined : states.get(movingTo);
      const at = state !== undefined && state !== 'lost' ? movingTo : server;
      if (at !== null && states.has(at) && states.get(at) !== 'lost') where.set(id, at);
    }
    return where;
  }

  /** Servers that a resource may be moved to. */
  allowed(id: ResourceId): ServerId[] {
    const resource = this.inputs.resources.find((candidate) => candidate.id === id)!;
    const ready = this.inputs.servers
      .filter(({ id: server, state }) => state === 'ready' && resource.eligible.includes(server))
      .map(({ id: server }) => server);
    const { pinned } = resource;
    if (pinned === null) return ready;
    if (ready.includes(pinned)) return [pinned];
    const serving = this.inputs.servers.find(({ id: server }) => server === pinned);
    const isHeld = resource.server === pinned && serving !== undefined && serving.state !== 'lost';
    return isHeld ? [] : ready;
  }

  isMisplaced(id: ResourceId, where: Where): boolean {
    const server = where.get(id);
    return server === undefined || !this.allowed(id).includes(server);
  }

  /** Utilization of a server: the quantile of the sum of what is on it, ÷ its capacity; 0 if not planned for. */
  utilization(
    server: PlanningServer,
    { dimension, step }: { readonly dimension: Dimension; readonly step: number },
    where: Where,
    world: World = 'planned',
  ): number {
    const capacity = server.capacity[dimension];
    if (capacity === undefined || server.state === 'lost') return 0;
    const { forecast } = this.inputs;
    let median = server.base?.[dimension] ?? 0;
    let own = 0;
    const common = new Array<number>(forecast.factors).fill(0);
    for (const { id } of this.inputs.resources) {
      if (where.get(id) !== server.id) continue;
      const demand = this.#demand(id, { dimension, step }, world);
      median += demand.median;
      let share = 1;
      for (let factor = 0; factor < forecast.factors; factor++) {
        const loading = demand.loadings[factor]!;
        common[factor]! += loading * demand.spread;
        share -= loading * loading;
      }
      own += share * demand.spread * demand.spread;
    }
    const spread = Math.sqrt(own + common.reduce((sum, part) => sum + part * part, 0));
    return Math.max(0, median + (world === 'low' ? -spread : spread)) / capacity;
  }

  score(where: Where, world: World = 'planned'): PlanScore {
    const { target } = this.inputs.options;
    let overload = 0;
    let pressure = 0;
    const levels = this.#levels(where, world);
    let highest = 0;
    for (const server of this.inputs.servers) {
      for (const cell of this.cells()) {
        const value = this.utilization(server, cell, where, world);
        overload += Math.max(0, value - 1);
        pressure += Math.max(0, value - target) ** 2 / this.steps;
        highest = Math.max(highest, value);
      }
    }
    const ready = this.inputs.servers.filter(({ state }) => state === 'ready');
    const used = new Set(where.values());
    const sharing = ready.filter(({ id, spare }) => !spare || used.has(id));
    const shared = sharing.map(({ id }) => levels.get(id)!);
    const sum = shared.reduce((total, level) => total + level, 0);
    return {
      misplaced: this.inputs.resources.filter(({ id }) => this.isMisplaced(id, where)).length,
      overload,
      pressure,
      unevenness: ready.reduce((total, { id }) => total + levels.get(id)! ** 2, 0),
      peak: highest,
      imbalance: sum < 1e-6 ? 1 : (Math.max(...shared) * shared.length) / sum,
    };
  }

  /** The overall load of the fullest server. */
  highestLevel(where: Where): number {
    return Math.max(0, ...this.#levels(where, 'planned').values());
  }

  /** Of each server the largest utilization, each the mean over the horizon. */
  #levels(where: Where, world: World): Map<ServerId, number> {
    const levels = this.inputs.servers.map((server): [ServerId, number] => {
      const means = this.dimensions.map((dimension) => {
        let sum = 0;
        for (let step = 0; step < this.steps; step++) {
          sum += this.utilization(server, { dimension, step }, where, world);
        }
        return sum / this.steps;
      });
      return [server.id, Math.max(0, ...means)];
    });
    return new Map(levels);
  }

  *cells(): Generator<{ readonly dimension: Dimension; readonly step: number }> {
    for (const dimension of this.dimensions) {
      for (let step = 0; step < this.steps; step++) yield { dimension, step };
    }
  }

  #demand(
    id: ResourceId,
    { dimension, step }: { readonly dimension: Dimension; readonly step: number },
    world: World,
  ): { readonly median: number; readonly spread: number; readonly loadings: readonly number[] } {
    const { forecast, last, options } = this.inputs;
    const none = new Array<number>(forecast.factors).fill(0);
    const row = this.#rows.get(`${id}/${dimension}`);
    if (row === undefined) {
      if (this.#known.includes(id) || this.#known.length === 0) {
        return { median: 0, spread: 0, loadings: none };
      }
      const medians = this.#known.map(
        (known) =>
          this.#demand(known, { dimension, step }, world === 'last' ? 'last' : 'planned').median,
      );
      const mean = medians.reduce((sum, value) => sum + value, 0) / medians.length;
      return { median: mean, spread: 0, loadings: none };
    }
    const at = (quantile: number): number =>
      forecast.paths[(row * forecast.quantiles.length + quantile) * this.steps + step]!;
    if (world === 'last') return { median: last[row]!, spread: 0, loadings: none };
    const loadings = Array.from(
      forecast.loadings.subarray(row * forecast.factors, (row + 1) * forecast.factors),
    );
    const scale = world === 'planned' ? Z[options.quantile]! / Z[0.9]! : 1;
    const spread = world === 'low' ? at(1) - at(0) : (at(2) - at(1)) * scale;
    return { median: at(1), spread, loadings };
  }
}

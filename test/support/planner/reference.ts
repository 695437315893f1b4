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

export interface Cell {
  readonly dimension: Dimension;
  readonly step: number;
}

/** What a resource needs in one cell: its mean, how far its quantile is from that, and what it shares. */
interface Need {
  readonly mean: number;
  readonly spread: number;
  readonly loadings: readonly number[];
}

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
  readonly cells: readonly Cell[];
  readonly #rows: ReadonlyMap<string, number>;
  readonly #known: readonly ResourceId[];
  readonly #needs = new Map<World, ReadonlyMap<ResourceId, readonly Need[]>>();
  readonly #grids = new Map<World, WeakMap<Where, ReadonlyMap<ServerId, readonly number[]>>>();

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
    this.cells = this.dimensions.flatMap((dimension) =>
      Array.from({ length: this.steps }, (_hole, step) => ({ dimension, step })),
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

  /** Of every cell in turn: the quantile of the sum of what is on the server ÷ its capacity; 0 if not planned for. */
  utilizations(server: ServerId, where: Where, world: World = 'planned'): readonly number[] {
    const grids = this.#grids.get(world) ?? new WeakMap<Where, Map<ServerId, number[]>>();
    this.#grids.set(world, grids);
    const grid = grids.get(where) ?? this.#grid(where, world);
    grids.set(where, grid);
    return grid.get(server)!;
  }

  utilization(server: ServerId, { dimension, step }: Cell, where: Where, world?: World): number {
    const at = this.dimensions.indexOf(dimension) * this.steps + step;
    return this.utilizations(server, where, world)[at]!;
  }

  /** The highest utilization of a server in a dimension. */
  peak(server: ServerId, dimension: Dimension, where: Where): number {
    const from = this.dimensions.indexOf(dimension) * this.steps;
    return Math.max(...this.utilizations(server, where).slice(from, from + this.steps));
  }

  score(where: Where, world: World = 'planned'): PlanScore {
    const target = this.target();
    const { servers, resources } = this.inputs;
    const all = servers.flatMap(({ id }) => this.utilizations(id, where, world));
    const levels = new Map(servers.map(({ id }) => [id, this.#level(id, where, world)]));
    const ready = servers.filter(({ state }) => state === 'ready');
    const used = new Set(where.values());
    const shared = ready
      .filter(({ id, spare }) => !spare || used.has(id))
      .map(({ id }) => levels.get(id)!);
    const sum = total(shared);
    return {
      misplaced: resources.filter(({ id }) => this.isMisplaced(id, where)).length,
      faults: this.faults(where).length,
      overload: total(all.map((value) => Math.max(0, value - 1))),
      pressure: total(all.map((value) => Math.max(0, value - target) ** 2)) / this.steps,
      unevenness: total(ready.map(({ id }) => levels.get(id)! ** 2)),
      peak: Math.max(0, ...all),
      imbalance: sum < 1e-6 ? 1 : (Math.max(...shared) * shared.length) / sum,
    };
  }

  /** Utilization to keep below: the config's, or less, so that the others can take what a loss leaves. */
  target(): number {
    const { target, headroom } = this.inputs.options;
    const ready = this.inputs.servers.filter(({ state }) => state === 'ready');
    const units = new Map<string, Set<PlanningServer>>();
    for (const server of headroom === 'none' ? [] : ready) {
      const key = headroom === 'zone' ? `zone ${server.zone}` : server.id;
      units.set(key, (units.get(key) ?? new Set()).add(server));
    }
    const shares = this.dimensions.flatMap((dimension) => {
      const sum = (list: readonly PlanningServer[]): number =>
        total(list.map(({ capacity }) => capacity[dimension] ?? 0));
      const sharing = ready.filter(({ spare }) => !spare);
      if (sharing.length === 0 || sharing.some(({ capacity }) => capacity[dimension] === undefined))
        return [];
      const shared = sum(sharing);
      return [...units.values()].map(
        (lost) => sum(ready.filter((server) => !lost.has(server))) / shared,
      );
    });
    return Math.min(target, Math.max(0.1, Math.min(1, ...shares)));
  }

  /** Rules of groups that are broken, one name each. */
  faults(where: Where): string[] {
    const groups = this.#groups();
    const zonesOf = (members: readonly ResourceId[]): Set<string | null> =>
      new Set(members.flatMap((id) => where.get(id) ?? []).map((id) => this.server(id).zone));
    return groups.flatMap(({ name, apart, zonesMin, members, needs }) => {
      const servers = members.flatMap((id) => where.get(id) ?? []);
      const zones = new Set(servers.map((id) => this.server(id).zone));
      const crowded = servers.flatMap((id, at) => {
        const before = servers.slice(0, at).filter((other) => other === id).length;
        return apart && before > 0 ? [`${name}: ${id} serves ${before} more`] : [];
      });
      const wanted = Math.min(zonesMin, members.length);
      const missing = wanted > 1 ? Math.max(0, wanted - zones.size) : 0;
      return [
        ...crowded,
        ...Array.from({ length: missing }, (_hole, at) => `${name}: zone ${at} is missing`),
        ...needs.flatMap((need) => {
          const other = groups.find((candidate) => candidate.name === need);
          if (other === undefined) return [];
          const there = zonesOf(other.members);
          const lonely = [...zones].filter((zone) => !there.has(zone));
          return lonely.map((zone) => `${name}: no ${need} in zone ${zone}`);
        }),
      ];
    });
  }

  /** What a resource alone needs at a step, in mean servers: summed over the dimensions. */
  needAt(id: ResourceId, step: number): number {
    const needs = this.#needs.get('planned') ?? this.#needsIn('planned');
    const ready = this.inputs.servers.filter(({ state }) => state === 'ready');
    const shares = this.dimensions.map((dimension, at) => {
      const limits = ready.flatMap(({ capacity }) => capacity[dimension] ?? []);
      const { mean, spread } = needs.get(id)![at * this.steps + step]!;
      return limits.length === 0 ? 0 : (Math.max(0, mean + spread) * limits.length) / total(limits);
    });
    return total(shares);
  }

  /** How many resources are on a server where another of their group is, which is to be apart. */
  crowd(where: Where): number {
    return this.faults(where).filter((fault) => fault.includes('serves')).length;
  }

  /** Globs of tests are `a*`, or `a*b` with `each`. Rules of one resource alone cannot be broken. */
  #groups(): {
    name: string;
    apart: boolean;
    zonesMin: number;
    members: ResourceId[];
    /** Names, of groups that there may not be. */
    needs: string[];
  }[] {
    const { options, resources } = this.inputs;
    const patterns = options.groups.map(({ match }) => {
      return new RegExp(`^${match.replaceAll('*', '(.*?)')}$`);
    });
    const members = new Map<string, ResourceId[]>();
    for (const { id } of resources) {
      const at = patterns.findIndex((pattern) => pattern.test(id));
      if (at < 0) continue;
      const star = options.groups[at]!.each ? patterns[at]!.exec(id)![1] : '';
      const name = `${at} ${star}`;
      members.set(name, [...(members.get(name) ?? []), id]);
    }
    return [...members].map(([name, list]) => {
      const [at = '', star = ''] = name.split(' ');
      const group = options.groups[Number(at)]!;
      const needs = (group.needs ?? []).map((need) => {
        const other = options.groups.findIndex((candidate) => candidate.name === need);
        return `${other} ${options.groups[other]!.each ? star : ''}`;
      });
      return { apart: group.apart, zonesMin: group.zonesMin, name, members: list, needs };
    });
  }

  /** The overall load of the fullest server. */
  highestLevel(where: Where): number {
    return Math.max(0, ...this.inputs.servers.map(({ id }) => this.#level(id, where, 'planned')));
  }

  /** The largest utilization of a server, each the mean over the horizon. */
  #level(server: ServerId, where: Where, world: World): number {
    const values = this.utilizations(server, where, world);
    const means = this.dimensions.map(
      (_dimension, at) => total(values.slice(at * this.steps, (at + 1) * this.steps)) / this.steps,
    );
    return Math.max(0, ...means);
  }

  #grid(where: Where, world: World): ReadonlyMap<ServerId, readonly number[]> {
    const needs = this.#needs.get(world) ?? this.#needsIn(world);
    this.#needs.set(world, needs);
    return new Map(
      this.inputs.servers.map((server) => {
        const guests = this.inputs.resources
          .filter(({ id }) => where.get(id) === server.id)
          .map(({ id }) => needs.get(id)!);
        return [
          server.id,
          this.cells.map((cell, at) =>
            this.#load(
              server,
              cell,
              guests.map((need) => need[at]!),
              world,
            ),
          ),
        ];
      }),
    );
  }

  #load(server: PlanningServer, { dimension }: Cell, needs: readonly Need[], world: World): number {
    const capacity = server.capacity[dimension];
    if (capacity === undefined || server.state === 'lost') return 0;
    let mean = server.base?.[dimension] ?? 0;
    let own = 0;
    const common = new Array<number>(this.inputs.forecast.factors).fill(0);
    for (const need of needs) {
      mean += need.mean;
      let share = 1;
      for (const [factor, loading] of need.loadings.entries()) {
        common[factor]! += loading * need.spread;
        share -= loading * loading;
      }
      own += share * need.spread * need.spread;
    }
    const spread = Math.sqrt(own + total(common.map((part) => part * part)));
    return Math.max(0, mean + (world === 'low' ? -spread : spread)) / capacity;
  }

  #needsIn(world: World): ReadonlyMap<ResourceId, readonly Need[]> {
    const certain = (mean: number): Need => ({ mean, spread: 0, loadings: [] });
    const needs = new Map<ResourceId, readonly Need[]>();
    for (const id of this.#known) {
      needs.set(
        id,
        this.cells.map((cell) => this.#need(id, cell, world) ?? certain(0)),
      );
    }
    // Who is not known at all counts as the mean of the others.
    const means = this.cells.map((_cell, at) => {
      const all = this.#known.map((id) => needs.get(id)![at]!.mean);
      return certain(all.length === 0 ? 0 : total(all) / all.length);
    });
    for (const { id } of this.inputs.resources) if (!needs.has(id)) needs.set(id, means);
    return needs;
  }

  #need(id: ResourceId, { dimension, step }: Cell, world: World): Need | undefined {
    const { forecast, last, options } = this.inputs;
    const row = this.#rows.get(`${id}/${dimension}`);
    if (row === undefined) return undefined;
    if (world === 'last') return { mean: last[row]!, spread: 0, loadings: [] };
    const at = (quantile: number): number =>
      forecast.paths[(row * forecast.quantiles.length + quantile) * this.steps + step]!;
    const mean = at(1) + (at(2) + at(0) - 2 * at(1)) / (2 * Z[0.9]! ** 2);
    const scale = world === 'planned' ? Z[options.quantile]! / Z[0.9]! : 1;
    const spread = world === 'low' ? mean - at(0) : (at(2) - mean) * scale;
    const { factors, loadings } = forecast;
    return {
      mean,
      spread,
      loadings: [...loadings.subarray(row * factors, (row + 1) * factors)],
    };
  }
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
